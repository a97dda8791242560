//! Passwords in a real Secret Service, one that is locked, and none.
//!
//! Each case runs in a process of its own below a message bus of its own, which is where a
//! program finds its keyring.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, Instant};

use reprise_core::keyring::{self, KeyringError, PATIENCE};
use reprise_core::store::{Password, TeamConnection};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;

/// A message bus that starts no services, as a plain desktop without a keyring has it.
const BARE_BUS: &str = "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>\
    <policy context='default'><allow send_destination='*'/><allow receive_sender='*'/><allow own='*'/></policy></busconfig>";

/// Says to the child which case it is.
const CASE: &str = "REPRISE_TEST_KEYRING";
/// Starts a keyring that is unlocked, and then the case.
const WITH_KEYRING: &str = "printf open | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 || exit 9\nexec \"$0\" \"$@\"";

#[test]
fn a_password_is_kept_found_replaced_and_forgotten() {
    run("kept", WITH_KEYRING);
}

#[test]
fn a_keyring_that_is_locked_is_told_within_its_limit() {
    run("locked", WITH_KEYRING);
}

#[test]
fn where_no_keyring_runs_it_is_told_at_once() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("bus.conf");
    std::fs::write(&config, BARE_BUS).unwrap();
    run_below(
        Command::new("dbus-run-session")
            .arg("--config-file")
            .arg(config),
        "none",
        "exec \"$0\" \"$@\"",
    );
    // Nor where there is no message bus at all.
    run_below(
        Command::new("env").args(["-u", "DBUS_SESSION_BUS_ADDRESS"]),
        "none",
        "exec \"$0\" \"$@\"",
    );
}

/// The cases, in the child.
#[test]
fn child() {
    match std::env::var(CASE).as_deref() {
        Ok("kept") => kept(),
        Ok("locked") => locked(),
        Ok("none") => none(),
        _ => {}
    }
}

fn kept() {
    let (ana, eva) = (connection("ana"), connection("eva"));
    assert_eq!(keyring::find(&ana), Ok(None));
    for password in ["s3cret", "p@:/ä 日"] {
        let with = ana.with_password(Some(Password::new(password)));
        keyring::keep(&with).unwrap();
        let found = keyring::find(&ana).unwrap();
        assert_eq!(found, Some(Password::new(password)));
    }
    assert_eq!(keyring::find(&eva), Ok(None));
    // An option of the connection is no other login.
    let other = TeamConnection::parse("mongodb://ana@h:1/team?tls=true").unwrap();
    assert!(keyring::find(&other).unwrap().is_some());
    keyring::keep(&ana).unwrap();
    assert_eq!(keyring::find(&ana), Ok(None));
}

fn locked() {
    let ana = connection("ana");
    keyring::keep(&ana.with_password(Some(Password::new("s3cret")))).unwrap();
    let service = SecretService::connect(EncryptionType::Plain).unwrap();
    service
        .get_default_collection()
        .and_then(|collection| collection.lock())
        .unwrap();
    for refused in [keyring::find(&ana).map(|_| ()), keyring::keep(&ana)] {
        let started = Instant::now();
        let error = refused.unwrap_err();
        assert!(
            matches!(error, KeyringError::Locked | KeyringError::Silent),
            "{error:?}"
        );
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        assert!(started.elapsed() < PATIENCE + Duration::from_secs(1));
    }
}

fn none() {
    let started = Instant::now();
    for refused in [
        keyring::find(&connection("ana")).map(|_| ()),
        keyring::keep(&connection("ana").with_password(Some(Password::new("s3cret")))),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, KeyringError::None { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
    assert!(started.elapsed() < Duration::from_secs(2));
}

fn connection(user: &str) -> TeamConnection {
    TeamConnection::parse(&format!("mongodb://{user}@h:1/team")).unwrap()
}

/// Runs a case below a message bus of its own, started by these lines of a shell script.
fn run(case: &str, script: &str) {
    run_below(Command::new("dbus-run-session").arg("--"), case, script);
}

fn run_below(command: &mut Command, case: &str, script: &str) {
    install_keyring();
    let home = tempfile::tempdir().unwrap();
    let output = command
        .args(["sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env("LANG", "C.UTF-8")
        .env(CASE, case)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

/// Installs a keyring and a message bus, where they are missing.
fn install_keyring() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let is_there = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
        if !is_there("gnome-keyring-daemon") || !is_there("dbus-run-session") {
            let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.ci/setup.sh");
            let status = Command::new(setup).arg("core").status().unwrap();
            assert!(status.success(), "the keyring is missing");
        }
    });
}
