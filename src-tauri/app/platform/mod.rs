//! What differs between systems. Another system needs a module with the same functions.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(target_os = "linux")]
mod notifications;
#[cfg(target_os = "linux")]
pub use notifications::Notifications;
#[cfg(target_os = "linux")]
mod tray;
#[cfg(target_os = "linux")]
pub use tray::TrayIcon;

use crate::dto::Platform;

/// The system, as the window names it.
pub fn system() -> Platform {
    match std::env::consts::OS {
        "macos" => Platform::Mac,
        "windows" => Platform::Windows,
        _ => Platform::Linux,
    }
}
