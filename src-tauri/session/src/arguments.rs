//! What can be typed after `reprise-session`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::attach::DetachKey;
use clap::{Parser, Subcommand};
use reprise_core::model::{ProjectId, TerminalKey};

/// Reprise's sessions from a terminal.
#[derive(Debug, Parser)]
#[command(name = "reprise-session", version, about, long_about = None)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 no such project, 4 not running."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the live terminals.
    List {
        /// As a JSON array, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Show a project's session in this terminal, beside every other viewer of it.
    Attach {
        /// The project's name, id or folder.
        project: String,
        /// Which of the project's terminals: claude or shell-N.
        #[arg(long, default_value_t = TerminalKey::Claude)]
        terminal: TerminalKey,
        /// The key that leaves the session running and returns to the shell.
        #[arg(long, value_name = "KEY", default_value = "ctrl-\\")]
        detach_key: DetachKey,
    },
    /// Type a command into a project's session: once it is idle and nothing stands in its
    /// prompt. Fails unless the session says that it has it; Ctrl-C takes it back.
    Send {
        /// The project's name, id or folder.
        project: String,
        /// How long to wait for that. After it the command is taken back.
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        wait: u64,
        /// The command: one line.
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// End a project's session; its conversation can be resumed.
    Kill {
        /// The project's name, id or folder.
        project: String,
        /// Which of the project's terminals: claude or shell-N.
        #[arg(long, default_value_t = TerminalKey::Claude)]
        terminal: TerminalKey,
    },
    /// Be the host of one terminal. Reprise starts this itself.
    #[command(hide = true)]
    Host,
    /// Run Claude Code unattended in this terminal. Reprise starts this itself.
    #[command(hide = true)]
    Run {
        /// The file that says what to run.
        plan: PathBuf,
    },
    /// Become a program that ends with the process that started it. Reprise starts this
    /// itself.
    #[command(hide = true)]
    Bound {
        /// That process.
        #[arg(long)]
        parent: u32,
        /// The program.
        program: PathBuf,
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Hand a hook's event to the session's host. Claude Code starts this itself.
    #[command(hide = true)]
    Hook {
        /// The project.
        #[arg(long)]
        project: ProjectId,
        /// The terminal.
        #[arg(long)]
        terminal: TerminalKey,
    },
}
