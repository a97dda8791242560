//! The state of a claude terminal, from what is known of it.

use crate::model::{Exit, SessionState};

use super::live::LiveStatus;

/// All that is known of a claude terminal at one moment.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// How its program ended, once it has.
    pub exit: Option<Exit>,
    /// The status of its session file, where there is one now.
    pub status: Option<&'a LiveStatus>,
    /// Whether it ever had a status or ran its SessionStart hook. Until then it starts, or
    /// waits at the trust or key dialog.
    pub was_ready: bool,
    /// Whether its window title shows that it works.
    pub title_busy: bool,
    /// What its last word from a hook asks for; none where that was no PermissionRequest.
    pub asked: Option<Asked>,
}

/// What a PermissionRequest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A tool may only run when the person says so.
    Permission,
    /// The model asks the person something: that comes as a tool, too.
    Question,
}

impl Asked {
    /// What the use of this tool asks for.
    pub fn by(tool: Option<&str>) -> Self {
        match tool {
            Some("AskUserQuestion") => Self::Question,
            _ => Self::Permission,
        }
    }
}

/// The state: by the session file, which is the CLI's own word. Without it by the title and
/// the hooks, which tell of work and of questions only; everything else is unknown.
pub fn state_of(known: &Known<'_>) -> SessionState {
    if let Some(exit) = known.exit {
        return SessionState::Ended(exit);
    }
    match known.status {
        Some(LiveStatus::Idle) => SessionState::Idle,
        Some(LiveStatus::Busy) => SessionState::Working,
        Some(LiveStatus::Shell) => SessionState::Shell,
        Some(LiveStatus::Waiting(what)) => match what.as_str() {
            // Version 2.1.200 calls a question so, too.
            "permission prompt" if known.asked == Some(Asked::Question) => SessionState::Question,
            "permission prompt" | "sandbox request" | "worker request" => SessionState::Permission,
            _ => SessionState::Question,
        },
        Some(LiveStatus::Other(_)) => SessionState::Unknown,
        None if !known.was_ready => SessionState::Starting,
        None if known.asked == Some(Asked::Permission) => SessionState::Permission,
        None if known.asked == Some(Asked::Question) => SessionState::Question,
        None if known.title_busy => SessionState::Working,
        None => SessionState::Unknown,
    }
}

/// Whether a window title shows that the CLI works: a turning glyph stands before the name.
/// The still one (`✳`) stands there while it is idle and while it waits.
pub fn title_is_busy(title: &str) -> bool {
    title
        .chars()
        .next()
        .is_some_and(|glyph| matches!(glyph, '◐' | '◑' | '◒' | '◓' | '\u{2801}'..='\u{28ff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXIT: Exit = Exit {
        code: 0,
        signal: None,
    };

    #[test]
    fn the_session_file_decides_while_the_program_runs() {
        let waiting = |what: &str| LiveStatus::Waiting(what.to_owned());
        for (status, state) in [
            (LiveStatus::Idle, SessionState::Idle),
            (LiveStatus::Busy, SessionState::Working),
            (LiveStatus::Shell, SessionState::Shell),
            (waiting("permission prompt"), SessionState::Permission),
            (waiting("sandbox request"), SessionState::Permission),
            (waiting("input needed"), SessionState::Question),
            (waiting("dialog open"), SessionState::Question),
            (waiting(""), SessionState::Question),
            (
                LiveStatus::Other("asleep".to_owned()),
                SessionState::Unknown,
            ),
        ] {
            let known = Known {
                status: Some(&status),
                title_busy: true,
                asked: Some(Asked::Permission),
                was_ready: true,
                exit: None,
            };
            assert_eq!(state_of(&known), state, "{status:?}");
            let ended = Known {
                exit: Some(EXIT),
                ..known
            };
            assert_eq!(state_of(&ended), SessionState::Ended(EXIT));
        }
    }

    #[test]
    fn a_question_that_the_file_calls_a_permission_prompt_is_told_by_its_hook() {
        let waiting = LiveStatus::Waiting("permission prompt".to_owned());
        let state = |asked| {
            state_of(&Known {
                status: Some(&waiting),
                asked,
                was_ready: true,
                ..Known::default()
            })
        };
        assert_eq!(state(Some(Asked::Question)), SessionState::Question);
        assert_eq!(state(Some(Asked::Permission)), SessionState::Permission);
        assert_eq!(state(None), SessionState::Permission);
    }

    #[test]
    fn without_the_file_nothing_is_guessed() {
        let state = |was_ready, title_busy, asked| {
            state_of(&Known {
                was_ready,
                title_busy,
                asked,
                ..Known::default()
            })
        };
        assert_eq!(state(false, false, None), SessionState::Starting);
        assert_eq!(state(true, false, None), SessionState::Unknown);
        assert_eq!(state(true, true, None), SessionState::Working);
        let asked = Asked::by(Some("Bash"));
        assert_eq!(state(true, false, Some(asked)), SessionState::Permission);
        let asked = Asked::by(Some("AskUserQuestion"));
        assert_eq!(state(true, false, Some(asked)), SessionState::Question);
    }

    #[test]
    fn only_the_turning_glyph_means_work() {
        assert!(title_is_busy("◐ Claude Code"));
        assert!(title_is_busy("◑ x"));
        for title in ["✳ Claude Code", "", "Claude Code ◐"] {
            assert!(!title_is_busy(title), "{title}");
        }
    }
}
