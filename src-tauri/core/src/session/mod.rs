//! One terminal and its host: the screen, the PTY, the protocol and the journal.

pub mod screen;
