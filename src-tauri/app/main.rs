//! Reprise's window.

mod arguments;
mod attachments;
mod bells;
mod chosen_store;
mod closing;
mod commands;
mod complain;
mod dto;
mod editors;
mod error;
mod events;
mod front;
mod import;
mod live;
mod menu;
mod notify;
mod open_file;
mod page;
mod pasted_images;
mod plans;
mod platform;
mod preferences;
mod presence;
mod project_list;
mod saved_text;
mod setup;
mod shell;
mod state;
mod store_views;
mod team;
mod tray;
mod views;
mod window;
mod words;
mod work_views;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: no thread is there yet, and no child gets it.
    let store = chosen_store::ChosenStore::take();
    match arguments::read(std::env::args_os().skip(1)) {
        Ok(arguments::Request::Help) => print!("{}", arguments::HELP),
        Ok(arguments::Request::Version) => println!("reprise {}", env!("CARGO_PKG_VERSION")),
        Ok(arguments::Request::Open(folder)) => return setup::run(folder, store),
        Err(message) => {
            eprintln!("reprise: {message}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
