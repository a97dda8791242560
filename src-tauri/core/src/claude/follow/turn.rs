//! What hooks add to the session file: what a prompt asks, what goes on in the background, and
//! whether an idle is the end of the work or a moment between two turns.
//!
//! Seen with 2.1.329: when a background task ends, the file says `idle` for about 10 ms before
//! the turn begins in which the model is told of it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::claude::hooks::{BackgroundTasks, HookEvent};
use crate::model::{Ask, SessionState};

/// An idle that no hook calls the end of a turn is told once it has lasted this long.
const SETTLES_AFTER: Duration = Duration::from_millis(200);
/// Sub-agents and shells of which the file says nothing for this long are over: the person
/// may have ended them, and no hook tells that.
const TASKS_LAST: Duration = Duration::from_secs(2);
/// The file says `busy` within this time after the hook of a message; where another hook
/// refused the message it never does.
const BEGINS_WITHIN: Duration = Duration::from_secs(1);
/// A request whose prompt does not open within this time was answered by a rule.
const ASK_OPENS_WITHIN: Duration = Duration::from_secs(5);
/// More requests than a person is ever asked at once.
const MAX_ASKS: usize = 8;

/// The turn as the hooks tell it.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Requests since the last prompt was closed, and when each came. Several tools may ask at
    /// once: the CLI shows one after the other, without a word between them, and their hooks
    /// come in any order.
    asks: VecDeque<(Ask, Instant)>,
    tasks: BackgroundTasks,
    /// The last turn has ended and nothing of it goes on.
    over: bool,
    idle_since: Option<Instant>,
    /// A message was sent, and the file has not said anything but `idle` since.
    prompted_at: Option<Instant>,
}

impl Turn {
    pub(super) fn take_in(&mut self, event: &HookEvent, now: Instant) {
        match event {
            HookEvent::PermissionRequest {
                tool_name,
                tool_input,
            } => {
                if self.asks.len() >= MAX_ASKS {
                    self.asks.pop_front();
                }
                let tool = tool_name.as_deref().unwrap_or_default();
                let input = tool_input.as_deref().unwrap_or_default();
                let ask = Ask::new(tool, input);
                self.asks.retain(|(known, _)| *known != ask);
                self.asks.push_back((ask, now));
            }
            HookEvent::Stop { background } => {
                self.tasks = *background;
                self.over = !background.any();
                self.prompted_at = None;
            }
            HookEvent::StopFailure => {
                self.over = true;
                self.prompted_at = None;
            }
            HookEvent::UserPromptSubmit { .. } => {
                self.over = false;
                self.prompted_at = Some(now);
            }
            HookEvent::SessionStart { .. }
            | HookEvent::SessionEnd { .. }
            | HookEvent::Notification { .. }
            | HookEvent::Unknown(_) => {}
        }
    }

    /// The state to tell, where `told` was told last and the file and the title say `seen`.
    pub(super) fn settle(
        &mut self,
        told: &SessionState,
        seen: SessionState,
        now: Instant,
    ) -> SessionState {
        match (is_asking(told), is_asking(&seen)) {
            (true, false) => self.asks.clear(),
            (false, _) => self
                .asks
                .retain(|(_, at)| now.duration_since(*at) < ASK_OPENS_WITHIN),
            (true, true) => {}
        }
        if seen != SessionState::Idle {
            self.idle_since = None;
            if seen != SessionState::Shell {
                self.prompted_at = None;
            }
            return seen;
        }
        let begins = |at: Instant| now.duration_since(at) < BEGINS_WITHIN;
        if self.prompted_at.is_some_and(begins) {
            return SessionState::Working;
        }
        let since = *self.idle_since.get_or_insert(now);
        let worked = matches!(told, SessionState::Working | SessionState::Shell);
        if worked && !self.over && now.duration_since(since) < SETTLES_AFTER {
            return told.clone();
        }
        seen
    }

    /// What is asked in this state: of several requests all, since which of them the CLI shows
    /// first is not known.
    pub(super) fn ask(&self, state: &SessionState) -> Option<Ask> {
        if !is_asking(state) {
            return None;
        }
        if let [(ask, _)] = self.asks.iter().collect::<Vec<_>>()[..] {
            return Some(ask.clone());
        }
        let mut tools: Vec<&str> = Vec::new();
        let mut inputs: Vec<&str> = Vec::new();
        for (ask, _) in &self.asks {
            if !tools.contains(&ask.tool.as_str()) {
                tools.push(&ask.tool);
            }
            inputs.push(&ask.input);
        }
        (!inputs.is_empty()).then(|| Ask::new(&tools.join(", "), &inputs.join(" | ")))
    }

    /// Whether something goes on in the background in this state.
    pub(super) fn background(&self, state: &SessionState, now: Instant) -> bool {
        match state {
            SessionState::Shell => true,
            SessionState::Starting | SessionState::Ended(_) => false,
            SessionState::Idle => {
                let fresh = self
                    .idle_since
                    .is_some_and(|since| now.duration_since(since) < TASKS_LAST);
                self.tasks.others || (fresh && self.tasks.any())
            }
            SessionState::Working
            | SessionState::Permission
            | SessionState::Question
            | SessionState::Unknown => self.tasks.any(),
        }
    }

    /// When the answers here change by themselves.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let begins = self.prompted_at.map(|at| at + BEGINS_WITHIN);
        let since = self.idle_since;
        let settles = since.map(|since| since + SETTLES_AFTER);
        let last = since.map(|since| since + TASKS_LAST);
        [begins, settles, last]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }
}

fn is_asking(state: &SessionState) -> bool {
    matches!(state, SessionState::Permission | SessionState::Question)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: SessionState = SessionState::Idle;
    const WORKING: SessionState = SessionState::Working;

    fn stop(agents: bool, shells: bool, others: bool) -> HookEvent {
        HookEvent::Stop {
            background: BackgroundTasks {
                agents,
                shells,
                others,
            },
        }
    }

    fn asks(tool: &str) -> HookEvent {
        HookEvent::PermissionRequest {
            tool_name: Some(tool.to_owned()),
            tool_input: None,
        }
    }

    #[test]
    fn an_idle_after_a_stop_is_told_at_once_and_one_between_two_turns_is_not() {
        let began = Instant::now();
        let mut turn = Turn::default();
        turn.take_in(&stop(false, false, false), began);
        assert_eq!(turn.settle(&WORKING, IDLE, began), IDLE);

        turn.take_in(&stop(true, false, false), began);
        assert_eq!(turn.settle(&IDLE, WORKING, began), WORKING);
        let blip = began + Duration::from_secs(4);
        assert_eq!(turn.settle(&WORKING, IDLE, blip), WORKING);
        let later = blip + Duration::from_millis(11);
        assert_eq!(turn.settle(&WORKING, WORKING, later), WORKING);

        assert_eq!(turn.settle(&WORKING, IDLE, later), WORKING);
        assert_eq!(turn.deadline(later), Some(later + SETTLES_AFTER));
        let lasting = later + SETTLES_AFTER;
        assert_eq!(turn.settle(&WORKING, IDLE, lasting), IDLE);
        assert_eq!(turn.settle(&SessionState::Starting, IDLE, began), IDLE);
    }

    #[test]
    fn a_message_that_was_sent_is_worked_on_before_the_file_says_so() {
        let began = Instant::now();
        let sent = HookEvent::UserPromptSubmit {
            prompt: String::new(),
        };
        let mut turn = Turn::default();
        turn.take_in(&sent, began);
        assert_eq!(turn.settle(&IDLE, IDLE, began), WORKING);
        assert_eq!(turn.deadline(began), Some(began + BEGINS_WITHIN));
        assert_eq!(turn.settle(&WORKING, WORKING, began), WORKING);
        turn.take_in(&stop(false, false, false), began);
        assert_eq!(turn.settle(&WORKING, IDLE, began), IDLE);
        // Another hook may refuse the message.
        turn.take_in(&sent, began);
        assert_eq!(turn.settle(&IDLE, IDLE, began), WORKING);
        let later = began + BEGINS_WITHIN;
        turn.settle(&WORKING, IDLE, later);
        assert_eq!(turn.settle(&WORKING, IDLE, later + SETTLES_AFTER), IDLE);
    }

    #[test]
    fn tasks_go_on_until_a_stop_without_them_or_a_lasting_idle() {
        let began = Instant::now();
        let mut turn = Turn::default();
        assert!(turn.background(&SessionState::Shell, began));
        assert!(!turn.background(&WORKING, began));
        turn.take_in(&stop(true, true, false), began);
        turn.settle(&WORKING, IDLE, began);
        assert!(turn.background(&WORKING, began) && turn.background(&IDLE, began));
        assert!(!turn.background(&IDLE, began + TASKS_LAST));
        turn.take_in(&stop(false, false, true), began);
        assert!(turn.background(&IDLE, began + 10 * TASKS_LAST));
        turn.take_in(&stop(false, false, false), began);
        assert!(!turn.background(&IDLE, began));
    }

    #[test]
    fn what_is_asked_is_told_while_it_is_open() {
        let now = Instant::now();
        let permission = SessionState::Permission;
        let tool = |ask: Option<Ask>| ask.map(|ask| ask.tool);
        let mut turn = Turn::default();
        turn.take_in(&asks("Bash"), now);
        assert_eq!(turn.ask(&WORKING), None);
        turn.settle(&WORKING, permission.clone(), now);
        let much_later = now + Duration::from_secs(600);
        turn.settle(&permission, permission.clone(), much_later);
        assert_eq!(tool(turn.ask(&permission)).as_deref(), Some("Bash"));
        turn.settle(&permission, WORKING, much_later);
        turn.take_in(&asks("Edit"), much_later);
        turn.settle(&WORKING, permission.clone(), much_later);
        assert_eq!(tool(turn.ask(&permission)).as_deref(), Some("Edit"));
        turn.settle(&permission, IDLE, much_later);
        assert_eq!(turn.ask(&permission), None, "it was denied");
    }

    #[test]
    fn of_several_at_once_all_are_told() {
        let now = Instant::now();
        let mut turn = Turn::default();
        for input in ["/a", "/b", "/a"] {
            turn.take_in(
                &HookEvent::PermissionRequest {
                    tool_name: Some("Read".to_owned()),
                    tool_input: Some(input.to_owned()),
                },
                now,
            );
        }
        turn.settle(&WORKING, SessionState::Permission, now);
        let asked = turn.ask(&SessionState::Permission);
        assert_eq!(asked, Some(Ask::new("Read", "/b | /a")));
    }

    #[test]
    fn a_request_that_a_rule_answered_is_no_question_of_a_later_dialog() {
        let now = Instant::now();
        let mut turn = Turn::default();
        turn.take_in(&asks("Bash"), now);
        let later = now + ASK_OPENS_WITHIN;
        turn.settle(&WORKING, SessionState::Question, later);
        assert_eq!(turn.ask(&SessionState::Question), None);
    }
}
