//! Files that are named in a terminal, opened in the person's editor.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::window::{App, QUICK, SLOW, World, wait_for};

/// A real program as the editor: it writes down the arguments it was started with.
fn editor(world: &World) -> std::path::PathBuf {
    let folder = world.folder("editor");
    let program = folder.join("my editor");
    let script = format!(
        "#!/bin/sh\nfor word in \"$@\"; do printf '[%s]' \"$word\"; done >> {0}/opened\necho >> {0}/opened\n",
        folder.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let preferences = world.home.join(".config/reprise");
    fs::create_dir_all(&preferences).unwrap();
    let command = format!(
        "'{}' --goto {{file}}:{{line}}:{{column}}",
        program.display()
    );
    let text = serde_json::json!({"editor": command}).to_string();
    fs::write(preferences.join("preferences.json"), text).unwrap();
    folder.join("opened")
}

/// Ctrl+clicks the text and waits for what the editor is then started with.
#[track_caller]
fn click_opens(app: &App<'_>, opened: &std::path::Path, text: &str, wanted: &str) {
    app.settled();
    wait_for(&format!("{text:?} to open"), SLOW, || {
        // The line that was typed has the words as well, until the screen is cleared.
        let (x, y) = app.place_of(text);
        app.web().point_at(x, y + 60.0)?;
        app.web().point_at(x, y)?;
        wait_for_hint(app)?;
        app.web().ctrl_click_at(x, y)?;
        let read = fs::read_to_string(opened).unwrap_or_default();
        match read.lines().any(|line| line == wanted) {
            true => Ok(()),
            false => Err(format!("{wanted} is not in {read:?}; {}", app.page_text())),
        }
    });
}

fn hint(app: &App<'_>) -> Result<String, String> {
    let script = "return document.querySelector('.terminals .screen:not([hidden])').title";
    let title = app.web().execute(script, &[])?;
    Ok(title.as_str().unwrap_or_default().to_owned())
}

fn wait_for_hint(app: &App<'_>) -> Result<String, String> {
    let until = std::time::Instant::now() + QUICK;
    loop {
        let hint = hint(app)?;
        if !hint.is_empty() {
            return Ok(hint);
        }
        if std::time::Instant::now() > until {
            return Err("nothing says what a click would do".to_owned());
        }
    }
}

#[test]
fn a_file_that_a_program_names_opens_in_the_editor_at_its_line() {
    let world = World::new("files");
    let opened = editor(&world);
    fs::create_dir_all(world.workspace.join("sub/deep")).unwrap();
    fs::write(world.workspace.join("sub/deep/a b.rs"), "x\n").unwrap();
    fs::write(world.workspace.join("sub/deep/$(touch made).rs"), "x\n").unwrap();
    fs::write(world.workspace.join("here.py"), "x\n").unwrap();
    let outside = world.folder("outside").join("notes.txt");
    fs::write(&outside, "x\n").unwrap();
    let workspace = fs::canonicalize(&world.workspace).unwrap();
    let app = world.open_workspace();
    app.open_shell();

    app.run("cd sub; clear; echo '  --> deep/a b.rs:1'; echo \"  at 'deep/a b.rs':4:2 (run)\"");
    let a_b = workspace.join("sub/deep/a b.rs");
    click_opens(
        &app,
        &opened,
        "deep/a b.rs':4",
        &format!("[--goto][{}:4:2]", a_b.display()),
    );
    assert_eq!(hint(&app).unwrap(), "Ctrl+click to open sub/deep/a b.rs:4");

    // Relative to the project as well, and what a name could mean to a shell means nothing.
    app.run(
        "clear; echo 'File \"here.py\", line 12, in <module>'; echo \"'deep/\\$(touch made).rs':7\"",
    );
    let here = workspace.join("here.py");
    click_opens(
        &app,
        &opened,
        "here.py",
        &format!("[--goto][{}:12:1]", here.display()),
    );
    let odd = workspace.join("sub/deep/$(touch made).rs");
    click_opens(
        &app,
        &opened,
        "deep/$(touch",
        &format!("[--goto][{}:7:1]", odd.display()),
    );

    // A link of a program, and the whole path where a file is elsewhere.
    let link = format!(
        "clear; printf '\\e]8;;file://{}#3\\e\\\\the notes\\e]8;;\\e\\\\\\n'",
        outside.display()
    );
    app.run(&link);
    let elsewhere = fs::canonicalize(&outside).unwrap();
    click_opens(
        &app,
        &opened,
        "the notes",
        &format!("[--goto][{}:3:1]", elsewhere.display()),
    );
    let said = hint(&app).unwrap();
    assert!(said.contains(&elsewhere.display().to_string()), "{said}");
    assert!(said.contains("outside of the project"), "{said}");

    // A name of nothing is no link.
    app.run("clear; echo gone/nothing.rs:3; echo here-2.txt");
    app.settled();
    let (x, y) = app.place_of("gone/nothing.rs");
    app.web().point_at(x, y).unwrap();
    app.web().ctrl_click_at(x, y).unwrap();
    app.settled();
    assert_eq!(hint(&app).unwrap(), "");
    let read = fs::read_to_string(&opened).unwrap();
    assert!(!read.contains("nothing"), "{read}");
    for folder in ["", "sub", "sub/deep"] {
        assert!(!world.workspace.join(folder).join("made").exists());
    }
}
