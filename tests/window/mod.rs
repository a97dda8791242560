//! The real window in a world of its own: an X server, a session bus, a window manager, the
//! loopback API, the real Claude Code, and folders that nothing else uses. Everything in it
//! ends with the [`World`].
//!
//! Elements are found by role and name, as a person would who cannot see them; the terminal's
//! cells by `window.__reprise_viewer` (`ui/src/terminal/inspect.ts`).
#![allow(
    dead_code,
    unused_imports,
    reason = "each program that includes this uses its own part of it"
)]

mod accessibility;
mod api;
mod app;
mod bus;
mod display;
mod input_method;
mod mouse;
mod panel;
mod processes;
mod shells;
mod tmux;
mod viewer;
mod wait;
mod webdriver;
mod world;

pub use accessibility::MenuBar;
pub use app::App;
pub use input_method::{InputMethod, JAPANESE};
pub use mouse::{Cell, Wheel};
pub use panel::{MenuLine, Notifications, Panel};
pub use processes::{Process, is_alive, kill_now, living_in, program_of};
pub use tmux::Tmux;
pub use viewer::Viewer;
pub use wait::{QUICK, SLOW, wait_for, within};
pub use world::{Listed, World, repository};
