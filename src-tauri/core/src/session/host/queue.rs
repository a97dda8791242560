//! The queue of commands: which is typed when, and what became of it. No IO here.
//!
//! One at a time, and never blindly: a command is pasted into a prompt that is seen to be
//! empty, submitted once the prompt is seen to hold exactly it, and delivered once the session
//! says that it has it. Whatever else is seen ends the attempt.

mod sending;

use std::time::{Duration, Instant};

use jiff::Timestamp;

use sending::{Phase, READ_WITHIN, SHOWN_WITHIN, Sending, paste};

use crate::model::{ClaudeSessionId, Prompt, SessionState, as_taken};
use crate::session::queue::{
    CommandId, CommandState, CommandWait, KEPT_DELIVERED, MAX_WAITING, NewCommand, NotDelivered,
    QueueRefusal, QueueRequest, QueuedCommand, check_text,
};

/// The session must be idle, the screen unchanged and the keyboard untouched this long before
/// anything is typed: what a person typed last is then to be seen.
pub(super) const IDLE_FOR: Duration = Duration::from_millis(150);
pub(super) const QUIET_FOR: Duration = Duration::from_millis(60);
pub(super) const UNTOUCHED_FOR: Duration = Duration::from_millis(300);
/// After a delivery the session may say `idle` a little longer.
const BEGINS_WITHIN: Duration = Duration::from_secs(2);

/// Ctrl-S puts a draft aside; it comes back after the next submit.
const PUT_ASIDE: &[u8] = b"\x13";

/// What is seen of the session at one moment.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    pub state: &'a SessionState,
    pub session_id: Option<&'a ClaudeSessionId>,
    /// What the prompt shows.
    pub prompt: Prompt,
    /// From when on its screen counts as quiet.
    pub quiet_at: Instant,
    /// From when on the session counts as settled: idle, its screen quiet, nobody typing.
    pub settled_at: Instant,
    pub now: Instant,
    /// The same moment, for the record.
    pub at: Timestamp,
}

/// What the host is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typing {
    Nothing,
    /// These keys go to the program, after nothing else.
    Keys(Vec<u8>),
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    items: Vec<Item>,
    sending: Option<Sending>,
    /// What the first command waits for.
    wait: Option<CommandWait>,
    /// A command was just delivered, and the session has not begun with it.
    begins_until: Option<Instant>,
    deadline: Option<Instant>,
    changed: bool,
}

#[derive(Debug)]
struct Item {
    command: QueuedCommand,
    /// The person wants it sent whatever stands in its way.
    agreed: bool,
    /// It came from an earlier host, or was meant for another conversation: only the person
    /// sends it.
    held: bool,
    /// It was submitted once: it may turn out to have arrived.
    submitted: bool,
    tries: u32,
}

impl Queue {
    /// The queue that an earlier host of the project left. What it had not sent is held; what
    /// it was sending may have arrived.
    pub fn restored(commands: Vec<QueuedCommand>, at: Timestamp) -> Self {
        let items = commands.into_iter().map(|mut command| {
            let held = matches!(command.state, CommandState::Waiting { .. });
            if held {
                command.state = HELD;
            } else if command.state == CommandState::Sending {
                command.state = NotDelivered::Ended.state(at);
            }
            Item {
                held,
                submitted: is_unsure(&command.state),
                ..Item::new(command)
            }
        });
        Self {
            items: items.collect(),
            changed: true,
            ..Self::default()
        }
    }

    /// A command that the program was started with.
    pub fn add_argument(&mut self, command: NewCommand, view_at: Timestamp) {
        self.sending = Some(Sending {
            id: command.id,
            text: as_taken(&command.text),
            phase: Phase::Argument { idle_until: None },
        });
        self.items.retain(|item| item.command.id != command.id);
        let mut item = Item::new(queued(command, None, view_at));
        item.command.state = CommandState::Sending;
        item.submitted = true;
        self.items.push(item);
        self.changed = true;
    }

    /// The commands, in their order.
    pub fn list(&self) -> Vec<QueuedCommand> {
        self.items.iter().map(|item| item.command.clone()).collect()
    }

    /// The texts that were submitted without a word that they arrived, and since when they
    /// can have.
    pub fn unsure(&self) -> Vec<(String, Timestamp)> {
        let unsure = self.items.iter().filter(|item| item.may_have_arrived());
        unsure
            .map(|item| (as_taken(&item.command.text), item.command.added_at))
            .collect()
    }

    /// Whether the list changed since the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Whether there is anything to look at the screen for.
    pub fn is_active(&self) -> bool {
        self.sending.is_some() || self.items.iter().any(Item::waits)
    }

    /// Whether keys of viewers must wait: a command is half typed.
    pub fn holds_keys(&self) -> bool {
        self.sending.as_ref().is_some_and(Sending::is_half_typed)
    }

    /// The text that was just pasted or is about to be.
    pub fn sends(&self) -> Option<String> {
        let sending = self.sending.as_ref()?;
        matches!(sending.phase, Phase::PutAside { .. } | Phase::Pasted { .. })
            .then(|| sending.text.clone())
    }

    /// When to look again without being told.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What a client asks for.
    ///
    /// # Errors
    /// [`QueueRefusal`]; nothing changed.
    pub fn request(
        &mut self,
        request: QueueRequest,
        session_id: Option<&ClaudeSessionId>,
        at: Timestamp,
    ) -> Result<(), QueueRefusal> {
        match request {
            QueueRequest::Add(command) => {
                if self.items.iter().any(|item| item.command.id == command.id) {
                    return Ok(());
                }
                command.check()?;
                if self.items.iter().filter(|item| item.is_open()).count() >= MAX_WAITING {
                    return Err(QueueRefusal::TooMany);
                }
                self.items
                    .push(Item::new(queued(command, session_id.cloned(), at)));
            }
            QueueRequest::Edit { id, text } => {
                check_text(&text)?;
                let item = self.free(id)?;
                item.submitted &= item.command.text == text;
                item.command.text = text;
            }
            QueueRequest::Cancel { id } => {
                self.free(id)?;
                self.items.retain(|item| item.command.id != id);
            }
            QueueRequest::Retry { id } => {
                let item = self.free(id)?;
                item.command.session_id = session_id.cloned();
                item.command.state = EARLIER;
                item.held = false;
                item.tries = 0;
            }
            QueueRequest::Agree { id } => {
                let item = self.free(id)?;
                item.command.session_id = session_id.cloned();
                item.agreed = true;
                item.held = false;
            }
            QueueRequest::Move { id, before } => {
                self.free(id)?;
                if let Some(before) = before {
                    self.free(before)?;
                }
                let from = self.items.iter().position(|item| item.command.id == id);
                if let Some(item) = from.map(|from| self.items.remove(from)) {
                    let to = before
                        .and_then(|id| self.items.iter().position(|item| item.command.id == id));
                    self.items.insert(to.unwrap_or(self.items.len()), item);
                }
            }
            QueueRequest::Clear => self.items.retain(|item| !item.is_open()),
        }
        self.changed = true;
        Ok(())
    }

    /// The command, where it is neither being sent nor delivered.
    fn free(&mut self, id: CommandId) -> Result<&mut Item, QueueRefusal> {
        let item = self
            .items
            .iter_mut()
            .find(|item| item.command.id == id)
            .ok_or(QueueRefusal::NoSuchCommand(id))?;
        if item.is_open() {
            Ok(item)
        } else {
            Err(QueueRefusal::BeingSent)
        }
    }

    /// The person cleared the conversation: what waits goes on in the new one.
    pub fn conversation_cleared(&mut self, from: Option<&ClaudeSessionId>, to: &ClaudeSessionId) {
        for item in &mut self.items {
            let sending = self.sending.as_ref();
            let is_sent = sending.is_some_and(|sending| sending.id == item.command.id);
            if (item.waits() || is_sent) && item.command.session_id.as_ref() == from {
                item.command.session_id = Some(to.clone());
            }
        }
    }

    /// The session has this prompt. It is the one that is being sent, or one of which it was
    /// not known.
    pub fn acknowledged(&mut self, prompt: &str, now: Instant, at: Timestamp) {
        let prompt = as_taken(prompt);
        let same = |text: &str| as_taken(text) == prompt;
        let id = match &self.sending {
            // A late word about an earlier one of the same text says nothing of what was not
            // submitted yet.
            Some(sending) if same(&sending.text) => sending.is_submitted().then_some(sending.id),
            _ => self
                .items
                .iter()
                .find(|item| item.may_have_arrived() && same(&item.command.text))
                .map(|item| item.command.id),
        };
        let Some(id) = id else {
            return;
        };
        if self
            .sending
            .as_ref()
            .is_some_and(|sending| sending.id == id)
        {
            self.sending = None;
        }
        self.begins_until = Some(now + BEGINS_WITHIN);
        self.set_state(id, CommandState::Delivered { at });
        let delivered = |item: &Item| matches!(item.command.state, CommandState::Delivered { .. });
        let mut surplus = self.items.iter().filter(|item| delivered(item)).count();
        self.items.retain(|item| {
            let goes = delivered(item) && surplus > KEPT_DELIVERED;
            surplus -= usize::from(goes);
            !goes
        });
    }

    /// The program has ended: what was being sent may have arrived or not.
    pub fn ended(&mut self, at: Timestamp) {
        self.deadline = None;
        if let Some(sending) = self.sending.take() {
            self.set_state(sending.id, NotDelivered::Ended.state(at));
        }
    }

    /// Goes on, by what is seen now.
    pub fn step(&mut self, view: &View<'_>) -> Typing {
        self.deadline = None;
        let typing = match self.sending.take() {
            Some(sending) => self.go_on(sending, view),
            None => self.begin(view),
        };
        self.tell_waits();
        typing
    }

    fn begin(&mut self, view: &View<'_>) -> Typing {
        self.wait = None;
        for item in &mut self.items {
            let of_another = item.command.session_id.is_some()
                && item.command.session_id.as_ref() != view.session_id;
            item.held |= of_another && item.waits();
        }
        let Some(index) = self.items.iter().position(Item::waits) else {
            return Typing::Nothing;
        };
        if view.state != &SessionState::Idle {
            self.begins_until = None;
        }
        let item = &self.items[index];
        let wait = match (view.state, &view.prompt) {
            (SessionState::Starting, _) => Some(CommandWait::Start),
            (SessionState::Permission | SessionState::Question, _) => Some(CommandWait::Dialog),
            (SessionState::Idle | SessionState::Shell, prompt) => match prompt {
                Prompt::Empty => None,
                Prompt::Draft(_) | Prompt::PartOfDraft { .. } | Prompt::Completing { .. }
                    if item.agreed =>
                {
                    None
                }
                Prompt::Draft(_)
                | Prompt::SecondDraft(_)
                | Prompt::PartOfDraft { .. }
                | Prompt::Completing { .. }
                | Prompt::Shell(_) => Some(CommandWait::Draft),
                Prompt::Hidden => Some(CommandWait::Dialog),
            },
            _ => Some(CommandWait::Idle),
        };
        if wait.is_some() {
            self.wait = wait;
            return Typing::Nothing;
        }
        let ready_at = self
            .begins_until
            .map_or(view.settled_at, |until| until.max(view.settled_at));
        if view.now < ready_at {
            self.wait = Some(CommandWait::Idle);
            self.deadline = Some(ready_at);
            return Typing::Nothing;
        }
        self.begins_until = None;
        let item = &mut self.items[index];
        item.tries += 1;
        item.command.state = CommandState::Sending;
        let (id, text) = (item.command.id, as_taken(&item.command.text));
        self.changed = true;
        let (phase, until, keys) = match view.prompt {
            Prompt::Draft(_) | Prompt::PartOfDraft { .. } | Prompt::Completing { .. } => {
                let until = view.now + SHOWN_WITHIN;
                (Phase::PutAside { until }, until, PUT_ASIDE.to_vec())
            }
            _ => {
                let until = view.now + READ_WITHIN;
                let unread = Some(view.quiet_at);
                (Phase::Pasted { until, unread }, until, paste(&text))
            }
        };
        self.deadline = Some(until);
        self.sending = Some(Sending { id, text, phase });
        Typing::Keys(keys)
    }

    /// Whether this one was meant for another conversation.
    fn is_of_another(&self, id: CommandId, view: &View<'_>) -> bool {
        let meant = self.items.iter().find(|item| item.command.id == id);
        let meant = meant.and_then(|item| item.command.session_id.as_ref());
        meant.is_some() && meant != view.session_id
    }

    fn set_state(&mut self, id: CommandId, state: CommandState) {
        for item in &mut self.items {
            if item.command.id == id && item.command.state != state {
                item.command.state = state.clone();
                self.changed = true;
            }
        }
    }

    /// Brings what the commands wait for up to date.
    fn tell_waits(&mut self) {
        let mut first = self.sending.is_none().then_some(self.wait).flatten();
        for item in &mut self.items {
            if !matches!(item.command.state, CommandState::Waiting { .. }) {
                continue;
            }
            let wait = match (item.held, first.take()) {
                (true, mine) => {
                    first = mine;
                    CommandWait::Conversation
                }
                (false, Some(wait)) => wait,
                (false, None) => CommandWait::Earlier,
            };
            let state = CommandState::Waiting { wait };
            if item.command.state != state {
                item.command.state = state;
                self.changed = true;
            }
        }
    }
}

const HELD: CommandState = CommandState::Waiting {
    wait: CommandWait::Conversation,
};
const EARLIER: CommandState = CommandState::Waiting {
    wait: CommandWait::Earlier,
};

impl Item {
    fn new(command: QueuedCommand) -> Self {
        Self {
            command,
            agreed: false,
            held: false,
            submitted: false,
            tries: 0,
        }
    }

    /// It is to be sent by itself.
    fn waits(&self) -> bool {
        !self.held && matches!(self.command.state, CommandState::Waiting { .. })
    }

    /// It can still be changed.
    fn is_open(&self) -> bool {
        matches!(
            self.command.state,
            CommandState::Waiting { .. } | CommandState::NotDelivered { .. }
        )
    }

    /// It was submitted, and nothing said that it arrived. It may wait to be sent again.
    fn may_have_arrived(&self) -> bool {
        self.submitted && self.is_open()
    }
}

/// Whether it was submitted, or may have been.
fn is_unsure(state: &CommandState) -> bool {
    let may = [NotDelivered::NotAcknowledged, NotDelivered::Ended].map(NotDelivered::code);
    matches!(state, CommandState::NotDelivered { code, .. } if may.contains(&code.as_str()))
}

fn queued(
    command: NewCommand,
    session_id: Option<ClaudeSessionId>,
    added_at: Timestamp,
) -> QueuedCommand {
    QueuedCommand {
        id: command.id,
        text: command.text,
        about: command.about,
        added_at,
        session_id,
        state: EARLIER,
    }
}

#[cfg(test)]
mod tests;
