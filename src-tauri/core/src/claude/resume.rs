//! Which conversation a start takes up: a pure decision over facts that were read before.
//!
//! Nothing is guessed and nothing is replaced by an empty conversation. Where the stored id
//! cannot be resumed, no CLI is started and the person chooses.

use std::path::{Path, PathBuf};

use crate::model::{ClaudeSessionId, CurrentSessionId, Exit};
use crate::process::ProcessRef;

use super::config::ConfigDir;
use super::kept;
use super::launch::Conversation;
use super::live;
use super::transcript::{self, Condition};

/// What is known when a project's Claude is to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFacts {
    /// A process that has this conversation open.
    pub live: Option<ProcessRef>,
    /// A claude of this project that outlived its host.
    pub orphan: Option<ProcessRef>,
    /// What was found of the transcript.
    pub transcript: TranscriptFact,
    /// Whether a message was ever sent under this id.
    pub message_sent: bool,
    /// Our own copy of the transcript, where there is one.
    pub kept_copy: Option<PathBuf>,
}

/// What was found of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TranscriptFact {
    /// It is there and can be resumed.
    Usable(PathBuf),
    /// It is there, and nothing, or no conversation, is in it.
    Empty(PathBuf),
    /// It is in another configuration folder.
    Elsewhere {
        /// The transcript.
        path: PathBuf,
        /// The configuration folder that it belongs to.
        config_dir: PathBuf,
    },
    /// It is in none of these folders.
    Missing {
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// It could not be looked for.
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: String,
    },
}

/// How a project's Claude starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartPlan {
    /// The first time, under a new id: store it by compare-and-set, then start.
    First(ClaudeSessionId),
    /// Once more under the stored id, which never had a message.
    FirstAgain(ClaudeSessionId),
    /// The stored conversation is taken up.
    Resume(ClaudeSessionId),
    /// Nothing starts; the person chooses.
    CannotResume(CannotResume),
}

impl StartPlan {
    /// What [`super::launch::claude`] is told; none where nothing starts.
    pub fn conversation(&self) -> Option<Conversation> {
        match self {
            Self::First(id) | Self::FirstAgain(id) => Some(Conversation::New(id.clone())),
            Self::Resume(id) => Some(Conversation::Resume(id.clone())),
            Self::CannotResume(_) => None,
        }
    }
}

/// Why a conversation is not resumed, with what helps to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotResume {
    /// The stored id, as the store has it.
    pub session_id: String,
    /// The reason.
    pub cause: ResumeCause,
    /// Our own copy of the transcript, which can be put back.
    pub kept_copy: Option<PathBuf>,
}

/// The reason why a conversation is not resumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResumeCause {
    /// What the store holds is no id.
    #[error("the stored session id is not a UUID")]
    InvalidId,
    /// Another process has it open.
    #[error("process {} has this conversation open", .0.pid)]
    LiveElsewhere(ProcessRef),
    /// A claude of this project outlived its host and still runs.
    #[error("process {}, which lost its terminal, still runs this conversation", .0.pid)]
    OrphanAlive(ProcessRef),
    /// The transcript is there and holds no conversation.
    #[error("the transcript {0:?} holds no conversation")]
    TranscriptEmpty(PathBuf),
    /// The transcript is in another configuration folder.
    #[error("the transcript is in another configuration folder, {config_dir:?}")]
    TranscriptElsewhere {
        /// The transcript.
        path: PathBuf,
        /// The configuration folder that it belongs to.
        config_dir: PathBuf,
    },
    /// The transcript is gone.
    #[error("the transcript is in none of the folders {searched:?}")]
    TranscriptMissing {
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// The folder of the transcripts cannot be read, so nothing is known of it.
    #[error("{folder:?} cannot be read: {error}")]
    TranscriptUnreadable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: String,
    },
    /// The CLI was started to resume it and refused.
    #[error("the CLI did not resume it and ended with status {}", .0.code)]
    Refused(Exit),
}

/// Decides how to start. `mint` makes the id of a first start.
pub fn decide_start(
    current: &CurrentSessionId,
    facts: StartFacts,
    mint: impl FnOnce() -> ClaudeSessionId,
) -> StartPlan {
    let cannot = |cause| {
        StartPlan::CannotResume(CannotResume {
            session_id: current.as_stored().unwrap_or_default().to_owned(),
            cause,
            kept_copy: facts.kept_copy.clone(),
        })
    };
    // Also before a first start: it may have an id that the store has not heard of yet.
    if let Some(orphan) = facts.orphan {
        return cannot(ResumeCause::OrphanAlive(orphan));
    }
    let id = match current {
        CurrentSessionId::Unset => return StartPlan::First(mint()),
        CurrentSessionId::Invalid(_) => return cannot(ResumeCause::InvalidId),
        CurrentSessionId::Set(id) => id.clone(),
    };
    if let Some(live) = facts.live {
        return cannot(ResumeCause::LiveElsewhere(live));
    }
    match facts.transcript {
        TranscriptFact::Usable(_) => StartPlan::Resume(id),
        TranscriptFact::Empty(path) => cannot(ResumeCause::TranscriptEmpty(path)),
        TranscriptFact::Elsewhere { path, config_dir } => {
            cannot(ResumeCause::TranscriptElsewhere { path, config_dir })
        }
        TranscriptFact::Unreadable { folder, error } => {
            cannot(ResumeCause::TranscriptUnreadable { folder, error })
        }
        TranscriptFact::Missing { searched } if facts.message_sent || facts.kept_copy.is_some() => {
            cannot(ResumeCause::TranscriptMissing { searched })
        }
        TranscriptFact::Missing { .. } => StartPlan::FirstAgain(id),
    }
}

/// What to say when a CLI that was to resume `id` has ended: none where it had reached its
/// prompt, or ended in order. With status 1 before that, it refused the conversation.
pub fn after_resume(
    id: &ClaudeSessionId,
    exit: Exit,
    reached_prompt: bool,
    facts: StartFacts,
) -> Option<CannotResume> {
    if exit.code != 1 || exit.signal.is_some() || reached_prompt {
        return None;
    }
    let current = CurrentSessionId::Set(id.clone());
    let kept_copy = facts.kept_copy.clone();
    // The transcript may have gone between the decision and the start: then that is the reason.
    match decide_start(&current, facts, || id.clone()) {
        StartPlan::CannotResume(failure) => Some(failure),
        _ => Some(CannotResume {
            session_id: id.to_string(),
            cause: ResumeCause::Refused(exit),
            kept_copy,
        }),
    }
}

/// Reads the facts about the conversation `id` of the workspace. Reads files: not for an
/// async thread.
pub fn facts(
    id: &ClaudeSessionId,
    workspace: &str,
    config: &ConfigDir,
    others: &[ConfigDir],
    kept_folder: &Path,
    message_sent: bool,
    orphan: Option<ProcessRef>,
) -> StartFacts {
    let live = std::iter::once(config)
        .chain(others)
        .filter_map(|config| live::with_session_id(config, id).ok())
        .flatten()
        .map(|session| session.process)
        .next();
    StartFacts {
        live,
        orphan: orphan.filter(|orphan| orphan.is_alive()),
        transcript: transcript_fact(id, workspace, config, others),
        message_sent,
        kept_copy: kept::find(kept_folder, id).map(|kept| kept.path),
    }
}

fn transcript_fact(
    id: &ClaudeSessionId,
    workspace: &str,
    config: &ConfigDir,
    others: &[ConfigDir],
) -> TranscriptFact {
    match transcript::find(config, id, workspace) {
        Err(error) => {
            return TranscriptFact::Unreadable {
                folder: config.projects(),
                error: error.to_string(),
            };
        }
        Ok(Some(found)) if found.condition == Condition::Usable => {
            return TranscriptFact::Usable(found.path);
        }
        Ok(Some(found)) => return TranscriptFact::Empty(found.path),
        Ok(None) => {}
    }
    for other in others {
        if let Ok(Some(found)) = transcript::find(other, id, workspace)
            && found.condition == Condition::Usable
        {
            return TranscriptFact::Elsewhere {
                path: found.path,
                config_dir: other.folder().to_owned(),
            };
        }
    }
    TranscriptFact::Missing {
        searched: std::iter::once(config)
            .chain(others)
            .map(ConfigDir::projects)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
    const MINTED: &str = "ffffffff-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    fn id() -> ClaudeSessionId {
        ID.parse().unwrap()
    }

    fn set() -> CurrentSessionId {
        CurrentSessionId::Set(id())
    }

    fn process() -> ProcessRef {
        ProcessRef { pid: 7, started: 1 }
    }

    fn missing(message_sent: bool) -> StartFacts {
        StartFacts {
            live: None,
            orphan: None,
            transcript: TranscriptFact::Missing {
                searched: vec!["/c/projects".into()],
            },
            message_sent,
            kept_copy: None,
        }
    }

    fn usable() -> StartFacts {
        StartFacts {
            transcript: TranscriptFact::Usable("/t".into()),
            ..missing(true)
        }
    }

    fn decide(current: &CurrentSessionId, facts: StartFacts) -> StartPlan {
        decide_start(current, facts, || MINTED.parse().unwrap())
    }

    fn cause(plan: StartPlan) -> ResumeCause {
        match plan {
            StartPlan::CannotResume(failure) => failure.cause,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_an_id_one_is_minted() {
        let plan = decide(&CurrentSessionId::Unset, missing(false));
        assert_eq!(plan, StartPlan::First(MINTED.parse().unwrap()));
        assert!(matches!(plan.conversation(), Some(Conversation::New(_))));
    }

    #[test]
    fn a_transcript_that_is_there_is_resumed() {
        for message_sent in [true, false] {
            let facts = StartFacts {
                message_sent,
                ..usable()
            };
            assert_eq!(decide(&set(), facts), StartPlan::Resume(id()));
        }
    }

    #[test]
    fn an_id_that_never_had_a_message_starts_again_under_the_same_id() {
        assert_eq!(decide(&set(), missing(false)), StartPlan::FirstAgain(id()));
    }

    #[test]
    fn a_conversation_whose_transcript_is_gone_or_unusable_starts_nothing() {
        assert!(matches!(
            cause(decide(&set(), missing(true))),
            ResumeCause::TranscriptMissing { .. }
        ));
        let kept = StartFacts {
            kept_copy: Some("/kept".into()),
            ..missing(false)
        };
        let StartPlan::CannotResume(failure) = decide(&set(), kept) else {
            panic!("a conversation that we kept was taken for none");
        };
        assert_eq!(failure.kept_copy, Some("/kept".into()));
        assert_eq!(failure.session_id, ID);
        for message_sent in [true, false] {
            let empty = StartFacts {
                transcript: TranscriptFact::Empty("/t".into()),
                ..missing(message_sent)
            };
            assert_eq!(
                cause(decide(&set(), empty)),
                ResumeCause::TranscriptEmpty("/t".into())
            );
            let elsewhere = StartFacts {
                transcript: TranscriptFact::Elsewhere {
                    path: "/o/t".into(),
                    config_dir: "/o".into(),
                },
                ..missing(message_sent)
            };
            assert!(matches!(
                cause(decide(&set(), elsewhere)),
                ResumeCause::TranscriptElsewhere { .. }
            ));
        }
    }

    #[test]
    fn never_two_processes_on_one_conversation() {
        let live = StartFacts {
            live: Some(process()),
            ..usable()
        };
        assert_eq!(
            cause(decide(&set(), live)),
            ResumeCause::LiveElsewhere(process())
        );
        for current in [set(), CurrentSessionId::Unset] {
            let orphan = StartFacts {
                orphan: Some(process()),
                ..usable()
            };
            assert_eq!(
                cause(decide(&current, orphan)),
                ResumeCause::OrphanAlive(process())
            );
        }
    }

    #[test]
    fn what_is_no_id_is_never_passed_on() {
        let plan = decide(
            &CurrentSessionId::Invalid("--continue".to_owned()),
            usable(),
        );
        let StartPlan::CannotResume(failure) = plan else {
            panic!("{plan:?}");
        };
        assert_eq!(failure.cause, ResumeCause::InvalidId);
        assert_eq!(failure.session_id, "--continue");
    }

    #[test]
    fn a_resume_that_ends_with_status_1_before_its_prompt_goes_the_same_way() {
        let refused = Exit {
            code: 1,
            signal: None,
        };
        let failure = after_resume(&id(), refused, false, usable()).unwrap();
        assert_eq!(failure.cause, ResumeCause::Refused(refused));
        let gone = after_resume(&id(), refused, false, missing(true)).unwrap();
        assert!(matches!(gone.cause, ResumeCause::TranscriptMissing { .. }));
        assert_eq!(after_resume(&id(), refused, true, usable()), None);
        let hung_up = Exit {
            code: 129,
            signal: Some(1),
        };
        assert_eq!(after_resume(&id(), hung_up, false, usable()), None);
    }

    #[test]
    fn the_facts_are_read_from_the_folders() {
        let root = tempfile::tempdir().unwrap();
        let config = ConfigDir::moved_to(root.path().join("config"));
        let other = ConfigDir::moved_to(root.path().join("other"));
        let kept = root.path().join("kept");
        let read = || {
            facts(
                &id(),
                "/p",
                &config,
                std::slice::from_ref(&other),
                &kept,
                true,
                None,
            )
        };
        let searched = vec![config.projects(), other.projects()];
        assert_eq!(read().transcript, TranscriptFact::Missing { searched });
        let write = |config: &ConfigDir, text: &str| {
            let path = config.projects().join("-p").join(format!("{ID}.jsonl"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let line = r#"{"type":"user","uuid":"x","cwd":"/p"}"#;
        let elsewhere = write(&other, line);
        let expected = TranscriptFact::Elsewhere {
            path: elsewhere,
            config_dir: other.folder().to_owned(),
        };
        assert_eq!(read().transcript, expected);
        let empty = write(&config, "");
        assert_eq!(read().transcript, TranscriptFact::Empty(empty));
        let path = write(&config, line);
        let kept_copy = kept::keep(&path, &kept).unwrap();
        assert_eq!(read().transcript, TranscriptFact::Usable(path));
        assert_eq!(read().kept_copy, Some(kept_copy));
    }
}
