//! Between the queue of commands and the terminal: what is seen for it, what is typed for it,
//! and what is written down of it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;

use super::Observation;
use super::connection::ClientId;
use super::queue::{IDLE_FOR, QUIET_FOR, Queue, Typing, UNTOUCHED_FOR, View};
use super::run::{PendingInput, Running, log};
use crate::model::{Prompt, ScreenText, SessionState};
use crate::session::protocol::Reply;
use crate::session::queue::{QueueAnswer, QueueRefusal, QueueRequest, QueuedCommand};

/// Reads the program's prompt off the screen. The composing binary knows the program.
pub type PromptReader = fn(&ScreenText) -> Prompt;

/// More than a full queue takes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

impl Running {
    /// Carries out a request about the queue and answers it.
    pub(super) fn queue_request(&mut self, id: ClientId, request: QueueRequest) {
        let command = match &request {
            QueueRequest::Add(command) => Some(command.id),
            QueueRequest::Edit { id, .. }
            | QueueRequest::Cancel { id }
            | QueueRequest::Retry { id }
            | QueueRequest::Agree { id }
            | QueueRequest::Move { id, .. } => Some(*id),
            QueueRequest::Clear => None,
        };
        let adds = matches!(request, QueueRequest::Add(_));
        let done = if self.host.spec.session.is_none() {
            Err(QueueRefusal::NotClaude)
        } else if self.status.run.is_some() {
            Err(QueueRefusal::Unattended)
        } else if adds && (self.exit.is_some() || self.ending.is_some()) {
            Err(QueueRefusal::Ended)
        } else {
            let session_id = self.status.session_id.as_ref();
            self.queue.request(request, session_id, Timestamp::now())
        };
        self.look_at_queue();
        // Written down before it is promised.
        self.tell_queue();
        let answer = Reply::QueueAnswer(QueueAnswer {
            id: command,
            refused: done.err().map(Into::into),
        });
        if let Some(client) = self.clients.get(id)
            && !client.outbox.push(&answer)
        {
            client.outbox.refuse_slow();
        }
    }

    /// The session has this prompt.
    pub(super) fn acknowledged(&mut self, prompt: &str) {
        self.queue
            .acknowledged(prompt, Instant::now(), Timestamp::now());
        self.tell_queue();
    }

    /// Types what is due, and brings the list up to date.
    pub(super) fn look_at_queue(&mut self) {
        if !self.queue.is_active() || self.exit.is_some() || self.ending.is_some() {
            return;
        }
        let now = Instant::now();
        let typing = self.queue.step(&View {
            state: &self.status.state,
            session_id: self.status.session_id.as_ref(),
            prompt: self.prompt(),
            quiet_at: self.output_at + QUIET_FOR,
            settled_at: self.settled_at(),
            now,
            at: Timestamp::now(),
        });
        if let Typing::Keys(bytes) = typing {
            if let Some(text) = self.queue.sends() {
                let at = Timestamp::now();
                self.observe(Observation::Sending { text, at });
            }
            self.input.push_back(PendingInput {
                bytes,
                written: 0,
                budgeted: false,
            });
        }
        self.write_program();
        self.tell_queue();
    }

    /// Lets what viewers typed go on once no command is half typed any more.
    pub(super) fn release_keys(&mut self) {
        if !self.held_input.is_empty() && !self.queue.holds_keys() {
            self.input.append(&mut self.held_input);
            self.write_program();
        }
    }

    /// What the prompt shows; reading the screen is not for nothing, so it is only done where
    /// it counts.
    fn prompt(&self) -> Prompt {
        let counts = self.queue.holds_keys()
            || matches!(self.status.state, SessionState::Idle | SessionState::Shell);
        match &self.companion {
            // Half a frame shows nothing of worth.
            Some(companion) if counts && self.screen.sync_deadline().is_none() => {
                (companion.read_prompt)(&self.screen.reading())
            }
            _ => Prompt::Hidden,
        }
    }

    /// From when on what is seen can be believed: keys that a person typed have been drawn,
    /// nothing is on its way to the program, and it is known which conversation this is.
    fn settled_at(&self) -> Instant {
        let mut at = self.state_at + IDLE_FOR;
        at = at.max(self.output_at + QUIET_FOR);
        if let Some(typed) = self.input_at {
            at = at.max(typed + UNTOUCHED_FOR);
        }
        if !self.input.is_empty() || self.leaves_conversation {
            at = at.max(Instant::now() + QUIET_FOR);
        }
        at
    }

    /// Tells and writes down the list where it changed.
    pub(super) fn tell_queue(&mut self) {
        if !self.queue.take_changed() {
            return;
        }
        self.status.queue = self.queue.list();
        self.queue_unsaved = true;
        self.save_queue();
        self.status_changed();
    }

    /// Writes the queue down. What fails is tried again at each tick.
    pub(super) fn save_queue(&mut self) {
        if !std::mem::take(&mut self.queue_unsaved) {
            return;
        }
        let path = self.host.spec.files.queue();
        if let Err(error) = write(&path, &self.status.queue) {
            if !self.queue_fails {
                log(format_args!("the queue cannot be written: {error}"));
                self.status.trouble = Some(format!("{}: {error}", path.display()));
            }
            self.queue_fails = true;
            self.queue_unsaved = true;
        } else if std::mem::take(&mut self.queue_fails) {
            self.status.trouble = None;
            self.status_changed();
        }
    }
}

/// The queue that an earlier host left.
pub(super) fn restored(path: &Path) -> Queue {
    let read = || -> io::Result<Vec<QueuedCommand>> {
        let mut bytes = Vec::new();
        File::open(path)?
            .take(MAX_FILE_BYTES)
            .read_to_end(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    };
    match read() {
        Ok(commands) if !commands.is_empty() => Queue::restored(commands, Timestamp::now()),
        Ok(_) => Queue::default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Queue::default(),
        Err(error) => {
            log(format_args!("{}: {error}", path.display()));
            // A person may still read it.
            let _ = fs::rename(path, path.with_extension("queue.unreadable"));
            Queue::default()
        }
    }
}

/// Replaces the file as a whole, synced: a command that was promised survives a power cut.
fn write(path: &Path, commands: &[QueuedCommand]) -> io::Result<()> {
    let new = path.with_extension("queue.new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(commands)?)?;
    file.sync_data()?;
    fs::rename(&new, path)
}
