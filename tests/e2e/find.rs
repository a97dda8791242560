//! Finding text in a terminal, going to what was asked, and saving all of it.

use std::fs;
use std::path::Path;

use crate::window::{App, QUICK, SLOW, World, wait_for, within};

/// The line that the bar says, beside the field and below it.
fn said(app: &App<'_>) -> Result<String, String> {
    let script = "return [...document.querySelectorAll('.find [role=status]')].map((e) => e.textContent.trim()).join(' / ')";
    let text = app.web().execute(script, &[])?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

#[track_caller]
fn wait_for_said(app: &App<'_>, wanted: &str) {
    wait_for(&format!("the bar to say {wanted:?}"), SLOW, || {
        let said = said(app)?;
        match said.contains(wanted) {
            true => Ok(()),
            false => Err(said),
        }
    });
}

/// Waits until the terminal's screen is scrolled to where `text` is.
#[track_caller]
fn screen_shows(app: &App<'_>, text: &str) {
    wait_for(&format!("{text:?} in sight"), SLOW, || {
        let rows = app.drawn_rows()?;
        match rows.iter().any(|row| row.contains(text)) {
            true => Ok(()),
            false => Err(rows.join("\n")),
        }
    });
}

/// Saves what the terminal in front has said, by the palette and the system's dialog.
fn save(world: &World, app: &App<'_>, action: &str, file: &Path) {
    app.key("ctrl+shift+p");
    app.type_keys(action);
    app.key("Return");
    wait_for("the file", SLOW, || {
        if file.exists() {
            return Ok(());
        }
        // The dialog takes a name once it is there.
        let search = ["search", "--onlyvisible", "--name", "Save the scrollback"];
        let shown = world.display.xdotool(&search)?;
        let dialog = shown.lines().next().unwrap_or_default().trim().to_owned();
        if dialog.is_empty() {
            return Err("there is no dialog".to_owned());
        }
        world.display.xdotool(&["windowfocus", "--sync", &dialog])?;
        world.display.xdotool(&["key", "ctrl+a"])?;
        world
            .display
            .xdotool(&["type", "--delay", "20", &file.to_string_lossy()])?;
        world.display.xdotool(&["key", "Return"])?;
        // Whatever is typed while the dialog looks at the name takes its answer back.
        within(QUICK, || match file.exists() {
            true => Ok(()),
            false => Err("the dialog is open".to_owned()),
        })
    });
}

#[test]
fn everything_that_the_terminal_said_is_found_and_saved() {
    let world = World::new("find");
    let app = world.open_workspace();
    app.open_shell();
    app.run("clear; seq -f 'row %g of it' 1 3000; echo end-$((1+1))");
    app.wait_for_text("end-2");

    app.key("ctrl+shift+f");
    app.type_keys("ROW 77 OF");
    wait_for_said(&app, "1 of 1");
    screen_shows(&app, "row 77 of it");
    // An expression, in which case counts.
    app.key("ctrl+a");
    app.type_keys("^row (12|13|14)5 of");
    wait_for_said(&app, "Not found");
    app.key("alt+r");
    wait_for_said(&app, " of 3");
    app.key("alt+c");
    wait_for_said(&app, " of 3");
    let lead_on = |key: &str| {
        let before = said(&app).unwrap();
        app.key(key);
        wait_for("another match in front", SLOW, || match said(&app)? {
            now if now != before && now.contains(" of 3") => Ok(now),
            now => Err(now),
        })
    };
    lead_on("Return");
    // The same keys lead on while the keyboard is the program's.
    let in_bar = lead_on("F3");
    app.click_terminal();
    lead_on("F3");
    app.key("shift+F3");
    wait_for_said(&app, &in_bar);
    app.key("ctrl+shift+f");
    app.key("ctrl+a");
    app.type_keys("row (1");
    wait_for_said(&app, "Not a regular expression: unclosed group");
    // What is looked for is found as it is written.
    app.key("ctrl+a");
    app.type_keys("later-(1|2)$");
    wait_for_said(&app, "Not found");
    app.key("Escape");
    app.run("echo later-$((0+1))");
    app.wait_for_text("later-1");
    app.key("ctrl+shift+f");
    wait_for_said(&app, "1 of 1");
    app.key("Escape");

    let folder = world.folder("saved");
    let file = folder.join("all of it.txt");
    save(&world, &app, "Save the scrollback", &file);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("row 1 of it\nrow 2 of it\n"), "{text}");
    assert!(text.contains("\nrow 3000 of it\nend-2\n"), "{text}");
    app.wait_for_words("lines were saved to");
    // The terminal has the keyboard again.
    app.click("button", "Hide");

    app.run(r"printf '\033[31mred\033[m %s\n' all-$((1+1))");
    app.wait_for_text("all-2");
    let file = folder.join("in colour.ansi");
    save(&world, &app, "Save the scrollback with its colours", &file);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\nrow 3000 of it\nend-2\n"), "{text}");
    assert!(text.contains("\n\x1b[0;31mred\x1b[0m all-2\n"), "{text:?}");
    let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn the_keys_lead_from_one_prompt_to_the_one_before() {
    let world = World::new("turns");
    let app = world.open_workspace();
    app.open_shell();
    app.run("PS1='ana@loom:~$ '; clear");
    app.run("seq 1 200; echo first-$((1+0))");
    app.wait_for_text("first-1");
    app.run("seq 1 200; echo second-$((1+1))");
    app.wait_for_text("second-2");
    app.key("ctrl+shift+Up");
    screen_shows(&app, "ana@loom:~$ seq 1 200; echo second");
    app.key("ctrl+shift+Up");
    screen_shows(&app, "ana@loom:~$ seq 1 200; echo first");
    app.key("ctrl+shift+Down");
    screen_shows(&app, "ana@loom:~$ seq 1 200; echo second");
}

#[test]
fn the_prompts_that_a_shell_marks_are_gone_to_also_after_a_reload() {
    let world = World::new("marked-prompts");
    let app = world.open_workspace();
    app.open_shell();
    // A prompt that looks like none.
    app.run(r"PS1='\[\e]133;A\a\]now: \[\e]133;B\a\]'; PS0='\e]133;C\a'; clear");
    app.run("seq 1 200; echo first-$((1+0))");
    app.wait_for_text("first-1");
    app.run("seq 1 200; echo second-$((1+1))");
    app.wait_for_text("second-2");
    for _ in 0..2 {
        app.key("ctrl+shift+Up");
        screen_shows(&app, "now: seq 1 200; echo second");
        app.key("ctrl+shift+Up");
        screen_shows(&app, "now: seq 1 200; echo first");
        app.key("ctrl+shift+Down");
        screen_shows(&app, "now: seq 1 200; echo second");
        app.web().execute("location.reload()", &[]).unwrap();
        app.wait_for_text("second-2");
    }
}

#[test]
fn the_menu_of_a_tab_finds_in_its_terminal() {
    let world = World::new("tab-menu");
    let app = world.open_workspace();
    app.open_shell();
    app.run("echo here-$((1+1))");
    app.wait_for_text("here-2");
    let tab = app.find("tab", "Shell 1");
    app.point_at(&tab);
    app.press("3");
    app.find("menuitem", "Save the scrollback…");
    app.key("Escape");
    let has_none = "return document.querySelector('[role=menu]') === null";
    wait_for("the menu to close", QUICK, || {
        match app.web().execute(has_none, &[])? == true {
            true => Ok(()),
            false => Err(app.page_text()),
        }
    });
    app.key("shift+F10");
    app.find("menuitem", "Find in the terminal");
    // It hides nothing of the tab, and the first key lights the line that is chosen by the next.
    let places = "const [menu, tab] = ['[role=menu]', '[role=tab][aria-selected=true]']
        .map((it) => document.querySelector(it).getBoundingClientRect());
        return menu.bottom <= tab.top && menu.top > 0;";
    assert_eq!(app.web().execute(places, &[]).unwrap(), true);
    app.key("Down");
    let line = "return document.querySelector('[role=menu].lit :focus')?.textContent ?? ''";
    wait_for("a line that is lit", SLOW, || {
        let lit = app.web().execute(line, &[])?;
        match lit.as_str() {
            Some(words) if words.contains("Find in the terminal") => Ok(()),
            _ => Err(format!("{lit}")),
        }
    });
    app.key("Return");
    app.type_keys("here-2");
    wait_for_said(&app, "1 of 1");
}
