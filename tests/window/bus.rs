//! Programs of the desktop, and D-Bus by `gdbus`.

use std::process::{Command, Stdio};

use super::processes::Process;
use super::world::World;

/// Starts a program that goes on until it is dropped.
pub(super) fn start(world: &World, program: &str, arguments: &[&str]) -> Process {
    let mut command = Command::new(program);
    world.inside(&mut command);
    Process::start(
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )
}

/// Calls a method of the session's bus; returns what gdbus prints.
pub(super) fn call(world: &World, name: &str, path: &str, call: &[&str]) -> Result<String, String> {
    call_at(world, &["--session"], name, path, call)
}

/// Calls a method of the bus that these options of gdbus name.
pub(super) fn call_at(
    world: &World,
    bus: &[&str],
    name: &str,
    path: &str,
    call: &[&str],
) -> Result<String, String> {
    let mut arguments = vec!["call"];
    arguments.extend_from_slice(bus);
    arguments.extend_from_slice(&["--dest", name, "--object-path", path, "--method"]);
    arguments.extend_from_slice(call);
    run(world, "gdbus", &arguments)
}

/// Runs a program to its end; returns what it prints, or what it complains of.
pub(super) fn run(world: &World, program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    world.inside(&mut command);
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
