//! A command on its way: pasted, seen to stand in the prompt, submitted, acknowledged.

use std::time::{Duration, Instant};

use super::{EARLIER, IDLE_FOR, Queue, Typing, View};
use crate::model::{Prompt, SessionState};
use crate::session::queue::{CommandId, NotDelivered};

/// A prompt shows what was pasted within this time, also on a busy machine.
pub(super) const SHOWN_WITHIN: Duration = Duration::from_millis(2500);
/// A program that stands still has read what was pasted within this time; one that draws
/// something is not waited for that long.
pub(super) const READ_WITHIN: Duration = Duration::from_secs(15);
/// A prompt that still holds the command this long after its Enter did not take the key.
pub(super) const ENTER_TAKEN_WITHIN: Duration = Duration::from_millis(500);
/// The session says within this time that it has a command.
pub(super) const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(3);
/// How often a prompt is tried that takes no text.
pub(super) const TRIES: u32 = 3;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
pub(super) const ENTER: &[u8] = b"\r";
/// Ctrl-U takes the line back that was typed.
pub(super) const TAKE_BACK: &[u8] = b"\x15";

#[derive(Debug)]
pub(super) struct Sending {
    pub id: CommandId,
    /// The text as the CLI takes it.
    pub text: String,
    pub phase: Phase,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Phase {
    /// The draft was put aside; the prompt is to become empty.
    PutAside { until: Instant },
    /// The text was pasted; the prompt is to show it.
    Pasted {
        until: Instant,
        /// While the program has drawn nothing since: when its screen counted as quiet. The text
        /// may still be on its way, and another one beside it would stand there twice.
        unread: Option<Instant>,
    },
    /// Enter was pressed; the session is to say that it has it.
    Submitted {
        /// When a prompt that still holds the text gets another Enter, once.
        again_at: Option<Instant>,
        until: Instant,
    },
    /// It is the argument of the program's start.
    Argument { idle_until: Option<Instant> },
}

impl Queue {
    /// The next step of a command that is on its way.
    pub(super) fn go_on(&mut self, mut sending: Sending, view: &View<'_>) -> Typing {
        let asks = matches!(
            view.state,
            SessionState::Permission | SessionState::Question
        );
        let mut typing = Typing::Nothing;
        match sending.phase {
            Phase::PutAside { until } => match view.prompt {
                Prompt::Empty if !asks => {
                    let until = view.now + READ_WITHIN;
                    let unread = Some(view.quiet_at);
                    sending.phase = Phase::Pasted { until, unread };
                    self.deadline = Some(until);
                    typing = Typing::Keys(paste(&sending.text));
                }
                _ if view.now >= until || asks => return self.give_back(&sending, view),
                _ => self.deadline = Some(until),
            },
            Phase::Pasted { mut until, unread } => {
                if asks {
                    return self.fail(&sending, NotDelivered::Interrupted, view);
                }
                let stands_still = matches!(view.prompt, Prompt::Empty);
                if unread.is_some_and(|quiet_at| !stands_still || quiet_at != view.quiet_at) {
                    until = view.now + SHOWN_WITHIN;
                    let unread = None;
                    sending.phase = Phase::Pasted { until, unread };
                }
                let shown = view.prompt.holds(&sending.text);
                let all_shown_at = match sending.may_be_completed() {
                    // What Enter would make of it is listed a moment later.
                    true => view.quiet_at.min(until),
                    false => view.now,
                };
                if shown && self.is_of_another(sending.id, view) {
                    self.give_back(&sending, view);
                    return Typing::Keys(TAKE_BACK.to_vec());
                }
                if shown && view.now < all_shown_at {
                    self.deadline = Some(all_shown_at);
                } else if shown {
                    let again_at = view.now + ENTER_TAKEN_WITHIN;
                    sending.phase = Phase::Submitted {
                        again_at: Some(again_at),
                        until: view.now + ACKNOWLEDGED_WITHIN,
                    };
                    self.deadline = Some(again_at);
                    typing = Typing::Keys(ENTER.to_vec());
                    self.note_submitted(sending.id);
                } else if view.now >= until {
                    return match view.prompt {
                        // Nothing stands there, so nothing was sent.
                        Prompt::Empty => self.give_back(&sending, view),
                        Prompt::Completing { ref draft, .. } if *draft == sending.text => {
                            self.fail(&sending, NotDelivered::OtherCommand, view);
                            Typing::Keys(TAKE_BACK.to_vec())
                        }
                        _ => self.fail(&sending, NotDelivered::Interrupted, view),
                    };
                } else {
                    self.deadline = Some(until);
                }
            }
            Phase::Submitted { again_at, until } => {
                let stands_there = view.prompt.holds(&sending.text);
                let at_prompt = matches!(view.state, SessionState::Idle | SessionState::Shell);
                if let Some(at) = again_at {
                    if view.now < at {
                        self.deadline = Some(at);
                    } else {
                        // The text is seen to stand there and no dialog is open: the key was
                        // not taken.
                        if stands_there && at_prompt {
                            typing = Typing::Keys(ENTER.to_vec());
                        }
                        sending.phase = Phase::Submitted {
                            again_at: None,
                            until: view.now + ACKNOWLEDGED_WITHIN,
                        };
                        self.deadline = Some(view.now + ACKNOWLEDGED_WITHIN);
                    }
                } else if !at_prompt && !stands_there {
                    // The CLI itself keeps what is sent during a turn, and takes it up after.
                    sending.phase = Phase::Submitted {
                        again_at: None,
                        until: view.now + ACKNOWLEDGED_WITHIN,
                    };
                } else if view.now >= until {
                    let why = if stands_there {
                        NotDelivered::Interrupted
                    } else {
                        NotDelivered::NotAcknowledged
                    };
                    return self.fail(&sending, why, view);
                } else {
                    self.deadline = Some(until);
                }
            }
            Phase::Argument { idle_until } => {
                let at_prompt = matches!(view.state, SessionState::Idle | SessionState::Shell);
                let until = at_prompt.then(|| idle_until.unwrap_or(view.now + ACKNOWLEDGED_WITHIN));
                if until.is_some_and(|until| view.now >= until) {
                    return self.fail(&sending, NotDelivered::NotAcknowledged, view);
                }
                sending.phase = Phase::Argument { idle_until: until };
                self.deadline = until;
            }
        }
        self.sending = Some(sending);
        typing
    }

    fn note_submitted(&mut self, id: CommandId) {
        for item in &mut self.items {
            item.submitted |= item.command.id == id;
        }
    }

    /// Nothing was submitted: it waits again, for a bounded number of times.
    fn give_back(&mut self, sending: &Sending, view: &View<'_>) -> Typing {
        let item = self
            .items
            .iter_mut()
            .find(|item| item.command.id == sending.id);
        match item {
            Some(item) if item.tries < TRIES => {
                item.command.state = EARLIER;
                self.changed = true;
                self.deadline = Some(view.now + IDLE_FOR);
                Typing::Nothing
            }
            _ => self.fail(sending, NotDelivered::NotTaken, view),
        }
    }

    fn fail(&mut self, sending: &Sending, why: NotDelivered, view: &View<'_>) -> Typing {
        self.set_state(sending.id, why.state(view.at));
        Typing::Nothing
    }
}

impl Sending {
    /// It is half typed: other keys must not come between.
    pub fn is_half_typed(&self) -> bool {
        matches!(
            self.phase,
            Phase::PutAside { .. }
                | Phase::Pasted { .. }
                | Phase::Submitted {
                    again_at: Some(_),
                    ..
                }
        )
    }

    /// Its Enter was pressed.
    pub fn is_submitted(&self) -> bool {
        matches!(self.phase, Phase::Submitted { .. } | Phase::Argument { .. })
    }

    /// It is the name of a command and nothing else, of which Enter may make another.
    fn may_be_completed(&self) -> bool {
        self.text.starts_with('/') && !self.text.contains(char::is_whitespace)
    }
}

/// The keys that paste a text.
pub(super) fn paste(text: &str) -> Vec<u8> {
    // Behind a backslash Enter begins a new line; a space is not sent.
    let end = if text.ends_with('\\') { " " } else { "" };
    [PASTE_BEGIN, text.as_bytes(), end.as_bytes(), PASTE_END].concat()
}
