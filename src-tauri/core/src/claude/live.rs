//! `<config>/sessions/<pid>.json`: what a running CLI says of itself.
//!
//! The format is not documented; every field but the id is optional here. A file stays when
//! its process is killed, so it counts only while that very process lives: its id and its
//! start time (`procStart`, on Linux the value of [`ProcessRef::started`]) must agree.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::ClaudeSessionId;
use crate::process::{self, ProcessRef};

use super::config::ConfigDir;

/// A session of a process that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// The CLI's own process.
    pub process: ProcessRef,
    /// The conversation it is in now.
    pub session_id: ClaudeSessionId,
    /// What it does; none while it starts, or where a version does not tell.
    pub status: Option<LiveStatus>,
    /// Whether it belongs to a terminal, and not to the CLI's background daemon.
    pub interactive: bool,
    /// Where it runs.
    pub cwd: Option<String>,
}

/// The CLI's `status`, with `waitingFor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveStatus {
    /// At the prompt.
    Idle,
    /// A turn, a retry or a `!` command runs.
    Busy,
    /// A question is open, and what kind.
    Waiting(String),
    /// At the prompt, a background shell still runs.
    Shell,
    /// A word that is not known here.
    Other(String),
}

/// A session file that cannot be read now. It is rewritten in place: read it again.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The file or its folder cannot be read.
    #[error("{path:?} cannot be read: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not what a session file looks like.
    #[error("{path:?} is not a session file: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Far more than the CLI writes.
const LIMIT_BYTES: u64 = 256 * 1024;

/// The session of the process `pid`: none without a file or where the file is another,
/// earlier process's.
pub fn of_process(config: &ConfigDir, pid: u32) -> Result<Option<LiveSession>, LiveError> {
    let path = config.sessions().join(format!("{pid}.json"));
    let Some(file) = read(&path)? else {
        return Ok(None);
    };
    let wrong = |reason: String| LiveError::Format {
        path: path.clone(),
        reason,
    };
    let file: File = serde_json::from_slice(&file).map_err(|error| wrong(error.to_string()))?;
    if file.pid != pid {
        return Err(wrong(format!("it says that its process is {}", file.pid)));
    }
    let Some(process) = ProcessRef::of(pid) else {
        return Ok(None);
    };
    if file
        .proc_start
        .as_ref()
        .is_some_and(|start| *start != process.started.to_string())
    {
        return Ok(None);
    }
    let session_id = file
        .session_id
        .parse()
        .map_err(|error: crate::model::InvalidId| wrong(error.to_string()))?;
    let status = file.status.map(|word| match word.as_str() {
        "idle" => LiveStatus::Idle,
        "busy" => LiveStatus::Busy,
        "shell" => LiveStatus::Shell,
        "waiting" => LiveStatus::Waiting(file.waiting_for.unwrap_or_default()),
        _ => LiveStatus::Other(word),
    });
    Ok(Some(LiveSession {
        process,
        session_id,
        status,
        interactive: file.kind.is_none_or(|kind| kind == "interactive"),
        cwd: file.cwd,
    }))
}

/// All live processes that have this conversation open.
pub fn with_session_id(
    config: &ConfigDir,
    id: &ClaudeSessionId,
) -> Result<Vec<LiveSession>, LiveError> {
    Ok(all(config)?
        .into_iter()
        .filter(|session| session.session_id == *id)
        .collect())
}

/// The session of the program in our terminal: of `child` itself or, where a wrapper script
/// was started, of the descendant nearest to it. Sessions that claude's own tools start lie
/// deeper.
pub fn of_child(config: &ConfigDir, child: u32) -> Result<Option<LiveSession>, LiveError> {
    if let Some(session) = of_process(config, child)? {
        return Ok(Some(session));
    }
    Ok(all(config)?
        .into_iter()
        .filter(|session| session.interactive)
        .filter_map(|session| {
            let depth = process::generations_below(session.process.pid, child)?;
            Some((depth, session))
        })
        .min_by_key(|(depth, session)| (*depth, session.process.started, session.process.pid))
        .map(|(_, session)| session))
}

/// All live sessions. A file that cannot be read as one is passed over: it may be of another
/// version, and it is not known to be ours.
pub fn all(config: &ConfigDir) -> Result<Vec<LiveSession>, LiveError> {
    let folder = config.sessions();
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(LiveError::Io {
                path: folder,
                error,
            });
        }
    };
    Ok(entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name();
            let pid = name.to_str()?.strip_suffix(".json")?.parse().ok()?;
            of_process(config, pid).ok().flatten()
        })
        .collect())
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, LiveError> {
    let io = |error| LiveError::Io {
        path: path.to_owned(),
        error,
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut bytes = Vec::new();
    file.take(LIMIT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(LiveError::Format {
            path: path.to_owned(),
            reason: format!("it is longer than {LIMIT_BYTES} bytes"),
        });
    }
    Ok(Some(bytes))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    pid: u32,
    session_id: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    proc_start: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    waiting_for: Option<String>,
}

#[cfg(test)]
#[cfg(target_os = "linux")]
pub(super) mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    pub const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    /// A process that lives until its standard input closes, with this test at the latest.
    pub struct Living(pub Child);

    impl Living {
        pub fn start() -> Self {
            let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
            Self(child)
        }

        pub fn pid(&self) -> u32 {
            self.0.id()
        }
    }

    impl Drop for Living {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    pub fn config() -> (tempfile::TempDir, ConfigDir) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sessions")).unwrap();
        let config = ConfigDir::moved_to(folder.path().to_owned());
        (folder, config)
    }

    /// Writes the session file of a living process as the CLI does, in place.
    pub fn write(config: &ConfigDir, pid: u32, id: &str, more: &str) {
        let start = ProcessRef::of(pid).unwrap().started;
        let json = format!(
            r#"{{"pid":{pid},"sessionId":"{id}","cwd":"/p","procStart":"{start}","kind":"interactive"{more}}}"#
        );
        std::fs::write(config.sessions().join(format!("{pid}.json")), json).unwrap();
    }

    #[test]
    fn a_living_processs_file_is_read() {
        let (_folder, config) = config();
        let living = Living::start();
        assert_eq!(of_process(&config, living.pid()).unwrap(), None);
        for (more, status) in [
            ("", None),
            (r#","status":"idle""#, Some(LiveStatus::Idle)),
            (r#","status":"busy","x":[1]"#, Some(LiveStatus::Busy)),
            (r#","status":"shell""#, Some(LiveStatus::Shell)),
            (
                r#","status":"waiting","waitingFor":"input needed""#,
                Some(LiveStatus::Waiting("input needed".to_owned())),
            ),
            (
                r#","status":"asleep""#,
                Some(LiveStatus::Other("asleep".to_owned())),
            ),
        ] {
            write(&config, living.pid(), ID, more);
            let session = of_process(&config, living.pid()).unwrap().unwrap();
            assert_eq!(session.status, status);
            assert_eq!(session.session_id.as_str(), ID);
            assert!(session.interactive);
        }
    }

    #[test]
    fn a_file_left_by_a_killed_process_is_nobodys_also_when_its_number_is_used_again() {
        let (_folder, config) = config();
        let pid = {
            let gone = Living::start();
            write(&config, gone.pid(), ID, "");
            gone.pid()
        };
        assert_eq!(of_process(&config, pid).unwrap(), None);
        let living = Living::start();
        let json = format!(
            r#"{{"pid":{},"sessionId":"{ID}","procStart":"1"}}"#,
            living.pid()
        );
        std::fs::write(
            config.sessions().join(format!("{}.json", living.pid())),
            json,
        )
        .unwrap();
        assert_eq!(of_process(&config, living.pid()).unwrap(), None);
        assert_eq!(all(&config).unwrap(), []);
    }

    #[test]
    fn what_is_no_session_file_is_an_error_by_process_and_passed_over_in_the_list() {
        let (_folder, config) = config();
        let living = Living::start();
        let file = config.sessions().join(format!("{}.json", living.pid()));
        for text in ["", "{", "[]", r#"{"pid":1,"sessionId":"x"}"#] {
            std::fs::write(&file, text).unwrap();
            let error = of_process(&config, living.pid()).unwrap_err();
            assert!(matches!(error, LiveError::Format { .. }), "{error}");
        }
        std::fs::write(config.sessions().join("x.json"), "{}").unwrap();
        std::fs::write(config.sessions().join("notes.txt"), "{}").unwrap();
        assert_eq!(all(&config).unwrap(), []);
    }

    #[test]
    fn the_processes_of_a_conversation_are_found_by_its_id() {
        let (_folder, config) = config();
        let (one, other) = (Living::start(), Living::start());
        let other_id = ID.replace('0', "f");
        write(&config, one.pid(), ID, "");
        write(&config, other.pid(), &other_id, "");
        let found = with_session_id(&config, &ID.parse().unwrap()).unwrap();
        let pids: Vec<u32> = found.iter().map(|session| session.process.pid).collect();
        assert_eq!(pids, [one.pid()]);
    }

    #[test]
    fn below_a_wrapper_the_nearest_session_is_ours_and_a_background_one_is_not() {
        let (_folder, config) = config();
        let living = Living::start();
        // This test process is the wrapper.
        let wrapper = std::process::id();
        write(&config, living.pid(), ID, "");
        let found = of_child(&config, wrapper).unwrap().unwrap();
        assert_eq!(found.process.pid, living.pid());
        let file = config.sessions().join(format!("{}.json", living.pid()));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("interactive", "bg")).unwrap();
        assert_eq!(of_child(&config, wrapper).unwrap(), None);
    }
}
