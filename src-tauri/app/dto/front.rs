//! What the page has in front.

use serde::Deserialize;
use ts_rs::TS;

/// What the page has in front: the menu bar and the notifications go by it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FrontView {
    /// The selected project.
    pub project_id: Option<String>,
    /// Its terminal in front: `claude` or `shell-N`.
    pub terminal: Option<String>,
    /// Whether text in it is selected.
    pub has_selection: bool,
    /// Whether a dialog of the page waits for an answer.
    pub dialog_open: bool,
}
