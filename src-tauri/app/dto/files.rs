//! Files that are named in a terminal.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A file or folder that a terminal's text names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NamedFile {
    /// Its absolute path, without links.
    pub path: String,
    /// The path within the workspace; none outside of it.
    pub within: Option<String>,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FilePosition {
    /// The line.
    pub line: u32,
    /// The column, where it is known.
    pub column: Option<u32>,
}

/// The editors to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EditorsView {
    /// The known ones, those that are installed first.
    pub known: Vec<EditorView>,
    /// The program of the chosen command, where it is not on this computer.
    pub missing: Option<String>,
}

/// An editor that many people have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EditorView {
    /// Which one it is: the usual name of its program.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The command for the preferences.
    pub command: String,
    /// Whether its program is on this computer.
    pub installed: bool,
}
