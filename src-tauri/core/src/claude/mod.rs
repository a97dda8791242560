//! Everything Reprise knows about the Claude Code CLI: where it is, how it is started, what
//! it tells of itself while it runs, and which conversation a start takes up.
//!
//! No terminal, no store and no socket here. Facts about the CLI were observed with version
//! 2.1.329; `tests/claude_cli` checks those that this code relies on against the real one.

pub mod capture;
pub mod cli;
pub mod config;
pub mod environment;
pub mod follow;
pub mod hooks;
pub mod kept;
pub mod launch;
pub mod live;
pub mod login_env;
pub mod prompt;
pub mod resume;
mod run;
pub mod said;
pub mod state;
pub mod stream;
mod tool_input;
pub mod transcript;
pub mod trust;
pub mod version;
mod watch;

pub use capture::capture_session_id_from_line;
