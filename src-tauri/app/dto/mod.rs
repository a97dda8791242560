//! What crosses between the app and its window: plain data, camelCase in JavaScript.
//!
//! `ui/src/bindings/index.ts` is generated from this module and committed;
//! a test fails when the two differ.

mod bootstrap;
mod files;
mod front;
mod import;
mod lines;
mod notice;
mod preferences;
mod project;
mod queue;
mod run;
mod start;
mod store;
mod terminal;
mod terminal_preferences;
mod work;

pub use bootstrap::{Bootstrap, ClaudeCheck, Locale, Platform};
pub use files::{EditorView, EditorsView, FilePosition, NamedFile};
pub use front::FrontView;
pub use import::{ImportDifference, ImportFate, ImportProgress, ImportReport, ImportedProject};
pub use lines::{FindOutcome, FindText, SavedText};
pub use notice::{CommandError, ErrorCode, Notice};
pub use preferences::{CloseDecision, LocaleChoice, OnClose, Preferences, PreferencesPatch, Theme};
pub use project::{
    DisplayMode, LastEnd, LaunchOptions, OnMachine, ProjectStatus, ProjectView, ProjectsUpdate,
    SessionSource,
};
pub use queue::{QueueChange, QueueOutcome, QueueWait, QueuedCommandState, QueuedCommandView};
pub use run::{AskView, RunResultView, RunStarted, RunView};
pub use start::{
    EarlierSession, ElsewhereView, ResumeFailure, ResumeFailureCause, StartChoice, StartOutcome,
};
pub use store::{
    ConflictWhat, ConnectionDraft, ConnectionParts, Contents, DatabaseKind, HostFound, KeepValue,
    LoggedIn, LoginAs, PasswordPlace, Rights, StoreChosen, StoreConflict, StoreKind, StoreLink,
    StoreTest, StoreView, Talk, TestStep, WaitingChange, WaitingWhat,
};
pub use terminal::{
    GridSize, ProgressKind, ProgressView, TerminalPalette, TerminalRef, TerminalState, TerminalView,
};
pub use terminal_preferences::{Bell, TerminalPreferences};
pub use work::{
    BackupView, MilestoneCommandKind, MilestoneCommandView, MilestoneStatus, MilestoneView,
    NewMilestone, PhaseStatus, PhaseView, PlannedMilestoneView, PlanningSource, PlanningView,
    ProjectWork, StartMilestoneOutcome,
};

#[cfg(test)]
mod tests {
    use ts_rs::TS;

    use super::preferences::ClipboardWrite;
    use super::terminal_preferences::{CursorStyle, Renderer, TerminalTheme};
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/bindings/index.ts");

    /// The whole TypeScript file.
    fn bindings() -> String {
        let config = ts_rs::Config::new().with_large_int("number");
        let mut text = String::from(
            "// Generated from src-tauri/app/dto by a test there. Do not edit.\n\
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
            ProjectsUpdate,
            ProjectStatus,
            OnMachine,
            LastEnd,
            TerminalView,
            TerminalState,
            QueuedCommandView,
            QueuedCommandState,
            QueueWait,
            QueueChange,
            QueueOutcome,
            AskView,
            RunView,
            RunStarted,
            RunResultView,
            GridSize,
            NamedFile,
            FilePosition,
            EditorsView,
            EditorView,
            FindText,
            FindOutcome,
            SavedText,
            TerminalPalette,
            StartChoice,
            StartOutcome,
            ResumeFailure,
            ResumeFailureCause,
            ElsewhereView,
            EarlierSession,
            SessionSource,
            LaunchOptions,
            DisplayMode,
            ProjectWork,
            MilestoneCommandView,
            MilestoneCommandKind,
            MilestoneView,
            MilestoneStatus,
            NewMilestone,
            PlanningView,
            PlanningSource,
            PlannedMilestoneView,
            PhaseView,
            PhaseStatus,
            BackupView,
            StartMilestoneOutcome,
            Preferences,
            PreferencesPatch,
            TerminalPreferences,
            CursorStyle,
            Renderer,
            Bell,
            TerminalTheme,
            Theme,
            LocaleChoice,
            OnClose,
            CloseDecision,
            FrontView,
            StoreView,
            StoreKind,
            StoreLink,
            PasswordPlace,
            WaitingChange,
            WaitingWhat,
            StoreConflict,
            ConflictWhat,
            KeepValue,
            ConnectionDraft,
            ConnectionParts,
            StoreTest,
            TestStep<ts_rs::Dummy>,
            HostFound,
            Talk,
            LoggedIn,
            LoginAs,
            Rights,
            Contents,
            DatabaseKind,
            StoreChosen,
            ImportReport,
            ImportedProject,
            ImportFate,
            ImportDifference,
            ImportProgress,
            Notice,
            TerminalRef,
            ProgressView,
            ProgressKind,
            ClipboardWrite,
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
