//! A terminal that outlives its viewers: the host that owns it, and how to reach it.

pub mod client;
pub mod find;
pub mod host;
pub mod hosts;
pub mod journal;
pub mod launch;
pub mod lock;
pub mod protocol;
pub mod pty;
pub mod queue;
pub mod screen;
pub mod unattended;
