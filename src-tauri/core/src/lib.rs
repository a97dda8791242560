//! The parts of Reprise that know no window: projects and their store, Claude Code's
//! sessions, and the host process that owns a terminal.
//!
//! `model` is plain types; `store`, `claude`, `session` and `planning` build on it and do
//! not know each other; `project_sessions` is the one place that composes them. See `ARCHITECTURE.md`.

pub mod claude;
pub mod fingerprint;
pub mod folders;
pub mod keyring;
pub mod machine;
pub mod model;
pub mod own_environment;
pub mod planning;
pub mod process;
pub mod project_sessions;
pub mod session;
pub mod store;
