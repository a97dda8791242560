//! The page "Store" of the settings, with a server that knows its users; and that the password
//! is nowhere to be found.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use mongodb::bson::doc;

use crate::mongod::{self, Kind, Server};
use crate::team::{on_team, projects};
use crate::window::{QUICK, SLOW, World, wait_for};

const PASSWORD: &str = "s3cr/et@42";
const ENCODED: &str = "s3cr%2Fet%4042";

/// A server that knows `ana`, who may do everything in `team`.
fn with_ana() -> Server {
    let server = Server::unconfigured(Kind::Standalone, &["--auth"]);
    let user = |name: &str, role: &str, db: &str| {
        doc! { "createUser": name, "pwd": PASSWORD, "roles": [{ "role": role, "db": db }] }
    };
    // The first may be made by anybody on the same machine.
    server.admin(user("root", "root", "admin"));
    let uri = server.uri("admin");
    let uri = uri.replace("//", &format!("//root:{ENCODED}@"));
    mongod::run(&uri, async |client| {
        let ana = user("ana", "readWrite", "team");
        client.database("admin").run_command(ana).await.unwrap();
    });
    server
}

/// The processes that belong to a world, by `HOME` in their environment, with all they say of
/// themselves.
fn said_of_processes(home: &Path) -> Vec<(String, Vec<u8>)> {
    let mark = [b"HOME=", home.as_os_str().as_bytes()].concat();
    let mut said = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        if !environ.split(|byte| *byte == 0).any(|one| one == mark) {
            continue;
        }
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let name = String::from_utf8_lossy(&command).replace('\0', " ");
        said.push((format!("the environment of {name}"), environ));
        said.push((format!("the command line {name}"), command));
    }
    said
}

fn files_below(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&path, found),
            Ok(kind) if kind.is_file() => {
                found.push((
                    path.display().to_string(),
                    fs::read(&path).unwrap_or_default(),
                ));
            }
            _ => {}
        }
    }
}

/// Looks for the password wherever Reprise could have left it.
#[track_caller]
fn the_password_is_nowhere(world: &World, page: &str) {
    let mut places = said_of_processes(&world.home);
    assert!(places.len() > 4, "{} places", places.len());
    // The world's folder: its home, its logs, its runtime and temporary files.
    files_below(world.home.parent().unwrap(), &mut places);
    places.push(("the page".to_owned(), page.as_bytes().to_vec()));
    for (place, bytes) in places {
        for secret in [PASSWORD, ENCODED] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "the password is in {place}");
        }
    }
}

#[test]
fn a_store_is_tested_used_and_imported_into_and_its_password_is_nowhere() {
    let server = with_ana();
    let world = World::new("store-settings");
    let app = world.open_workspace();
    let session = world.claude().unwrap();
    app.click("button", "Store: This computer");
    app.click("radio", "MongoDB");

    // A pasted connection with a password is taken apart.
    app.click("textbox", "Connection");
    let uri = format!("mongodb://ana:wr0ng@127.0.0.1:{}/team", server.port());
    app.type_keys(&uri);
    app.key("Return");
    app.wait_for_words("Login refused");
    app.wait_for_words("does not accept this user and password");
    let script = "return document.querySelector('#store-connection').value";
    let shown = app.web().execute(script, &[]).unwrap();
    assert_eq!(
        shown.as_str(),
        Some(uri.replace(":wr0ng", "").as_str()),
        "the password stays in sight"
    );
    app.click("button", "Change the password");
    app.key("ctrl+a");
    app.type_keys(PASSWORD);
    app.key("Return");
    // The user was created in another database.
    app.wait_for_words("Login refused");
    app.click("button", "authSource=admin");
    app.wait_for_words("Logged in");
    app.wait_for_words("The database is empty");
    app.click("button", "Use this store");
    app.wait_for_words("This store is in use now. The password could not be kept");
    assert_eq!(world.claude().unwrap().claude_pid, session.claude_pid);

    app.click("button", "Trial run");
    app.wait_for_words("It would add: projects 1");
    app.click("button", "Copy now");
    app.wait_for_words("Added: projects 1");
    app.key("Escape");
    wait_for("the project of the team in the sidebar", SLOW, || {
        let rows = projects(&app);
        if rows.len() == 1 && rows[0].contains("ledger-api") {
            Ok(())
        } else {
            Err(format!("{rows:?}"))
        }
    });
    app.wait_for_words("MongoDB");
    app.say("in the team's store");
    the_password_is_nowhere(&world, &app.page_text());
    let preferences = world.home.join(".config/reprise/preferences.json");
    let kept = fs::read_to_string(preferences).unwrap();
    assert!(kept.contains("mongodb://ana@127.0.0.1"), "{kept}");

    // No keyring runs here: after a restart it is asked for, and told why.
    app.kill();
    let app = world.open_app(&[]);
    app.wait_for_words("The password of ana for 127.0.0.1");
    app.click("button", "Type the password");
    app.wait_for_words("It could not be read from the system’s keyring");
    app.type_keys("wr0ng");
    app.key("Return");
    app.wait_for_words("does not accept this user and password");
    app.key("ctrl+a");
    app.type_keys(PASSWORD);
    app.key("Return");
    wait_for("the team's project", SLOW, || {
        let rows = projects(&app);
        if rows.iter().any(|row| row.contains("ledger-api")) {
            Ok(())
        } else {
            Err(format!("{rows:?} {}", app.page_text()))
        }
    });
    the_password_is_nowhere(&world, &app.page_text());
}

#[test]
fn no_process_that_reprise_starts_has_its_connection_string() {
    let server = with_ana();
    let uri = format!(
        "mongodb://ana:{ENCODED}@127.0.0.1:{}/team?authSource=admin",
        server.port()
    );
    let world = on_team("store-environment", &uri);
    let app = world.open_workspace();
    app.say("in the team's store");
    mongod::run_on(&uri, async |database| {
        let projects = database.collection::<mongodb::bson::Document>("output_projects");
        assert_eq!(projects.count_documents(doc! {}).await.unwrap(), 1);
    });
    // The driver that started the app has it from the test; nothing that the app started has.
    wait_for(
        "the value gone from the app's own environment",
        QUICK,
        || {
            let environ = fs::read(format!("/proc/{}/environ", app.pid)).unwrap_or_default();
            if String::from_utf8_lossy(&environ).contains(ENCODED) {
                Err("it is there".to_owned())
            } else {
                Ok(())
            }
        },
    );
    let mut seen = 0;
    for (place, bytes) in said_of_processes(&world.home) {
        if place.contains("tauri-driver") || place.contains("WebKitWebDriver") {
            continue;
        }
        seen += 1;
        let said = String::from_utf8_lossy(&bytes);
        assert!(!said.contains(ENCODED), "the password is in {place}");
    }
    assert!(seen > 8, "{seen} places");
}

#[test]
fn a_store_that_makes_no_sense_is_told_in_the_window_and_no_other_takes_its_place() {
    let world = on_team("store-nonsense", "mongo://ana:s3cret@127.0.0.1/team");
    let app = world.open_app(&[]);
    app.wait_for_words("REPRISE_STORE is neither");
    let page = app.page_text();
    assert!(!page.contains("s3cret"), "{page}");
    assert!(
        !world.database().exists(),
        "this computer's store was opened"
    );
    assert_eq!(projects(&app), Vec::<String>::new());
}
