//! `REPRISE_STORE` and what becomes of it.

use std::process::Stdio;

use crate::world::{World, wait_for};

#[test]
fn a_store_that_makes_no_sense_is_told_once_without_its_password_and_no_other_takes_its_place() {
    let world = World::new();
    std::fs::remove_file(world.sessions.folders().database()).unwrap();
    for nonsense in ["mongo://ana:s3cret@127.0.0.1/team", "", "ana:s3cret"] {
        let output = world
            .command(&["list"])
            .env("REPRISE_STORE", nonsense)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.matches("REPRISE_STORE").count(), 1, "{said}");
        assert!(said.contains("going on without the store"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    let unknown = world
        .command(&["attach", "nobody"])
        .env("REPRISE_STORE", "x")
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
    assert!(!world.sessions.folders().database().exists());
}

#[test]
fn the_connection_string_of_the_command_line_is_in_no_environment_once_it_runs() {
    let world = World::new();
    let client = world
        .command(&["send", "nobody", "--wait", "60", "x"])
        .env("REPRISE_STORE", "mongodb://ana:s3cret@127.0.0.1:1/team")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It looks for the server, which is not there, for two seconds.
    wait_for(
        "the value gone from the environment that the system shows",
        || {
            let environ = std::fs::read(format!("/proc/{}/environ", client.id())).ok()?;
            let environ = String::from_utf8_lossy(&environ).into_owned();
            (environ.contains("HOME=") && !environ.contains("s3cret")).then_some(())
        },
    );
    let output = client.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("127.0.0.1:1"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}
