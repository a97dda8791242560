//! Hosts as real processes, with real shells and the real Claude Code CLI in them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attach;
mod claude;
mod floods;
mod host;
mod lines;
#[path = "../support/mongod.rs"]
mod mongod;
mod phases;
mod queue;
#[path = "../support/real_claude.rs"]
mod real_claude;
mod send;
mod states;
mod store;
mod team;
mod typed;
mod unattended;
mod viewer;
mod world;
