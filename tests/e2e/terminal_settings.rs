//! How terminals look: changed in the settings, seen at once in those that are open, and kept.

use std::fs;
use std::process::Command;

use crate::window::{App, SLOW, Wheel, World, wait_for};

/// What the page draws with, asked of the terminal in front.
fn drawn(app: &App<'_>, what: &str) -> Result<String, String> {
    let script = format!(
        "const screen = document.querySelector('.stage .terminals .screen:not([hidden])'); \
         const rows = screen && getComputedStyle(screen.querySelector('.xterm-rows')); \
         return screen ? String({what}) : 'no terminal';"
    );
    let value = app.web().execute(&script, &[])?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

#[track_caller]
fn wait_for_drawn(app: &App<'_>, what: &str, wanted: &str) {
    wait_for(&format!("{what} to be {wanted}"), SLOW, || {
        let found = drawn(app, what)?;
        if found.contains(wanted) {
            Ok(())
        } else {
            Err(found)
        }
    });
}

const PAPER: &str =
    "getComputedStyle(screen.querySelector('.xterm-scrollable-element')).backgroundColor";

#[test]
fn a_theme_a_font_and_a_cursor_are_seen_at_once_in_open_terminals_and_kept() {
    let world = World::new("looks");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    app.key("ctrl+comma");
    app.click("button", "Terminal");
    app.click("radio", "Dracula");
    app.click("radio", "Bar");
    app.click("radio", "25,000");
    app.click("combobox", "Font");
    app.type_keys("No Such Font");
    app.key("Return");
    app.wait_for_words("This computer has no font “No Such Font”");
    let preferences = world.home.join(".config/reprise/preferences.json");
    wait_for("all of it in the file", SLOW, || {
        let text = fs::read_to_string(&preferences).map_err(|error| error.to_string())?;
        let kept: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let terminal = &kept["terminal"];
        let all = terminal["lightTheme"] == "dracula"
            && terminal["cursorStyle"] == "bar"
            && terminal["scrollbackLines"] == 25_000
            && terminal["fontFamily"] == "No Such Font";
        if all { Ok(()) } else { Err(text) }
    });
    app.key("Escape");
    wait_for_drawn(&app, PAPER, "rgb(40, 42, 54)");
    wait_for_drawn(&app, "rows.fontFamily", "No Such Font");
    app.close_window();

    let app = world.open_app(&[]);
    app.wait_for_text("❯");
    wait_for_drawn(&app, PAPER, "rgb(40, 42, 54)");
    wait_for_drawn(&app, "rows.fontFamily", "No Such Font");
}

#[test]
fn only_fonts_that_are_there_are_looked_for() {
    let world = World::new("fonts");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    let families = Command::new("fc-list").arg(":").arg("family").output();
    let families = String::from_utf8(families.unwrap().stdout).unwrap();
    let installed: Vec<&str> = families.split(['\n', ',']).map(str::trim).collect();
    let script = "const style = getComputedStyle(document.documentElement); \
        return ['--font-ui', '--font-mono'].map((token) => style.getPropertyValue(token))";
    let stacks = app.web().execute(script, &[]).unwrap();
    for (at, last) in [(0, "sans-serif"), (1, "monospace")] {
        let stack = stacks[at].as_str().unwrap();
        let names: Vec<&str> = stack
            .split(", ")
            .map(|name| name.trim_matches('"'))
            .collect();
        assert_eq!(names.last(), Some(&last), "{stack}");
        for name in names {
            let known = ["system-ui", "sans-serif", "monospace"].contains(&name)
                || name.starts_with("Reprise Symbols");
            assert!(known || installed.contains(&name), "{name} of {stack}");
        }
    }
    assert!(
        stacks[1]
            .as_str()
            .unwrap()
            .contains("\"Reprise Symbols 2\"")
    );
}

#[test]
fn a_program_that_asks_for_the_background_is_told_the_theme_s() {
    let world = World::new("palette");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    app.open_shell();
    app.key("ctrl+comma");
    app.click("button", "Terminal");
    app.click("radio", "Nord");
    app.key("Escape");
    wait_for_drawn(&app, PAPER, "rgb(46, 52, 64)");
    app.run("stty -echo raw; printf '\\033]11;?\\007'; head -c 23 | tr -d '\\033'; stty sane");
    app.wait_for_text("rgb:2e2e/3434/4040");
}

#[test]
fn the_wheel_with_ctrl_changes_the_size_of_the_text_also_where_the_program_has_the_mouse() {
    let world = World::new("wheel");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    wait_for_drawn(&app, "rows.fontSize", "13px");
    // The claude in front has the mouse.
    app.wheel_with_ctrl(Wheel::Up);
    wait_for_drawn(&app, "rows.fontSize", "14px");
    app.wheel_with_ctrl(Wheel::Down);
    wait_for_drawn(&app, "rows.fontSize", "13px");
}

#[test]
fn a_bell_of_a_terminal_that_nobody_sees_marks_its_tab_until_somebody_looks() {
    let world = World::new("bell");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    app.open_shell();
    app.run("until [ -e ring ]; do sleep 0.1; done; printf '\\007'");
    app.click("tab", "Claude");
    fs::write(world.workspace.join("ring"), "").unwrap();
    app.find("tab", "Shell 1, a bell rang");
    app.find("option", "a bell rang");
    app.click("tab", "Shell 1, a bell rang");
    wait_for("the mark to be gone", SLOW, || {
        let marked = app.web().by_role("tab", "Shell 1, a bell rang")?;
        if marked.is_empty() {
            Ok(())
        } else {
            Err(app.page_text())
        }
    });
}

#[test]
fn in_screen_reader_mode_the_lines_of_a_terminal_can_be_read() {
    let world = World::new("reader");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    app.key("ctrl+shift+p");
    app.type_keys("Read terminals to a screen reader");
    app.find("option", "Read terminals to a screen reader");
    app.key("Return");
    wait_for("the lines", SLOW, || {
        let script = "return document.querySelector( \
             '.terminals .screen:not([hidden]) .xterm-accessibility-tree')?.textContent ?? ''";
        let text = app.web().execute(script, &[])?;
        if text
            .as_str()
            .is_some_and(|text| text.contains("Claude Code"))
        {
            Ok(())
        } else {
            Err(text.to_string())
        }
    });
    app.find("textbox", "Terminal input");
    app.key("ctrl+comma");
    app.click("radio", "Português (Brasil)");
    app.key("Escape");
    app.find("textbox", "Entrada do terminal");
}

#[test]
fn inverse_text_that_can_be_read_keeps_its_colour() {
    let world = World::new("inverse");
    let app = world.open_workspace();
    app.open_shell();
    app.run("clear; printf '\\e[7min%s\\e[0m\\n' verse");
    let colours = "const cell = [...document.querySelectorAll('.terminals .xterm-rows span')] \
        .find((e) => e.textContent === 'inverse'); \
        const style = cell && getComputedStyle(cell); \
        const token = (name) => { const e = document.createElement('i'); \
            e.style.color = `var(${name})`; document.body.append(e); \
            const colour = getComputedStyle(e).color; e.remove(); return colour; }; \
        return cell ? [style.color, style.backgroundColor, token('--term-bg'), token('--term-fg')] : null";
    let [text, behind, background, foreground] = wait_for("the word", SLOW, || {
        let seen = app.web().execute(colours, &[])?;
        let words = seen.as_array().ok_or_else(|| app.page_text())?;
        let word = |i: usize| words[i].as_str().unwrap_or_default().to_owned();
        Ok([word(0), word(1), word(2), word(3)])
    });
    assert_eq!((text, behind), (background, foreground));
}
