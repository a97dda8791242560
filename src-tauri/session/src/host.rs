//! `reprise-session host`: reads what to host, becomes a daemon, says when it is ready, and
//! serves until the program has ended.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use reprise_core::folders::Folders;
use reprise_core::session::host::{Host, HostError, HostSpec};
use reprise_core::session::launch::Readiness;

use crate::companion;
use crate::daemon::{self, Side};

/// Runs the host. The exit code is the starter's; the daemon's is seen by nobody.
pub fn host() -> ExitCode {
    match try_host() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Before the daemon has its log this is where the starter's errors went.
            eprintln!("reprise-session host: {error}");
            let message = error.to_string();
            let _ = say(&mut io::stdout(), &Readiness::Failed { message });
            ExitCode::FAILURE
        }
    }
}

fn try_host() -> io::Result<()> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let spec: HostSpec = serde_json::from_slice(&input)
        .map_err(|error| io::Error::other(format!("what to host is not readable: {error}")))?;
    drop(input);
    match daemon::detach()? {
        Side::Starter => return Ok(()),
        Side::Daemon => {}
    }
    daemon::close_inherited_files();
    let mut waiting = File::from(daemon::settle(&spec.files.log)?);
    daemon::enter_own_scope(spec.project, spec.terminal);
    if let Err(error) = serve(spec, &mut waiting) {
        let _ = writeln!(io::stderr(), "{} {error}", Timestamp::now());
        say(
            &mut waiting,
            &Readiness::Failed {
                message: error.to_string(),
            },
        )?;
    }
    Ok(())
}

fn serve(spec: HostSpec, waiting: &mut File) -> io::Result<()> {
    let (project, terminal) = (spec.project, spec.terminal);
    let new_socket = Box::new(move || {
        let folders = Folders::from_env(|name| std::env::var_os(name)).map_err(io::Error::other)?;
        folders
            .socket_path(project, terminal)
            .map_err(io::Error::other)
    });
    let brief = companion::Brief::of(&spec);
    let host = match Host::start(spec, new_socket, Timestamp::now()) {
        Ok(host) => host,
        Err(HostError::AlreadyRunning) => return say(waiting, &Readiness::AlreadyRunning),
        Err(HostError::StillRunning { pid }) => {
            return say(waiting, &Readiness::StillRunning { pid });
        }
        Err(error) => return Err(io::Error::other(error)),
    };
    let program_pid = host.program_pid();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let companion = brief.map(|brief| companion::start(brief, program_pid));
        // Nobody is left to care if the starter is gone.
        let _ = say(
            waiting,
            &Readiness::Ready {
                host_pid: std::process::id(),
                program_pid,
            },
        );
        *waiting = File::options().write(true).open("/dev/null")?;
        host.run(companion).await.map(drop)
    })
}

fn say(to: &mut impl Write, readiness: &Readiness) -> io::Result<()> {
    let mut line = serde_json::to_vec(readiness)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}
