//! When a person is told of a session that they do not look at. Decisions only: nothing here
//! shows anything, and time is passed in.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use reprise_core::model::{Ask, Exit, SessionState, TerminalKey, one_line};
use reprise_core::session::protocol::HostStatus;
use reprise_core::session::screen::ScreenEvent;

use crate::live::TerminalName;

/// Work that took less needs no "done".
const WORTH_TELLING: SignedDuration = SignedDuration::from_secs(20);
/// A program in a terminal is heard at most this often.
const PROGRAM_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// The longest text of a program's notification, in characters.
const MAX_TEXT: usize = 300;
/// The exit code of a program that was asked to end: 128 plus SIGTERM.
const ASKED_TO_END: i32 = 143;

/// Why a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A permission prompt is open.
    Permission(Option<Ask>),
    /// A question or a dialog is open.
    Question(Option<Ask>),
    /// A long piece of work is over.
    Done,
    /// The program ended with a failure; none where its host is gone as well.
    Ended(Option<Exit>),
    /// An unattended run is over.
    RunOver {
        /// Whether Claude Code calls it a success.
        ok: bool,
        /// The last answer, or what went wrong.
        text: String,
    },
    /// A program in the terminal has something to say.
    Program {
        /// Its title, where it gave one.
        title: Option<String>,
        /// The text; empty for a bell.
        text: String,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Tell the person; this replaces what they were told of the same terminal before.
    Show {
        /// Which terminal.
        name: TerminalName,
        /// The project's name.
        project: String,
        /// Why.
        cause: Cause,
    },
    /// What they were told of this terminal is over.
    Close(TerminalName),
}

/// What is known of the terminals, and what was told of them.
#[derive(Debug)]
pub struct Rules {
    began: Timestamp,
    known: BTreeMap<TerminalName, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    project: String,
    state: SessionState,
    since: Timestamp,
    /// Since when it works without having been done.
    busy_since: Option<Timestamp>,
    run_over: bool,
    shown: Option<Shown>,
    heard_at: Option<Timestamp>,
}

/// What stands on the screen about a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Until its cause is gone.
    WhileItLasts,
    /// Until somebody looks at the terminal.
    UntilSeen,
}

impl Rules {
    /// Rules for an app that began now: what waited before is not told again.
    pub fn new(began: Timestamp) -> Self {
        Self {
            began,
            known: BTreeMap::new(),
        }
    }

    /// Takes in the live terminals as they are now.
    pub fn update(
        &mut self,
        statuses: &[HostStatus],
        is_seen: impl Fn(TerminalName) -> bool,
        now: Timestamp,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        let gone: Vec<TerminalName> = self
            .known
            .keys()
            .filter(|name| {
                !statuses
                    .iter()
                    .any(|status| (status.project, status.terminal) == **name)
            })
            .copied()
            .collect();
        for name in gone {
            self.forget(name, &is_seen, &mut steps);
        }
        for status in statuses {
            self.take(status, &is_seen, now, &mut steps);
        }
        steps
    }

    /// Takes in a bell or a notification of the program in a terminal.
    pub fn heard(
        &mut self,
        name: TerminalName,
        event: &ScreenEvent,
        is_seen: bool,
        now: Timestamp,
    ) -> Option<Step> {
        let known = self.known.get_mut(&name)?;
        let (title, text) = match event {
            ScreenEvent::Bell => (None, String::new()),
            ScreenEvent::Notification { title, body } => (
                title.as_deref().map(|title| one_line(title, MAX_TEXT)),
                one_line(body, MAX_TEXT),
            ),
            _ => return None,
        };
        let too_soon = known
            .heard_at
            .is_some_and(|at| now.duration_since(at) < PROGRAM_EVERY);
        // Claude Code rings for what its state says better.
        let told_already = known.shown.is_some() && name.1 == TerminalKey::Claude;
        if is_seen || too_soon || told_already {
            return None;
        }
        known.heard_at = Some(now);
        known.shown = Some(Shown::UntilSeen);
        Some(Step::Show {
            name,
            project: known.project.clone(),
            cause: Cause::Program { title, text },
        })
    }

    /// The person looks at this terminal now.
    pub fn seen(&mut self, name: TerminalName) -> Option<Step> {
        let known = self.known.get_mut(&name)?;
        known.shown.take().map(|_| Step::Close(name))
    }

    fn take(
        &mut self,
        status: &HostStatus,
        is_seen: &impl Fn(TerminalName) -> bool,
        now: Timestamp,
        steps: &mut Vec<Step>,
    ) {
        let name = (status.project, status.terminal);
        let before = self.known.get(&name).cloned();
        let is_new = before.is_none();
        let mut known = before.unwrap_or_else(|| Known {
            project: status.name.clone(),
            state: SessionState::Unknown,
            since: status.since,
            busy_since: None,
            run_over: status.run.as_ref().is_some_and(|run| run.result.is_some()),
            shown: None,
            heard_at: None,
        });
        let entered = known.state != status.state || known.since != status.since;
        // What began before the app did was there for the person to see.
        let old_news = is_new && status.since <= self.began;
        let cause = (entered && !old_news)
            .then(|| state_cause(status, &known))
            .flatten()
            .or_else(|| run_over(status, &known))
            .or_else(|| done(status, &known, now));

        if entered && known.shown == Some(Shown::WhileItLasts) && !waits(&status.state) {
            known.shown = None;
            steps.push(Step::Close(name));
        }
        known.run_over |= matches!(cause, Some(Cause::RunOver { .. }));
        known.busy_since = busy_since(status, &known, is_new);
        known.state = status.state.clone();
        known.since = status.since;
        if let Some(cause) = cause.filter(|_| !is_seen(name)) {
            known.shown = Some(match cause {
                Cause::Permission(_) | Cause::Question(_) => Shown::WhileItLasts,
                _ => Shown::UntilSeen,
            });
            steps.push(Step::Show {
                name,
                project: known.project.clone(),
                cause,
            });
        }
        self.known.insert(name, known);
    }

    /// A terminal is gone. One that said nothing of its end was killed together with its host.
    fn forget(
        &mut self,
        name: TerminalName,
        is_seen: &impl Fn(TerminalName) -> bool,
        steps: &mut Vec<Step>,
    ) {
        let Some(known) = self.known.remove(&name) else {
            return;
        };
        if known.shown == Some(Shown::WhileItLasts) {
            steps.push(Step::Close(name));
        }
        let killed = !matches!(known.state, SessionState::Ended(_));
        if killed && name.1 == TerminalKey::Claude && !is_seen(name) {
            steps.push(Step::Show {
                name,
                project: known.project,
                cause: Cause::Ended(None),
            });
        }
    }
}

fn waits(state: &SessionState) -> bool {
    matches!(state, SessionState::Permission | SessionState::Question)
}

fn is_failure(exit: Exit) -> bool {
    exit.code != 0 && exit.code != ASKED_TO_END
}

/// Since when it works: a permission prompt in between is part of the work, and so is what
/// goes on behind an idle prompt.
fn busy_since(status: &HostStatus, known: &Known, is_new: bool) -> Option<Timestamp> {
    match &status.state {
        SessionState::Working if is_new => Some(status.since),
        SessionState::Working => known.busy_since.or(Some(status.since)),
        SessionState::Permission | SessionState::Question => known.busy_since,
        SessionState::Idle | SessionState::Shell if status.background => {
            known.busy_since.or(Some(status.since))
        }
        _ => None,
    }
}

fn done(status: &HostStatus, known: &Known, now: Timestamp) -> Option<Cause> {
    let at_prompt = matches!(status.state, SessionState::Idle | SessionState::Shell);
    let since = known.busy_since?;
    (at_prompt && !status.background && now.duration_since(since) >= WORTH_TELLING)
        .then_some(Cause::Done)
}

/// What the state that was just entered is a reason to tell.
fn state_cause(status: &HostStatus, known: &Known) -> Option<Cause> {
    match &status.state {
        SessionState::Permission => Some(Cause::Permission(status.ask.clone())),
        SessionState::Question => Some(Cause::Question(status.ask.clone())),
        SessionState::Ended(exit)
            if status.terminal == TerminalKey::Claude
                && status.run.is_none()
                && is_failure(*exit)
                && !matches!(known.state, SessionState::Ended(_)) =>
        {
            Some(Cause::Ended(Some(*exit)))
        }
        _ => None,
    }
}

fn run_over(status: &HostStatus, known: &Known) -> Option<Cause> {
    let result = status.run.as_ref()?.result.as_ref()?;
    (!known.run_over).then(|| Cause::RunOver {
        ok: result.ok,
        text: one_line(&result.text, MAX_TEXT),
    })
}

#[cfg(test)]
mod tests {
    use reprise_core::model::ProjectId;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// One session and what is told of it.
    struct Told {
        rules: Rules,
        status: HostStatus,
        seen: bool,
    }

    impl Told {
        fn new() -> Self {
            let status = serde_json::from_value(serde_json::json!({
                "project": ProjectId::generate(), "terminal": "claude", "name": "ledger",
                "workspace": "/home/ana/ledger", "state": "idle", "since": at(-60),
                "host_pid": 10, "program_pid": 11, "size": { "cols": 80, "rows": 24 },
                "started_at": at(-90), "clients": 0, "build": "b",
            }))
            .unwrap();
            let mut told = Self {
                rules: Rules::new(at(0)),
                status,
                seen: false,
            };
            assert_eq!(told.update(0), []);
            told
        }

        fn name(&self) -> TerminalName {
            (self.status.project, self.status.terminal)
        }

        fn enters(&mut self, state: SessionState, seconds: i64) -> Vec<Cause> {
            self.status.state = state;
            self.status.since = at(seconds);
            self.update(seconds)
        }

        fn update(&mut self, seconds: i64) -> Vec<Cause> {
            let seen = self.seen;
            let statuses = [self.status.clone()];
            let steps = self.rules.update(&statuses, |_| seen, at(seconds));
            steps
                .into_iter()
                .filter_map(|step| match step {
                    Step::Show { cause, .. } => Some(cause),
                    Step::Close(_) => None,
                })
                .collect()
        }
    }

    #[test]
    fn a_permission_prompt_is_told_once_and_taken_back_when_it_is_answered() {
        let mut told = Told::new();
        told.enters(SessionState::Working, 1);
        told.status.ask = Some(Ask {
            tool: "Bash".into(),
            input: "ls".into(),
        });
        let ask = told.status.ask.clone();
        assert_eq!(
            told.enters(SessionState::Permission, 2),
            [Cause::Permission(ask)]
        );
        assert_eq!(told.update(9), []);
        told.status.state = SessionState::Working;
        told.status.since = at(10);
        let steps = told.rules.update(&[told.status.clone()], |_| false, at(10));
        assert_eq!(steps, [Step::Close(told.name())]);
    }

    #[test]
    fn long_work_is_told_when_it_is_done_short_work_is_not() {
        let mut told = Told::new();
        told.enters(SessionState::Working, 1);
        assert_eq!(told.enters(SessionState::Idle, 15), []);
        told.enters(SessionState::Working, 20);
        assert_eq!(told.enters(SessionState::Permission, 25).len(), 1);
        told.enters(SessionState::Working, 30);
        assert_eq!(told.enters(SessionState::Idle, 41), [Cause::Done]);
        assert_eq!(told.update(50), []);
    }

    #[test]
    fn an_idle_prompt_before_agents_that_go_on_is_not_done() {
        let mut told = Told::new();
        told.enters(SessionState::Working, 1);
        told.status.background = true;
        assert_eq!(told.enters(SessionState::Idle, 30), []);
        told.enters(SessionState::Working, 90);
        assert_eq!(told.enters(SessionState::Idle, 95), []);
        told.status.background = false;
        assert_eq!(told.update(97), [Cause::Done]);
    }

    #[test]
    fn nothing_is_told_of_what_the_person_looks_at() {
        let mut told = Told::new();
        told.seen = true;
        told.enters(SessionState::Working, 1);
        assert_eq!(told.enters(SessionState::Permission, 2), []);
        told.seen = false;
        assert_eq!(told.update(3), []);
    }

    #[test]
    fn what_waited_before_the_app_began_is_not_news() {
        let mut told = Told::new();
        told.rules = Rules::new(at(0));
        assert_eq!(told.enters(SessionState::Permission, -5), []);
        told.rules = Rules::new(at(0));
        assert_eq!(told.enters(SessionState::Permission, 5).len(), 1);
    }

    #[test]
    fn an_end_that_nobody_asked_for_is_told() {
        let exit = |code| Exit { code, signal: None };
        for (code, told_of) in [(0, 0), (ASKED_TO_END, 0), (1, 1), (137, 1)] {
            let mut told = Told::new();
            let causes = told.enters(SessionState::Ended(exit(code)), 5);
            assert_eq!(causes.len(), told_of, "code {code}");
            assert_eq!(told.rules.update(&[], |_| false, at(6)), []);
        }
        let mut told = Told::new();
        let steps = told.rules.update(&[], |_| false, at(6));
        assert!(
            matches!(
                &steps[..],
                [Step::Show {
                    cause: Cause::Ended(None),
                    ..
                }]
            ),
            "{steps:?}"
        );
    }

    #[test]
    fn a_bell_is_heard_now_and_then_and_not_beside_a_permission_prompt() {
        let mut told = Told::new();
        let name = told.name();
        let ring = |told: &mut Told, seconds| {
            told.rules
                .heard(name, &ScreenEvent::Bell, false, at(seconds))
        };
        assert!(ring(&mut told, 1).is_some());
        assert!(ring(&mut told, 3).is_none());
        assert_eq!(told.rules.seen(name), Some(Step::Close(name)));
        assert!(ring(&mut told, 8).is_some());
        told.rules.seen(name);
        told.enters(SessionState::Permission, 20);
        assert!(ring(&mut told, 26).is_none());
    }
}
