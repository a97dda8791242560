//! Shells beside claude: much output, and nothing that a reattach does to a program.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::window::{SLOW, World, wait_for};

/// About `megabytes` of numbered text lines.
fn write_text(file: &Path, megabytes: usize) {
    let mut text = Vec::with_capacity(megabytes << 20);
    let mut number = 0_u64;
    while text.len() < megabytes << 20 {
        number += 1;
        writeln!(
            text,
            "{number:08} the quick brown fox jumps over the lazy dog and back"
        )
        .unwrap();
    }
    fs::write(file, text).unwrap();
}

#[test]
fn forty_megabytes_neither_freeze_the_window_nor_lose_the_prompt() {
    let world = World::new("cat");
    let app = world.open_workspace();
    app.open_shell();
    write_text(&world.workspace.join("big.txt"), 40);
    let watch = "window.__longest_gap = 0; let last = performance.now(); \
        const look = (now) => { window.__longest_gap = Math.max(window.__longest_gap, now - last); last = now; \
        requestAnimationFrame(look); }; requestAnimationFrame(look);";
    app.web().execute(watch, &[]).unwrap();

    app.run("cat big.txt; echo done-$((1+1))");
    wait_for("the end of the file", 2 * SLOW, || {
        let viewer = app.viewer()?;
        if viewer.shows("done-2") {
            Ok(())
        } else {
            Err(viewer.text())
        }
    });
    let gap = app
        .web()
        .execute("return window.__longest_gap", &[])
        .unwrap();
    let gap = Duration::from_secs_f64(gap.as_f64().unwrap() / 1000.0);
    assert!(
        gap < Duration::from_secs(1),
        "the window stood still for {gap:?}"
    );

    app.run("echo prompt-$((40+2))");
    app.wait_for_text("prompt-42");
}

#[test]
fn reopening_at_the_same_size_tells_the_program_nothing() {
    let world = World::new("no-resize");
    let app = world.open_workspace();
    app.open_shell();
    // Any resize, and any byte that nobody typed, would leave its trace in the file.
    app.run(
        "trap 'echo resized >> trace' WINCH; while read -r -n 1 byte; do printf '%q\\n' \"$byte\" >> trace; done",
    );
    app.run("x");
    let trace = world.workspace.join("trace");
    let read = || fs::read_to_string(&trace).unwrap_or_default();
    wait_for("the first bytes", SLOW, || {
        let trace = read();
        if trace == "x\n''\n" {
            Ok(())
        } else {
            Err(trace)
        }
    });
    app.close_window();

    let app = world.open_app(&[]);
    app.click("tab", "Shell 1");
    wait_for("the window to show the shell", SLOW, || {
        let list = world.list();
        let mut shells = list.iter().filter(|listed| listed.terminal == "shell-1");
        if shells.any(|listed| listed.clients == 1) {
            Ok(())
        } else {
            Err(format!("{list:?}"))
        }
    });
    app.wait_for_text("trap 'echo resized");
    app.settled();
    assert_eq!(read(), "x\n''\n");
}

#[test]
fn the_shell_that_was_in_front_is_in_front_when_the_window_opens_again() {
    let world = World::new("front");
    let app = world.open_workspace();
    app.open_shell();
    let preferences = world.home.join(".config/reprise/preferences.json");
    wait_for("the shell to be remembered", SLOW, || {
        let text = fs::read_to_string(&preferences).map_err(|error| error.to_string())?;
        if text.contains("shell-1") {
            Ok(())
        } else {
            Err(text)
        }
    });
    app.close_window();

    let app = world.open_app(&[]);
    app.wait_for_text("ready-2");
    // It has the keyboard as well.
    app.run("echo again-$((2+2))");
    app.wait_for_text("again-4");

    // And claude, once the person turned to it.
    app.click("tab", "Claude");
    wait_for("claude to be remembered", SLOW, || {
        let text = fs::read_to_string(&preferences).map_err(|error| error.to_string())?;
        if text.contains("shell-1") {
            Err(text)
        } else {
            Ok(())
        }
    });
    app.close_window();
    let app = world.open_app(&[]);
    wait_for("claude in front", SLOW, || {
        let front = app.web().execute(
            "return document.querySelector('[role=tab][aria-selected=true]')?.textContent ?? ''",
            &[],
        )?;
        if front
            .as_str()
            .is_some_and(|front| front.trim().starts_with("Claude"))
        {
            Ok(())
        } else {
            Err(front.to_string())
        }
    });
}

#[test]
fn the_window_s_process_has_no_gl_in_it_and_what_webkit_is_told_reaches_no_shell() {
    let world = World::new("no-gl");
    let app = world.open_workspace();
    app.open_shell();
    app.run("env > shell-env; echo written-$((1+1))");
    app.wait_for_text("written-2");
    // WebKitGTK has drawn by now.
    let maps = fs::read_to_string(format!("/proc/{}/maps", app.pid)).unwrap();
    assert!(maps.contains("libwebkit2gtk"), "{maps}");
    for library in ["libEGL_mesa", "swrast_dri", "libgallium", "libLLVM"] {
        assert!(!maps.contains(library), "{library} is loaded");
    }
    let env = fs::read_to_string(world.workspace.join("shell-env")).unwrap();
    assert!(env.contains("HOME="), "{env}");
    for ours in ["WEBKIT_WEB_RENDER_DEVICE_FILE", "GDK_GL"] {
        assert!(!env.contains(ours), "{env}");
    }
}
