//! What the window needs for its first picture.

use std::collections::BTreeMap;

use serde::Serialize;
use ts_rs::TS;

use super::{Notice, Preferences, ProjectsUpdate, StoreView};

/// Everything the window needs for its first picture.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// The list of projects, or a beginning of it with the one to show.
    pub projects: ProjectsUpdate,
    /// What the person chose.
    pub preferences: Preferences,
    /// The store in use, and how it is.
    pub store: StoreView,
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
    /// The shell that was in front of a project last, where it was not claude, by the project's id.
    pub fronts: BTreeMap<String, String>,
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
