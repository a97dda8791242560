//! What Reprise itself takes: the memory of its own processes with 1, 10 and 30 terminals, and its processor time with 20
//! idle ones. Its own are the app, the web view's processes and the hosts, not the programs in the terminals.
//!
//! The project's Claude Code has its terminal, too; it is there beside those that are counted, and its
//! host is counted with the others.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::reload::{FILL, fill};
use crate::report::{Report, round};
use crate::screen::Screen;
use crate::shells::{open_another, set_prompt};
use crate::window::{App, Process, SLOW, World, living_in, program_of};

/// How many terminals with full scrollbacks there are at each look.
const COUNTS: [usize; 3] = [1, 10, 30];
const IDLE: usize = 20;
/// How long terminals that were just filled are left alone before they count as idle: web views collect garbage and
/// compile for a while after work, which is the work's cost, and the window counts the first minute of a state in seconds.
const REST: Duration = Duration::from_secs(75);
const IDLE_FOR: Duration = Duration::from_secs(60);
/// Until memory that is not needed any more has been given back: after work that fills it the web view collects its garbage
/// within some 10 s of quiet.
const SETTLE: Duration = Duration::from_secs(20);
const MAGENTA: u32 = 0x00ff_00ff;

pub fn measure(report: &mut Report) {
    let world = World::new("bench-memory");
    set_prompt(&world);
    fs::write(world.workspace.join("fill.sh"), FILL).unwrap();
    report.progress("memory of an empty window");
    let empty = empty_window(&world);
    report.heading("(e) memory of Reprise's own processes, MB (PSS), full scrollbacks");
    report.row("empty Tauri window", format!("{empty:.0}"), "");
    report.set("pss_mb_empty_window", round(empty, 1));

    let app = world.open_workspace();
    let grid = app.open_shell();
    fill(&app, grid.cols);
    let mut at_one = 0.0;
    let mut open = 1;
    for count in COUNTS {
        while open < count {
            if open == IDLE {
                idle(report, &world, &app);
            }
            open_another(&world, &app);
            fill(&app, grid.cols);
            open += 1;
        }
        report.progress(&format!("memory with {count} terminals"));
        std::thread::sleep(SETTLE);
        let pss = pss_of(&own_processes(&world, &app));
        let total = pss.values().sum::<f64>();
        let beside = if count == 1 {
            at_one = total;
            format!("an empty window + {:.0}", total - empty)
        } else {
            let each = (total - at_one) / (count - 1) as f64;
            report.set(&format!("pss_mb_each_further_at_{count}"), round(each, 2));
            format!("{each:.1} for each further one")
        };
        report.row(&format!("{count} terminals"), format!("{total:.0}"), beside);
        let parts: Vec<String> = pss
            .iter()
            .map(|(name, mb)| format!("{name} {mb:.0}"))
            .collect();
        report.row("", "", parts.join(", "));
        report.set(&format!("pss_mb_{count}"), round(total, 1));
        report.set(&format!("pss_mb_{count}_parts"), json!(pss));
    }
}

/// Processor time of Reprise's own processes while nothing happens, in percent of one core.
fn idle(report: &mut Report, world: &World, app: &App<'_>) {
    report.progress(&format!("{IDLE} idle terminals"));
    std::thread::sleep(REST);
    let own = own_processes(world, app);
    let before: Vec<f64> = own
        .iter()
        .map(|(name, pid)| cpu_seconds(name, *pid))
        .collect();
    let began = Instant::now();
    std::thread::sleep(IDLE_FOR);
    let seconds = began.elapsed().as_secs_f64();
    let mut parts = BTreeMap::<&str, f64>::new();
    for ((name, pid), before) in own.iter().zip(before) {
        *parts.entry(name).or_default() += (cpu_seconds(name, *pid) - before) / seconds * 100.0;
    }
    let total: f64 = parts.values().sum();
    let told: Vec<String> = parts
        .iter()
        .map(|(name, percent)| format!("{name} {percent:.2}"))
        .collect();
    report.heading(format!(
        "(f) processor time with {IDLE} idle terminals, % of a core"
    ));
    report.row(
        "Reprise's own processes",
        format!("{total:.2}"),
        told.join(", "),
    );
    report.set("idle_cpu_percent_20", round(total, 2));
    report.set("idle_cpu_percent_20_parts", json!(parts));
}

/// The empty window's processes, in MB.
fn empty_window(world: &World) -> f64 {
    let screen = Screen::connect(&world.display.name);
    let before = living_in(&world.home);
    let program = std::env::current_exe()
        .unwrap()
        .with_file_name("empty-window");
    let mut command = Command::new(program);
    world.inside(&mut command);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _window = Process::start(&mut command);
    let shown = screen.watch(SLOW, |screen| {
        (screen.count(screen.whole, MAGENTA) > 0).then_some(())
    });
    assert!(shown.is_some(), "the empty window does not show");
    std::thread::sleep(SETTLE);
    let own: Vec<(&str, u32)> = living_in(&world.home)
        .into_iter()
        .filter(|pid| !before.contains(pid))
        .map(|pid| ("empty window", pid))
        .collect();
    pss_of(&own).values().sum()
}

/// Reprise's own processes, each with what it is.
pub fn own_processes(world: &World, app: &App<'_>) -> Vec<(&'static str, u32)> {
    let mut own = vec![("app", app.pid)];
    for pid in living_in(&world.home) {
        let program = program_of(pid).unwrap_or_default();
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        match &*name {
            "WebKitWebProcess" => own.push(("page", pid)),
            "WebKitNetworkProcess" => own.push(("network", pid)),
            "WebKitGPUProcess" => own.push(("graphics", pid)),
            _ => {}
        }
    }
    own.extend(world.list().iter().map(|listed| ("hosts", listed.host_pid)));
    own
}

/// Proportional set size in MB (10^6 bytes), by what the processes are.
pub fn pss_of(processes: &[(&'static str, u32)]) -> BTreeMap<&'static str, f64> {
    sizes_of(processes, &["Pss"])
}

/// The same without their share of files.
pub fn written_of(processes: &[(&'static str, u32)]) -> BTreeMap<&'static str, f64> {
    sizes_of(processes, &["Pss_Anon", "Pss_Shmem"])
}

fn sizes_of(processes: &[(&'static str, u32)], fields: &[&str]) -> BTreeMap<&'static str, f64> {
    let mut sizes = BTreeMap::new();
    for (name, pid) in processes {
        *sizes.entry(*name).or_default() +=
            fields.iter().map(|field| size(*pid, field)).sum::<f64>();
    }
    sizes
}

/// A field of `/proc/<pid>/smaps_rollup` (proc_pid_smaps(5)), in MB.
fn size(pid: u32, field: &str) -> f64 {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text =
        fs::read_to_string(Path::new(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .unwrap_or_else(|| panic!("{path} has no {field}"));
    let kib: f64 = value.trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024.0 / 1e6
}

/// Processor time that a process has used so far. Hosts are many, and 10 ms of each would be much: theirs is counted in
/// nanoseconds, thread by thread. Where threads come and go, the process's own count is right, in steps of 10 ms.
fn cpu_seconds(name: &str, pid: u32) -> f64 {
    if name != "hosts" {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let after_name = &stat[stat.rfind(')').unwrap() + 2..];
        // utime and stime, the 14th and 15th fields (proc(5)).
        let ticks = after_name.split_whitespace().skip(11).take(2);
        return ticks
            .map(|ticks| ticks.parse::<f64>().unwrap())
            .sum::<f64>()
            / 100.0;
    }
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanoseconds: u64 = tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    nanoseconds as f64 / 1e9
}
