//! `reprise_core::claude` against the real Claude Code CLI, which talks to the loopback API of
//! `tests/fake-claude-api` and has a home folder of its own.
//!
//! The CLI is `REPRISE_TEST_CLAUDE`, or the one that `ui/package.json` pins. A version that
//! passes here is one that Reprise can use: `OLDEST_VERSION` is the oldest that does.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod conversation;
mod headless;
#[path = "../../../../tests/support/real_claude.rs"]
mod real_claude;
mod start;
mod terminal;
mod world;
