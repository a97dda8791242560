//! `reprise-session`: the host process of one terminal, and the command line to reach it.

mod arguments;
mod attach;
mod companion;
mod daemon;
mod hook;
mod host;
mod kill;
mod list;
mod projects;
mod run;
mod send;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use arguments::{Arguments, Verb};
use projects::NamedStore;

fn main() -> ExitCode {
    // Before anything else: no thread is there yet, and no child gets it.
    let store = NamedStore::take();
    let result = match Arguments::parse().verb {
        Verb::Host => return host::host(),
        Verb::Run { plan } => return run::run(&plan),
        Verb::Bound {
            parent,
            program,
            args,
        } => return run::bound::become_program(parent, &program, &args),
        Verb::Hook { project, terminal } => {
            hook::hook(project, terminal);
            return ExitCode::SUCCESS;
        }
        Verb::Attach {
            project,
            terminal,
            detach_key,
        } => attach::attach(&store, &project, terminal, detach_key),
        Verb::List { json } => list::list(&store, json),
        Verb::Send {
            project,
            wait,
            text,
        } => send::send(&store, &project, text, Duration::from_secs(wait)),
        Verb::Kill { project, terminal } => kill::kill(&store, &project, terminal),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reprise-session: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
