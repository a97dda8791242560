//! What a person does, in the real window, with the real Claude Code against the loopback API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod attach;
mod clear;
mod clipboard;
mod crashes;
mod desktop;
mod files;
mod find;
mod floods;
mod keyboard;
mod listener;
mod many;
mod milestones;
mod mouse;
mod outages;
mod phases;
mod progress;
mod queue;
mod reopen;
mod reports;
mod selection;
mod settings;
mod shells;
mod states;
mod store_settings;
mod team;
mod terminal_settings;
mod typing;
mod unattended;

#[path = "../support/mongod.rs"]
mod mongod;
#[path = "../window/mod.rs"]
mod window;
