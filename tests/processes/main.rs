//! Hosts as real processes, with real shells and the real Claude Code CLI in them.

#![allow(clippy::unwrap_used)]

mod host;
mod viewer;
mod world;
