//! From the start of a program to a prompt that takes keys, seen on the screen: Reprise, whose shell lived on without a
//! window, and terminals that start one; and the first picture of an empty Tauri window.
//!
//! The prompt is a bar of a colour that nothing else has. The moment it can be seen Return is pressed; only a
//! prompt that answers with another one was typable, and the time is that of the first key that was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::{Advice, fadvise};
use serde_json::json;

use crate::report::{Report, median, round};
use crate::screen::{RETURN, Screen};
use crate::terminals::{Grid, Terminal};
use crate::window::{Process, SLOW, World, is_alive, kill_now, living_in, program_of, wait_for};

/// The colour of the bar and of the empty window's page.
const MAGENTA: u32 = 0x00ff_00ff;
const TOO_LONG: Duration = Duration::from_secs(60);
/// A key that was lost, because the window had not the focus yet, is pressed again after this time.
const PRESS_AGAIN: Duration = Duration::from_millis(50);
/// How often a cold start is measured.
const COLD_ROUNDS: usize = 3;
const GRID: Grid = Grid {
    cols: 120,
    rows: 40,
};

/// bash's own file: the prompt.
const BASHRC: &str = r"PS1='\[\e[48;5;201m\]        \[\e[0m\] '
";

/// What is started.
#[derive(Clone, Copy, PartialEq)]
enum Started {
    EmptyWindow,
    Reprise,
    Other(Terminal),
}

impl Started {
    fn key(self) -> &'static str {
        match self {
            Self::EmptyWindow => "empty_window",
            Self::Reprise => "reprise",
            Self::Other(terminal) => terminal.key(),
        }
    }
}

pub fn measure(report: &mut Report) {
    let world = World::new("bench-start");
    fs::write(world.home.join(".bashrc"), BASHRC).unwrap();
    let screen = Screen::connect(&world.display.name);
    prepare(&world, &screen);

    let all = [
        Started::EmptyWindow,
        Started::Reprise,
        Started::Other(Terminal::Alacritty),
        Started::Other(Terminal::Kitty),
    ];
    // The first start of each warms what the others of its kind find in memory.
    let files = all.map(|started| start(&world, &screen, started).files);
    let mut warm = vec![Vec::new(); all.len()];
    let mut seen = Vec::new();
    for number in 0..report.rounds {
        report.progress(&format!("start, warm, round {}", number + 1));
        for (started, times) in all.into_iter().zip(&mut warm) {
            let start = start(&world, &screen, started);
            times.push(start.ms);
            if started == Started::Reprise {
                seen.push(start.seen);
            }
        }
    }
    let mut cold = vec![Vec::new(); all.len()];
    for number in 0..COLD_ROUNDS {
        report.progress(&format!("start, cold, round {}", number + 1));
        for ((started, times), files) in all.into_iter().zip(&mut cold).zip(&files) {
            forget(files);
            times.push(start(&world, &screen, started).ms);
        }
    }

    let phases = phases(&world);
    let [empty, reprise, alacritty, kitty] = [0, 1, 2, 3].map(|which| median(&warm[which]));
    report.heading(format!(
        "(g) start to a typable prompt, ms, median of {}; cold: of {COLD_ROUNDS}",
        report.rounds
    ));
    let cold: Vec<f64> = cold.iter().map(|times| median(times)).collect();
    let seen = median(&seen);
    let row = |name: &str, warm: f64, cold: f64| {
        (
            name.to_owned(),
            format!("{warm:.0} / {cold:.0} cold"),
            if name == "Reprise" {
                format!("its prompt is seen after {seen:.0}, warm")
            } else {
                format!("Reprise takes {:.2} × as long, warm", reprise / warm)
            },
        )
    };
    for (name, value, beside) in [
        row("empty Tauri window, first picture", empty, cold[0]),
        row("Reprise", reprise, cold[1]),
        row("Alacritty", alacritty, cold[2]),
        row("kitty", kitty, cold[3]),
    ] {
        report.row(&name, value, beside);
    }
    let told: Vec<String> = phases
        .iter()
        .map(|(name, ms)| format!("{name} {ms:.0}"))
        .collect();
    report.row("  its phases, once, under WebDriver", "", told.join(", "));
    report.set(
        "start_phases_ms",
        json!(phases.into_iter().collect::<BTreeMap<_, _>>()),
    );
    report.set("start_ms", round(reprise, 0));
    report.set("start_seen_ms", round(seen, 0));
    report.set("start_ms_empty_window", round(empty, 0));
    report.set("start_ms_kitty", round(kitty, 0));
    report.set("start_ms_alacritty", round(alacritty, 0));
    report.set("start_to_empty_window", round(reprise / empty, 2));
    report.set("start_to_kitty", round(reprise / kitty, 2));
    let cold: serde_json::Map<_, _> = all
        .into_iter()
        .zip(cold)
        .map(|(started, ms)| (started.key().to_owned(), json!(round(ms, 0))))
        .collect();
    report.set("start_cold_ms", cold);
}

/// When, after the start of the program, its page was asked for, ran, had the list, and showed the terminal, in ms:
/// the marks that the page sets for itself.
fn phases(world: &World) -> Vec<(&'static str, f64)> {
    let app = world.open_app(&[]);
    let began = started_at(app.pid);
    let marks = wait_for("the page's marks", SLOW, || {
        let marks = app.web().execute(
            "const mark = (name) => performance.getEntriesByName(name)[0]?.startTime; \
             return [0, mark('start'), mark('listed'), mark('shown')].map((at) => at + performance.timeOrigin);",
            &[],
        )?;
        serde_json::from_value::<[f64; 4]>(marks).map_err(|error| error.to_string())
    });
    let names = ["page asked for", "page runs", "list", "terminal shown"];
    names.into_iter().zip(marks.map(|at| at - began)).collect()
}

/// When a process was started, in ms since the epoch.
fn started_at(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = &stat[stat.rfind(')').unwrap() + 2..];
    // The 22nd field (proc(5)), in clock ticks since the system's start: hundredths of a second everywhere.
    let ticks: f64 = after_name
        .split_whitespace()
        .nth(19)
        .unwrap()
        .parse()
        .unwrap();
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let up: f64 = uptime.split_whitespace().next().unwrap().parse().unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64();
    (now - up + ticks / 100.0) * 1000.0
}

/// Leaves Reprise with one project and a shell in front, and no window.
fn prepare(world: &World, screen: &Screen) {
    let app = world.open_workspace();
    app.click("button", "New shell");
    wait_for_prompt(screen);
    // Its preferences know the shell in front once it has been written down.
    app.settled();
    app.close_window();
}

fn wait_for_prompt(screen: &Screen) {
    let seen = screen.watch(SLOW, |screen| {
        (screen.count(screen.whole, MAGENTA) > 0).then_some(())
    });
    assert!(seen.is_some(), "no prompt on the screen");
}

/// One start.
struct Start {
    /// Until the prompt was seen, in ms.
    seen: f64,
    /// Until it took a key.
    ms: f64,
    /// What its processes have in memory of the disk.
    files: BTreeSet<PathBuf>,
}

/// Starts it, waits until it can be used, ends it.
fn start(world: &World, screen: &Screen, started: Started) -> Start {
    wait_until_dark(screen);
    let before = living_in(&world.home);
    let began = Instant::now();
    let process = match started {
        Started::EmptyWindow => run(world, &empty_window(), &[]),
        Started::Reprise => run(world, &world.app_program(), &[]),
        Started::Other(terminal) => {
            // By its name: Alacritty gives its programs the home of the user database.
            let bashrc = world.home.join(".bashrc");
            let shell = ["bash", "--rcfile", &bashrc.to_string_lossy()];
            terminal.open(world, GRID, &shell)
        }
    };
    let (pixels, seen) = screen
        .watch(TOO_LONG, |screen| {
            let pixels = screen.count(screen.whole, MAGENTA);
            (pixels > 0).then_some(pixels)
        })
        .unwrap_or_else(|| panic!("{} showed nothing", started.key()));
    let usable = match started {
        Started::EmptyWindow => seen,
        Started::Reprise | Started::Other(_) => first_answered_key(screen, pixels, started.key()),
    };
    let files = living_in(&world.home)
        .into_iter()
        .filter(|pid| !before.contains(pid))
        .flat_map(mapped_files)
        .collect();
    end(world, started, process);
    Start {
        seen: (seen - began).as_secs_f64() * 1000.0,
        ms: (usable - began).as_secs_f64() * 1000.0,
        files,
    }
}

/// The files that a process has mapped: its program, libraries, fonts, caches.
fn mapped_files(pid: u32) -> Vec<PathBuf> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    maps.lines()
        .filter_map(|line| line.find('/').map(|at| PathBuf::from(&line[at..])))
        .collect()
}

/// Takes files out of the system's memory, as far as nobody else has them mapped: without the rights of root a start
/// cannot be made colder.
fn forget(files: &BTreeSet<PathBuf>) {
    for file in files {
        if let Ok(file) = File::open(file) {
            let _ = fadvise(&file, 0, None, Advice::DontNeed);
        }
    }
}

/// Presses Return until another prompt appears; returns when the key was pressed that brought it.
fn first_answered_key(screen: &Screen, pixels: usize, who: &str) -> Instant {
    let until = Instant::now() + TOO_LONG;
    while Instant::now() < until {
        let pressed = screen.tap(RETURN);
        let answered = screen.watch(PRESS_AGAIN, |screen| {
            let now = screen.count(screen.whole, MAGENTA);
            (now * 2 >= pixels * 3).then_some(())
        });
        if answered.is_some() {
            return pressed;
        }
    }
    panic!("{who} took no key");
}

fn run(world: &World, program: &Path, arguments: &[&str]) -> Process {
    let mut command = Command::new(program);
    world.inside(&mut command);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Process::start(&mut command)
}

fn empty_window() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .with_file_name("empty-window")
}

/// Ends what was started, with the processes of its page.
fn end(world: &World, started: Started, process: Process) {
    let pid = process.pid();
    if started == Started::Reprise {
        // One prompt again, for the next start.
        let _ = world.display.xdotool(&["type", "--delay", "5", "clear\n"]);
        let _ = world.display.xdotool(&["key", "alt+F4"]);
        wait_for("Reprise to end", SLOW, || {
            if is_alive(pid) {
                Err("it runs".to_owned())
            } else {
                Ok(())
            }
        });
    }
    drop(process);
    wait_for("the processes of the page to end", SLOW, || {
        let pages: Vec<u32> = living_in(&world.home)
            .into_iter()
            .filter(|pid| {
                program_of(*pid).is_some_and(|program| program.to_string_lossy().contains("WebKit"))
            })
            .collect();
        pages.iter().for_each(|pid| kill_now(*pid));
        if pages.is_empty() {
            Ok(())
        } else {
            Err(format!("{pages:?} run"))
        }
    });
}

/// Nothing of the last start is on the screen any more.
fn wait_until_dark(screen: &Screen) {
    let dark = screen.watch(SLOW, |screen| {
        (screen.count(screen.whole, MAGENTA) == 0).then_some(())
    });
    assert!(dark.is_some(), "the last window is still on the screen");
}
