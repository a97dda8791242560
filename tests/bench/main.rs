//! `make bench`: Reprise's window as it is packaged, beside other terminals in the same run.
//!
//!     bench [--rounds N] [PART…]      the parts that are named, else all: cat echo reload memory hook start
//!     bench soak                      two hours of full redraws (`SOAK_MINUTES` for others)
//!
//! Keys go through the XTEST extension, pictures come from the X server, what is parsed is asked
//! of the page. Nothing in Reprise is there for this program alone. Every figure goes into
//! `target/bench/results.json`; what an earlier run measured and this one did not is kept. Where it sleeps, that is the
//! pace or the length of a measurement; what it waits for it asks for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot go on says so by panicking"
)]

mod cat;
mod echo;
mod hook;
mod memory;
mod publish;
mod reload;
mod report;
mod screen;
mod shells;
mod soak;
mod start;
mod terminals;
mod texts;
#[path = "../window/mod.rs"]
mod window;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use report::Report;

type Part = fn(&mut Report);

/// What can be measured by itself.
const PARTS: &[(&str, Part)] = &[
    ("cat", cat::measure),
    ("echo", echo::measure),
    ("reload", reload::measure),
    ("memory", memory::measure),
    ("hook", hook::measure),
    ("start", start::measure),
];

fn main() -> ExitCode {
    let mut rounds = 5;
    let mut wanted = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "soak" => return soak(),
            // The programs in the terminals of both.
            "flood" => {
                echo::flood(&arguments.next().unwrap());
                return ExitCode::SUCCESS;
            }
            "frames" => {
                soak::frames(&arguments.next().unwrap());
                return ExitCode::SUCCESS;
            }
            _ => {}
        }
        if argument == "--rounds" {
            rounds = match arguments.next().and_then(|number| number.parse().ok()) {
                Some(number) if number > 0 => number,
                _ => return usage("--rounds needs a number"),
            };
        } else if PARTS.iter().any(|(name, _)| *name == argument) {
            wanted.push(argument);
        } else {
            return usage(&format!("there is no part {argument:?}"));
        }
    }
    let mut report = Report::open(rounds);
    let mut failed = Vec::new();
    for (name, part) in PARTS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        // One part that cannot be measured costs its own figures, not the others'.
        if catch_unwind(AssertUnwindSafe(|| part(&mut report))).is_err() {
            failed.push(*name);
        }
        report.save();
    }
    report.print();
    // Of a whole run only: figures of different days do not belong side by side.
    if wanted.is_empty()
        && failed.is_empty()
        && let Err(reason) = publish::write(&report)
    {
        eprintln!("bench: nothing for the README: {reason}");
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("bench: not measured, see above: {}", failed.join(", "));
    ExitCode::FAILURE
}

fn soak() -> ExitCode {
    match soak::measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("soak: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn usage(message: &str) -> ExitCode {
    let parts: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    eprintln!(
        "bench: {message}\nusage: bench [--rounds N] [PART…]\nparts: {}",
        parts.join(" ")
    );
    ExitCode::from(2)
}
