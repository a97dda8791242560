//! Hands Tauri the configuration of the empty window.

use std::process::ExitCode;

use tauri_build::Attributes;

fn main() -> ExitCode {
    // The window has no capabilities. Named, their folder is not watched: cargo takes a folder that is not there for one
    // that changed, and would build the bench anew each time.
    let attributes = Attributes::new().capabilities_path_pattern("capabilities/**/*");
    match tauri_build::try_build(attributes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
