//! What crosses between the app and its window: plain data, camelCase in JavaScript.
//!
//! `ui/src/bindings/index.ts` is generated from this file and committed;
//! a test fails when the two differ.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything the window needs for its first picture.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// All projects, in their stable order.
    pub projects: Vec<ProjectView>,
    /// What the person chose.
    pub preferences: Preferences,
    /// Conditions the person should know of.
    pub notices: Vec<Notice>,
    /// The language to speak: the preference, else the system's.
    pub locale: Locale,
    /// The system the app runs on.
    pub platform: Platform,
    /// The person's home folder, to be shown as `~`.
    pub home: String,
    /// Reprise's version.
    pub version: String,
    /// Whether Claude Code can be started.
    pub claude: ClaudeCheck,
    /// The project to show: the one named on the command line, else the last one.
    pub show: Option<String>,
}

/// A language the window speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub enum Locale {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Brazilian Portuguese.
    #[serde(rename = "pt-BR")]
    BrazilianPortuguese,
}

/// The system the app runs on; shortcuts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

/// What was found when Claude Code was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ClaudeCheck {
    /// It can be started.
    Found {
        /// The program.
        path: String,
        /// Its version.
        version: String,
    },
    /// Not found anywhere.
    Missing {
        /// The places that were looked at.
        searched: Vec<String>,
    },
    /// Older than what Reprise works with.
    TooOld {
        /// The program.
        path: String,
        /// Its version.
        version: String,
        /// The oldest version that works.
        oldest: String,
    },
    /// Found, but it does not start.
    Broken {
        /// The program.
        path: String,
        /// What it did.
        reason: String,
    },
    /// Not looked for yet; the `notices-changed` event follows when it was.
    Unchecked,
}

/// A project, together with its live terminals.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectView {
    /// 24 hexadecimal digits.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// The absolute path of its folder.
    pub workspace_path: String,
    /// The stored status, not the state of a session.
    pub status: ProjectStatus,
    /// The current conversation's id.
    pub session_id: Option<String>,
    /// What the store holds instead of an id, where that is no UUID.
    pub invalid_session_id: Option<String>,
    /// The live terminal that runs Claude Code.
    pub live: Option<TerminalView>,
    /// Its live shells, by number.
    pub shells: Vec<TerminalView>,
    /// How the last session ended, where its host wrote it down.
    pub last_end: Option<LastEnd>,
    /// When its conversation was last used.
    #[ts(type = "string | null")]
    pub last_used_at: Option<Timestamp>,
    /// Whether `last_picture` has something to show.
    pub has_picture: bool,
    /// How Claude Code is started for it.
    pub launch: LaunchOptions,
}

/// The stored status of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProjectStatus {
    /// Known, nothing done yet.
    Created,
    /// Its workspace is prepared.
    Initialized,
    /// A session was started in it.
    Active,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LastEnd {
    /// The exit code; for a signal 128 plus its number.
    pub code: i32,
    /// The signal, where one ended it.
    pub signal: Option<i32>,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
}

/// A live terminal.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TerminalView {
    /// The project it belongs to.
    pub project_id: String,
    /// `claude` or `shell-N`.
    pub terminal: String,
    /// What its program does.
    pub state: TerminalState,
    /// Since when it is in this state.
    #[ts(type = "string")]
    pub since: Timestamp,
    /// The host's process id.
    pub host_pid: u32,
    /// The program's process id.
    pub program_pid: Option<u32>,
    /// Columns of its grid.
    pub cols: u16,
    /// Rows of its grid.
    pub rows: u16,
    /// When its program was started.
    #[ts(type = "string")]
    pub started_at: Timestamp,
    /// How many viewers are attached.
    pub clients: u32,
    /// The title its program gave it.
    pub title: Option<String>,
    /// The progress its program reports, in percent.
    pub progress: Option<u8>,
    /// Whether its host is of another version and should be started again when idle.
    pub waits_for_restart: bool,
}

/// The state of a live terminal, in the words of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TerminalState {
    /// Started, not at its prompt yet.
    Starting,
    /// At the prompt.
    Idle,
    /// A turn runs.
    Working,
    /// A permission prompt is open.
    Permission,
    /// A question or a dialog is open.
    Question,
    /// At the prompt, a background shell runs.
    Shell,
    /// The program is gone.
    Ended {
        /// The exit code; for a signal 128 plus its number.
        code: i32,
        /// The signal, where one ended it.
        signal: Option<i32>,
    },
    /// Nothing reliable is known.
    Unknown,
}

/// The size of a terminal's grid, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GridSize {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

/// The colours a viewer shows: what the host answers when a program asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TerminalPalette {
    /// `#rrggbb`.
    pub foreground: String,
    /// `#rrggbb`.
    pub background: String,
    /// `#rrggbb`.
    pub cursor: String,
    /// The 16 ANSI colours, each `#rrggbb`.
    pub ansi: Vec<String>,
    /// Whether the theme is dark.
    pub dark: bool,
}

/// What the person chose where a conversation could not simply be resumed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StartChoice {
    /// A new, empty conversation.
    StartFresh,
    /// An id of the project's lineage.
    ResumeEarlier {
        /// Which one.
        session_id: String,
    },
    /// Put the kept copy of the transcript back and resume it.
    PutTranscriptBack,
    /// Try the stored id once more.
    TryAgain,
}

/// What `start_session` came to.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StartOutcome {
    /// The terminal lives: it was there or was started.
    Live {
        /// The terminal to attach to.
        terminal: TerminalView,
    },
    /// Nothing was started: the person chooses.
    CannotResume {
        /// Why, and what is possible.
        failure: ResumeFailure,
    },
}

/// Why a conversation was not resumed, and what can be done.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ResumeFailure {
    /// The reason.
    pub cause: ResumeFailureCause,
    /// The id as the store holds it; for `invalidId` this is no UUID.
    pub session_id: String,
    /// The project's folder.
    pub workspace_path: String,
    /// When the conversation was last used, where that is known.
    #[ts(type = "string | null")]
    pub last_used_at: Option<Timestamp>,
    /// Where its transcript was looked for.
    pub searched: Vec<String>,
    /// What the system or Claude Code said, for `transcriptUnreadable` and `refused`.
    pub reason: Option<String>,
    /// The id that this machine's session came to, for `conflict`; it is among `earlier`.
    pub other_id: Option<String>,
    /// The process that has the conversation, for `liveElsewhere` and `orphanAlive`.
    pub pid: Option<u32>,
    /// The configuration folder the transcript belongs to, for `transcriptElsewhere`.
    pub other_folder: Option<String>,
    /// Our own copy of the transcript, where one was kept.
    pub kept_copy: Option<String>,
    /// The lineage's other ids, newest first.
    pub earlier: Vec<EarlierSession>,
}

/// Why a conversation was not resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ResumeFailureCause {
    /// The transcript is there and empty or damaged.
    TranscriptEmpty,
    /// The transcript is nowhere.
    TranscriptMissing,
    /// The transcript belongs to another folder.
    TranscriptElsewhere,
    /// Another process has this conversation open.
    LiveElsewhere,
    /// The store holds a text that is no UUID.
    InvalidId,
    /// Our own claude still lives without its host and did not end.
    OrphanAlive,
    /// The folder of the transcripts cannot be read, so nothing is known of it.
    TranscriptUnreadable,
    /// Claude Code was started to resume it and ended at once.
    Refused,
    /// The store holds one id, and the session on this machine came to another.
    Conflict,
}

/// An id of the project's lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EarlierSession {
    /// The conversation's id.
    pub session_id: String,
    /// How the project came to it.
    pub source: SessionSource,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Whether a message was ever sent under it.
    pub message_sent: bool,
    /// Whether it can be resumed now.
    pub resumable: bool,
}

/// How a project came to a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SessionSource {
    /// Minted for a first start.
    Startup,
    /// An existing conversation was taken up.
    Resume,
    /// `/clear` began a new one.
    Clear,
    /// Copied from another.
    Fork,
    /// Brought from elsewhere.
    Import,
    /// Nothing said why.
    Unknown,
}

/// How Claude Code is started for one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LaunchOptions {
    /// The value of `--permission-mode`.
    pub permission_mode: Option<String>,
    /// The value of `--model`.
    pub model: Option<String>,
    /// Further arguments.
    pub extra_args: Vec<String>,
    /// Variables added to the environment.
    pub env: BTreeMap<String, String>,
    /// Full screen, or the ordinary screen with its scrollback.
    pub display: DisplayMode,
}

/// Which of Claude Code's displays a project uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DisplayMode {
    /// The alternate screen.
    FullScreen,
    /// The ordinary screen.
    Scrollback,
}

/// What the person chose for the app as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    /// Light, dark, or as the system.
    pub theme: Theme,
    /// The terminal's font size, in CSS pixels.
    pub font_size: f64,
    /// The language.
    pub locale: LocaleChoice,
    /// The sidebar's width, in CSS pixels.
    pub sidebar_width: f64,
    /// Whether the sidebar is reduced to its rail.
    pub sidebar_collapsed: bool,
    /// What closing the window does to running sessions.
    pub on_close: OnClose,
    /// The project that was shown last.
    pub last_project: Option<String>,
    /// The Claude Code program to run; none: look for it.
    pub claude_path: Option<String>,
}

/// Some preferences to change; those left out stay.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, TS)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[ts(optional_fields)]
pub struct PreferencesPatch {
    /// See [`Preferences::theme`].
    pub theme: Option<Theme>,
    /// See [`Preferences::font_size`].
    pub font_size: Option<f64>,
    /// See [`Preferences::locale`].
    pub locale: Option<LocaleChoice>,
    /// See [`Preferences::sidebar_width`].
    pub sidebar_width: Option<f64>,
    /// See [`Preferences::sidebar_collapsed`].
    pub sidebar_collapsed: Option<bool>,
    /// See [`Preferences::on_close`].
    pub on_close: Option<OnClose>,
    /// See [`Preferences::last_project`]; null forgets it.
    #[serde(deserialize_with = "given")]
    pub last_project: Option<Option<String>>,
    /// See [`Preferences::claude_path`]; null goes back to looking for it.
    #[serde(deserialize_with = "given")]
    pub claude_path: Option<Option<String>>,
}

/// Tells null, which is a value, from a field that was left out.
fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Light, dark, or as the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The language, or the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub enum LocaleChoice {
    /// As the system.
    #[serde(rename = "system")]
    System,
    /// English.
    #[serde(rename = "en")]
    English,
    /// Brazilian Portuguese.
    #[serde(rename = "pt-BR")]
    BrazilianPortuguese,
}

/// What closing the window does to running sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OnClose {
    /// Ask.
    Ask,
    /// They go on.
    Keep,
    /// They are ended.
    End,
}

/// The answer to the question that closing the window asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CloseDecision {
    /// Sessions go on.
    Keep,
    /// Sessions are ended.
    End,
}

/// A condition the person should know of.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Notice {
    /// The database was damaged; it was kept aside and a new one begun.
    StoreSetAside {
        /// The database's file.
        file: String,
        /// Where the damaged one is.
        kept_as: String,
    },
    /// The database cannot be used. Live terminals go on.
    StoreUnavailable {
        /// What happened and what to do.
        error: CommandError,
    },
    /// The preferences were damaged; they were kept aside and the defaults are in use.
    PreferencesSetAside {
        /// The preferences' file.
        file: String,
        /// Where the damaged one is.
        kept_as: String,
    },
    /// The preferences cannot be read or written; changes last until the app ends.
    PreferencesUnavailable {
        /// The preferences' file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// Hosts of another version of Reprise. They work; restart them when idle.
    HostsWaitForRestart {
        /// Their terminals.
        terminals: Vec<TerminalRef>,
    },
    /// The folder named on the command line could not be opened.
    OpenRefused {
        /// What happened and what to do.
        error: CommandError,
    },
    /// The window's web process ended unexpectedly and was loaded again.
    WebProcessRestarted {
        /// How often since the app started.
        times: u32,
    },
}

/// Names a terminal of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TerminalRef {
    /// The project.
    pub project_id: String,
    /// `claude` or `shell-N`.
    pub terminal: String,
}

/// Why a command was not done, for the person to read.
///
/// The window translates by `code` with `params`; `message` and `hint` are the English words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// What kind of failure it is.
    pub code: ErrorCode,
    /// What happened, to what.
    pub message: String,
    /// What the person can do.
    pub hint: Option<String>,
    /// The values in the message, by name.
    pub params: BTreeMap<String, String>,
}

/// The kinds of failure; beside each the names of its params.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// `path`
    FolderMissing,
    /// `path`
    FolderNotAFolder,
    /// `path`, `reason`
    FolderUnreadable,
    /// `path`
    FolderNameNotText,
    /// `path`, `project`: another project has this folder.
    FolderTaken,
    /// `project`
    ProjectUnknown,
    /// `name`: a project whose terminals run cannot be moved or removed.
    ProjectLive,
    /// `project`, `terminal`
    TerminalUnknown,
    /// The attachment is gone, together with its connection.
    AttachmentUnknown,
    /// `file`, `reason`
    StoreUnavailable,
    /// `file`
    StoreReadOnly,
    /// `file`
    DiskFull,
    /// `expected`, `found`: another window or machine changed the session id.
    SessionConflict,
    /// `searched`
    ClaudeMissing,
    /// `path`, `version`, `oldest`
    ClaudeTooOld,
    /// `path`, `reason`: found, but it does not start.
    ClaudeBroken,
    /// `argument`: an extra argument that Reprise sets itself.
    LaunchOptionRefused,
    /// `reason`
    HostNotStarted,
    /// `terminal`, `reason`
    HostUnreachable,
    /// `terminal`, `reason`: the host said no.
    HostRefused,
    /// `file`, `reason`
    PreferencesNotSaved,
    /// `reason`
    ClipboardUnavailable,
    /// `url`: not a link that Reprise opens.
    LinkRefused,
    /// `reason`
    InvalidRequest,
    /// `reason`: nothing the person did.
    Internal,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            font_size: 13.0,
            locale: LocaleChoice::System,
            sidebar_width: 256.0,
            sidebar_collapsed: false,
            on_close: OnClose::Ask,
            last_project: None,
            claude_path: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/bindings/index.ts");

    /// The whole TypeScript file.
    fn bindings() -> String {
        let config = ts_rs::Config::new().with_large_int("number");
        let mut text = String::from(
            "// Generated from src-tauri/app/dto.rs by a test there. Do not edit.\n\
             /* eslint-disable */\n",
        );
        macro_rules! declare {
            ($($type:ty),+ $(,)?) => {$(
                text.push('\n');
                text.push_str(&<$type>::docs().unwrap_or_default());
                text.push_str("export ");
                text.push_str(&<$type>::decl(&config));
                text.push('\n');
            )+};
        }
        declare!(
            Bootstrap,
            Locale,
            Platform,
            ClaudeCheck,
            ProjectView,
            ProjectStatus,
            LastEnd,
            TerminalView,
            TerminalState,
            GridSize,
            TerminalPalette,
            StartChoice,
            StartOutcome,
            ResumeFailure,
            ResumeFailureCause,
            EarlierSession,
            SessionSource,
            LaunchOptions,
            DisplayMode,
            Preferences,
            PreferencesPatch,
            Theme,
            LocaleChoice,
            OnClose,
            CloseDecision,
            Notice,
            TerminalRef,
            CommandError,
            ErrorCode,
        );
        text
    }

    #[test]
    fn the_committed_bindings_are_those_of_this_file() {
        let wanted = bindings();
        if std::env::var_os("REPRISE_WRITE_BINDINGS").is_some() {
            std::fs::write(FILE, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            found == wanted,
            "{FILE} is stale: run `REPRISE_WRITE_BINDINGS=1 cargo test -p reprise bindings` and commit the file"
        );
    }

    #[test]
    fn a_patch_tells_null_from_a_field_left_out() {
        let patch: PreferencesPatch = serde_json::from_str(r#"{"claudePath":null}"#).unwrap();
        assert_eq!(patch.claude_path, Some(None));
        assert_eq!(patch.last_project, None);
        assert!(serde_json::from_str::<PreferencesPatch>(r#"{"fontsize":3}"#).is_err());
    }

    #[test]
    fn preferences_written_by_an_older_version_get_the_defaults_for_what_is_new() {
        let read: Preferences = serde_json::from_str(r#"{"theme":"dark"}"#).unwrap();
        assert_eq!(
            read,
            Preferences {
                theme: Theme::Dark,
                ..Preferences::default()
            }
        );
    }
}
