//! What the person chose for the app as a whole.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::TerminalPreferences;

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
    /// The width of the milestones panel, in CSS pixels.
    pub milestones_width: f64,
    /// Whether the milestones panel is shown where there is room for it.
    pub milestones_open: bool,
    /// Whether closing the window leaves the app in the tray, where there is one.
    pub close_to_tray: bool,
    /// Whether the person was told of that.
    pub tray_explained: bool,
    /// Whether there are desktop notifications at all.
    pub notifications: bool,
    /// The projects whose notifications the person does not want, by id.
    pub muted: Vec<String>,
    /// The connection string of the team's store, without its password; none for this
    /// computer's own. Changed by choosing a store only.
    pub store: Option<String>,
    /// How terminals look and behave.
    pub terminal: TerminalPreferences,
    /// The command that opens a file of a terminal: words as a shell splits them, with `{file}`,
    /// `{line}` and `{column}`; none for the system's program for text.
    pub editor: Option<String>,
    /// Whether programs in terminals may copy (OSC 52).
    pub clipboard_write: ClipboardWrite,
    /// Whether the person is asked before several lines are pasted into a program that would
    /// act on each of them.
    pub paste_warning: bool,
}

/// Whether programs in terminals may write to the clipboard. None ever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ClipboardWrite {
    /// The one in front may.
    Allow,
    /// None may.
    Deny,
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
    /// See [`Preferences::milestones_width`].
    pub milestones_width: Option<f64>,
    /// See [`Preferences::milestones_open`].
    pub milestones_open: Option<bool>,
    /// See [`Preferences::close_to_tray`].
    pub close_to_tray: Option<bool>,
    /// See [`Preferences::tray_explained`].
    pub tray_explained: Option<bool>,
    /// See [`Preferences::notifications`].
    pub notifications: Option<bool>,
    /// See [`Preferences::muted`].
    pub muted: Option<Vec<String>>,
    /// See [`Preferences::terminal`]; all of it.
    pub terminal: Option<TerminalPreferences>,
    /// See [`Preferences::editor`]; null goes back to the system's.
    #[serde(deserialize_with = "given")]
    pub editor: Option<Option<String>>,
    /// See [`Preferences::clipboard_write`].
    pub clipboard_write: Option<ClipboardWrite>,
    /// See [`Preferences::paste_warning`].
    pub paste_warning: Option<bool>,
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
            milestones_width: 304.0,
            milestones_open: true,
            close_to_tray: true,
            tray_explained: false,
            notifications: true,
            muted: Vec::new(),
            store: None,
            terminal: TerminalPreferences::default(),
            editor: None,
            clipboard_write: ClipboardWrite::Allow,
            paste_warning: true,
        }
    }
}
