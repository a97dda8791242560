//! Between a program and the clipboard: what it may copy, what is pasted into it and how.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::listener::Listener;
use crate::window::{App, QUICK, SLOW, World, wait_for};

pub fn wait_until_copied(world: &World, selection: &str, text: &str) {
    wait_for(&format!("{text:?} in the {selection}"), QUICK, || {
        let copied = world.display.copied(selection);
        if copied == text { Ok(()) } else { Err(copied) }
    });
}

pub fn copy(world: &World, selection: &str, text: &str) {
    let file = world.workspace.join("copied.txt");
    fs::write(&file, text).unwrap();
    world.display.copy(selection, "UTF8_STRING", &file);
    wait_until_copied(world, selection, text.trim_end());
}

#[test]
fn a_program_copies_while_it_is_in_front_and_never_reads() {
    let world = World::new("osc52");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.write("\x1b]52;c;aGVsbG8=\x07", "");
    wait_until_copied(&world, "clipboard", "hello");
    program.write("\x1b]52;p;cHJpbWFyeQ==\x07", "");
    wait_until_copied(&world, "primary", "primary");
    program.write("\x1b]52;c;?\x07\x1b[5n", "E[0n");

    program.write(&format!("\x1b]52;c;{}\x07", "QUJD".repeat(300_000)), "");
    app.wait_for_words("wanted to copy a text that is too long");
    assert_eq!(world.display.copied("clipboard"), "hello");
    app.click("button", "Hide");

    // From behind it does not; the person may have the text.
    app.click("tab", "Claude");
    program.write_unseen("\x1b]52;c;ZnJvbSBiZWhpbmQ=\x07");
    app.wait_for_words("ledger-api wants to copy a text");
    assert_eq!(world.display.copied("clipboard"), "hello");
    app.click("button", "Copy");
    wait_until_copied(&world, "clipboard", "from behind");
}

#[test]
fn a_program_copies_nothing_where_the_person_does_not_want_it() {
    let world = World::new("osc52-off");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    copy(&world, "clipboard", "mine");
    let choose = || {
        app.key("ctrl+comma");
        app.click("button", "Terminal");
        switch(&app, "Programs may write to the clipboard");
        app.key("Escape");
        app.click_terminal();
    };
    choose();
    program.write("\x1b]52;c;aGVsbG8=\x07\x1b[5n", "E[0n");
    let long = format!("\x1b]52;c;{}\x07\x1b[5n", "QUJD".repeat(300_000));
    program.write(&long, "E[0n");
    app.settled();
    assert_eq!(world.display.copied("clipboard"), "mine");
    assert!(!app.page_text().contains("wanted to copy"));

    choose();
    program.write("\x1b]52;c;aGVsbG8=\x07", "");
    wait_until_copied(&world, "clipboard", "hello");
}

#[test]
fn several_lines_are_shown_before_a_program_acts_on_them() {
    let world = World::new("paste");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    let mut heard = String::new();
    let mut expect = |bytes: &str| {
        heard.push_str(bytes);
        program.wait_until_heard("the paste", &heard);
    };
    copy(&world, "clipboard", "just one line");
    app.key("ctrl+shift+v");
    expect("just one line");

    copy(&world, "clipboard", "first\n  second\n");
    app.key("ctrl+shift+v");
    app.wait_for_words("Paste 2 lines?");
    app.key("Escape");
    app.click_terminal();
    app.key("x");
    expect("x");
    app.key("ctrl+shift+v");
    app.click("button", "Paste as one line");
    expect("first second");
    app.key("ctrl+shift+v");
    app.wait_for_words("Paste 2 lines?");
    // From "Cancel" past "Paste as one line".
    for key in ["Tab", "Tab", "Return"] {
        app.key(key);
    }
    expect("first\r  second\r");

    // The primary selection: by the middle button and by its key.
    copy(&world, "primary", "selected");
    app.key("shift+Insert");
    expect("selected");
    world
        .display
        .xdotool(&["mousemove", "700", "300", "click", "2"])
        .unwrap();
    expect("selected");

    // A program that knows of pastes gets it at once, and nothing in it ends the paste.
    program.write("\x1b[?2004h", "");
    copy(&world, "clipboard", "one\ntwo\x1b[201~three\x03\n");
    app.key("ctrl+shift+v");
    expect("E[200~one\rtwothree\rE[201~");

    program.write("\x1b[?2004l", "");
    app.key("ctrl+shift+v");
    switch(&app, "Paste without asking from now on");
    for key in ["Tab", "Tab", "Tab", "Return"] {
        app.key(key);
    }
    expect("one\rtwothree\r");
    app.key("ctrl+shift+v");
    expect("one\rtwothree\r");
}

/// Switches a box by its words, as a click on them does.
fn switch(app: &App<'_>, words: &str) {
    app.find("checkbox", words);
    let click = "const said = [...document.querySelectorAll('label')]; \
        said.find((label) => label.innerText.includes(arguments[0])).click()";
    app.web().execute(click, &[words.into()]).unwrap();
}

#[test]
fn a_pasted_image_becomes_a_file_whose_path_is_pasted() {
    let world = World::new("paste-image");
    let app = world.open_workspace();
    app.open_shell();
    let picture = world.workspace.join("picture.png");
    world.display.picture(&picture);
    world.display.copy("clipboard", "image/png", &picture);
    app.run("clear");
    app.type_keys("echo ");
    app.key("ctrl+shift+v");
    let folder = world.home.join(".cache/reprise/pasted");
    let image = wait_for("the image's file", SLOW, || {
        let files = fs::read_dir(&folder).map_err(|error| error.to_string())?;
        let found: Vec<_> = files.flatten().map(|file| file.path()).collect();
        found.first().cloned().ok_or_else(|| app.terminal_text())
    });
    app.wait_for_text(&format!("echo {}", image.display()));
    assert_eq!(fs::read(&image).unwrap(), fs::read(&picture).unwrap());
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&image)), (0o700, 0o600));

    // Claude Code takes it as a picture.
    app.click("tab", "Claude");
    app.click_terminal();
    app.key("ctrl+shift+v");
    app.wait_for_text("[Image #1]");
}
