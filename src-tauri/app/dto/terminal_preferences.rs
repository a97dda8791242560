//! How terminals look and behave, as the person chose it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How terminals look and behave. The size of the text stands beside it, in
/// [`super::Preferences::font_size`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct TerminalPreferences {
    /// The family of the text; none for the window's own.
    pub font_family: Option<String>,
    /// The height of a line, in sizes of the text.
    pub line_height: f64,
    /// The cursor of a program that asked for none.
    pub cursor_style: CursorStyle,
    /// Whether that cursor blinks.
    pub cursor_blink: bool,
    /// The colours while the window is light.
    pub light_theme: TerminalTheme,
    /// The colours while the window is dark.
    pub dark_theme: TerminalTheme,
    /// The least contrast of text with what is behind it, as a ratio of WCAG; 1 changes nothing.
    pub minimum_contrast: f64,
    /// What a bell does whose terminal the person looks at.
    pub bell: Bell,
    /// Whether a terminal that rings unseen is marked, and the window asks for attention.
    pub bell_marks: bool,
    /// Whether a screen reader is given the lines of terminals.
    pub screen_reader: bool,
    /// What draws terminals.
    pub renderer: Renderer,
    /// How many lines of scrollback a terminal keeps that is started from now on.
    pub scrollback_lines: u32,
}

/// The shape of a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CursorStyle {
    /// The whole cell.
    Block,
    /// A line before the character.
    Bar,
    /// A line below the character.
    Underline,
}

/// What draws a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Renderer {
    /// Elements of the page.
    Dom,
    /// The graphics card.
    Webgl,
}

/// What a program's bell does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Bell {
    /// Nothing.
    Off,
    /// It is seen for a moment.
    Flash,
    /// It sounds, as the system's bell does.
    Sound,
}

/// The colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TerminalTheme {
    /// The window's own.
    Reprise,
    /// Solarized Light.
    SolarizedLight,
    /// Solarized Dark.
    SolarizedDark,
    /// Gruvbox Light.
    GruvboxLight,
    /// Gruvbox Dark.
    GruvboxDark,
    /// Dracula.
    Dracula,
    /// Nord.
    Nord,
    /// One Light.
    OneLight,
    /// One Dark.
    OneDark,
    /// Catppuccin Latte.
    CatppuccinLatte,
    /// Catppuccin Mocha.
    CatppuccinMocha,
    /// Tokyo Night Day.
    TokyoNightDay,
    /// Tokyo Night.
    TokyoNight,
}

impl Default for TerminalPreferences {
    fn default() -> Self {
        Self {
            font_family: None,
            line_height: 1.4,
            cursor_style: CursorStyle::Block,
            cursor_blink: false,
            light_theme: TerminalTheme::Reprise,
            dark_theme: TerminalTheme::Reprise,
            // Claude Code's dark theme in a light window: white can be seen, and the orange, at
            // 3.1, keeps its colour; 4.5 would darken it. Our own colours are all above.
            minimum_contrast: 3.0,
            bell: Bell::Flash,
            bell_marks: true,
            screen_reader: false,
            // Measured on WebKitGTK: less memory, and a key is sooner on the screen.
            renderer: Renderer::Dom,
            scrollback_lines: 10_000,
        }
    }
}
