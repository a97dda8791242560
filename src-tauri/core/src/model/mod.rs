//! Plain types and rules. No IO and no clock: time is passed in.

mod ids;
mod lineage;
mod machine;
mod milestone;
mod project;
mod screen_text;
mod session;

pub use ids::{ClaudeSessionId, InvalidId, MilestoneId, ProjectId, TerminalKey};
pub use lineage::{LineageEntry, SessionSource};
pub use machine::{Lease, Machine, TranscriptPlace};
pub use milestone::{Milestone, MilestoneStatus};
pub use project::{CurrentSessionId, DisplayMode, LaunchOptions, OutputProject, ProjectStatus};
pub use screen_text::{Prompt, ScreenText, TextCell, as_taken};
pub use session::{Ask, Exit, SessionState, TerminalSize, is_invisible, one_line};
