//! `ROADMAP.md` and `STATE.md`, as get-shit-done's templates lay them out (versions 1.42 of
//! get-shit-done-cc and 1.14 of gsd-core): a progress table, else a check list of phases; the
//! active milestone in the state's front matter, else in the roadmap's headings.

use super::progress::{Found, MAX_PHASES, Phase, PhaseStatus, PlannedMilestone, same_number};

/// Phases from 999 on are the backlog, and phase 0 is none.
const BACKLOG: u32 = 999;

pub(super) fn parse(roadmap: &str, state: &str) -> Found {
    let mut phases = progress_table(roadmap)
        .into_iter()
        .map(|row| row.phase)
        .collect::<Vec<_>>();
    if phases.is_empty() {
        phases = check_list(roadmap);
    }
    let current = current_phase(state);
    for phase in &mut phases {
        let is_current = current
            .as_deref()
            .is_some_and(|current| same_number(current, &phase.number));
        if is_current && phase.status != PhaseStatus::Done {
            phase.status = PhaseStatus::Current;
        }
    }
    Found {
        milestone: milestone(roadmap, state),
        phases,
        next: None,
    }
}

/// Leaves out the phases of other milestones, where the roadmap's table says whose each is.
pub(super) fn keep_active_milestone(found: &mut Found, roadmap: &str) {
    let Some(active) = found
        .milestone
        .as_ref()
        .and_then(|milestone| milestone.version.clone())
    else {
        return;
    };
    let rows = progress_table(roadmap);
    let of_another = |phase: &Phase| {
        rows.iter().any(|row| {
            same_number(&row.phase.number, &phase.number)
                && row.milestone.as_ref().is_some_and(|its| *its != active)
        })
    };
    if rows
        .iter()
        .any(|row| row.milestone.as_ref() == Some(&active))
    {
        found.phases.retain(|phase| !of_another(phase));
    }
}

/// How many plans of each phase are done and how many there are, by the roadmap's table.
pub(super) fn plan_counts(roadmap: &str) -> Vec<(String, (u32, u32))> {
    progress_table(roadmap)
        .into_iter()
        .map(|row| {
            let counts = (row.phase.plans_done, row.phase.plans_total);
            (row.phase.number, counts)
        })
        .collect()
}

struct Row {
    phase: Phase,
    milestone: Option<String>,
}

/// The rows of the table that has the columns "Phase" and "Status".
fn progress_table(roadmap: &str) -> Vec<Row> {
    let mut lines = roadmap.lines().map(cells).peekable();
    let mut rows = Vec::new();
    while let Some(head) = lines.next() {
        let column = |name: &str| head.iter().position(|cell| cell.eq_ignore_ascii_case(name));
        let (Some(phase), Some(status)) = (column("Phase"), column("Status")) else {
            continue;
        };
        let (milestone, plans) = (column("Milestone"), column("Plans Complete"));
        // The line below a table's head holds dashes only.
        lines.next();
        while let Some(row) = lines.next_if(|row| !row.is_empty()) {
            let cell = |index: usize| row.get(index).map(String::as_str).unwrap_or_default();
            let Some((number, name)) = numbered(cell(phase)) else {
                continue;
            };
            let (plans_done, plans_total) =
                plans.map(|index| counts(cell(index))).unwrap_or_default();
            rows.push(Row {
                phase: Phase {
                    number,
                    name,
                    status: status_of(cell(status)),
                    plans_done,
                    plans_total,
                },
                milestone: milestone
                    .map(|index| cell(index).to_owned())
                    .filter(|text| !text.is_empty()),
            });
            if rows.len() == MAX_PHASES {
                break;
            }
        }
        break;
    }
    rows
}

/// The cells of a table's row; empty for any other line.
fn cells(line: &str) -> Vec<String> {
    let Some(inner) = line.trim().strip_prefix('|') else {
        return Vec::new();
    };
    inner
        .trim_end_matches('|')
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// `- [x] **Phase 1: Foundation** - text`, in the section "Phases".
fn check_list(roadmap: &str) -> Vec<Phase> {
    roadmap
        .lines()
        .skip_while(|line| !is_heading(line, "Phases"))
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| {
            let line = line.trim().strip_prefix("- [")?;
            let (mark, rest) = line.split_once("] **Phase ")?;
            let (title, _) = rest.split_once("**")?;
            let (number, name) = numbered(title)?;
            Some(Phase {
                number,
                name,
                status: if mark.trim().is_empty() {
                    PhaseStatus::Todo
                } else {
                    PhaseStatus::Done
                },
                plans_done: 0,
                plans_total: 0,
            })
        })
        .take(MAX_PHASES)
        .collect()
}

fn is_heading(line: &str, text: &str) -> bool {
    line.strip_prefix("## ")
        .is_some_and(|heading| heading.trim().eq_ignore_ascii_case(text))
}

/// `2.1. Hardening` or `2: Hardening`: a number and a name.
fn numbered(text: &str) -> Option<(String, String)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, name) = text.split_at(end);
    let number = number.trim_end_matches('.');
    let first: u32 = number.split('.').next()?.parse().ok()?;
    if first == 0 || first >= BACKLOG {
        return None;
    }
    let name =
        name.trim_start_matches(|c: char| c.is_whitespace() || ".:)-\u{2013}\u{2014}".contains(c));
    Some((number.to_owned(), name.trim().to_owned()))
}

/// `2/3`.
fn counts(cell: &str) -> (u32, u32) {
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    cell.split_once('/')
        .map(|(done, total)| (number(done), number(total)))
        .unwrap_or_default()
}

fn status_of(cell: &str) -> PhaseStatus {
    match cell.to_ascii_lowercase().as_str() {
        "complete" => PhaseStatus::Done,
        "in progress" => PhaseStatus::Current,
        _ => PhaseStatus::Todo,
    }
}

/// The phase that `STATE.md` names: in its front matter, else as `Phase: 2 of 4 (Name)`.
fn current_phase(state: &str) -> Option<String> {
    let text = front_matter(state, "current_phase").or_else(|| {
        let line = state
            .lines()
            .find_map(|line| line.trim().strip_prefix("Phase:"))?;
        Some(line.trim().to_owned())
    })?;
    numbered(text.trim_start_matches("Phase ")).map(|(number, _)| number)
}

fn milestone(roadmap: &str, state: &str) -> Option<PlannedMilestone> {
    let version = front_matter(state, "milestone");
    let name = front_matter(state, "milestone_name");
    let status = front_matter(state, "status");
    if version.is_some() || name.is_some() {
        return Some(PlannedMilestone {
            version,
            name,
            status,
        });
    }
    // `- 🚧 **v1.1 Notifications** - Phases 5-6 (in progress)`
    let line = roadmap.lines().find(|line| line.contains('\u{1f6a7}'))?;
    let title = match line.split_once("**") {
        Some((_, rest)) => rest.split("**").next().unwrap_or_default(),
        None => line.rsplit('\u{1f6a7}').next().unwrap_or_default(),
    };
    let title = title.split('(').next().unwrap_or_default().trim();
    let (version, name) = title.split_once(' ').unwrap_or((title, ""));
    Some(PlannedMilestone {
        version: (!version.is_empty()).then(|| version.to_owned()),
        name: (!name.is_empty()).then(|| name.trim().to_owned()),
        status,
    })
}

/// A plain value of the front matter: `key: value`, quoted or not.
fn front_matter(text: &str, key: &str) -> Option<String> {
    let mut lines = text.trim_start().lines();
    if lines.next()?.trim() != "---" {
        return None;
    }
    lines
        .take_while(|line| line.trim() != "---")
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name == key).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        })
        .filter(|value| !value.is_empty() && value != "null")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_check_list_stands_in_for_the_table() {
        let roadmap = "# Roadmap\n\n## Phases\n- [x] **Phase 1: Base** - x\n\
             - [ ] **Phase 2: Rules** - y\n- [ ] **Phase 2.1: Fix (INSERTED)** - z\n\
             - [ ] **Phase 999.1: Someday**\n\n## Phase Details\n- [ ] **Phase 9: no phase**\n";
        let state = "# State\n\nPhase: 2 of 3 (Rules)\nPlan: 1 of 2\n";
        let found = parse(roadmap, state);
        let phases: Vec<_> = found
            .phases
            .iter()
            .map(|phase| (&*phase.number, &*phase.name, phase.status))
            .collect();
        assert_eq!(
            phases,
            [
                ("1", "Base", PhaseStatus::Done),
                ("2", "Rules", PhaseStatus::Current),
                ("2.1", "Fix (INSERTED)", PhaseStatus::Todo),
            ]
        );
        assert_eq!(found.milestone, None);
    }

    #[test]
    fn only_the_active_milestones_phases_are_kept() {
        let roadmap = "## Milestones\n- \u{2705} **v1.0 MVP** - Phases 1-2\n\
             - \u{1f6a7} **v1.1 Bank** - Phases 5-6 (in progress)\n\n## Progress\n\n\
             | Phase | Milestone | Plans Complete | Status | Completed |\n|---|---|---|---|---|\n\
             | 1. Base | v1.0 | 3/3 | Complete | 2026-01-01 |\n\
             | 5. Rules | v1.1 | 1/2 | In progress | - |\n| 6. UI | v1.1 | 0/? | Not started | - |\n";
        let mut found = parse(roadmap, "");
        keep_active_milestone(&mut found, roadmap);
        let numbers: Vec<_> = found.phases.iter().map(|phase| &*phase.number).collect();
        assert_eq!(numbers, ["5", "6"]);
        let milestone = found.milestone.unwrap();
        assert_eq!(milestone.version.as_deref(), Some("v1.1"));
        assert_eq!(milestone.name.as_deref(), Some("Bank"));
        assert_eq!(plan_counts(roadmap)[1], ("5".to_owned(), (1, 2)));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(roadmap in "(?s).{0,400}", state in "(?s).{0,200}") {
            let mut found = parse(&roadmap, &state);
            keep_active_milestone(&mut found, &roadmap);
        }

        #[test]
        fn no_table_is_too_odd(
            rows in proptest::collection::vec("\\|[ |0-9a-zA-Z./:-]{0,40}", 0..20),
        ) {
            let roadmap = format!("| Phase | Status |\n|--|--|\n{}", rows.join("\n"));
            parse(&roadmap, "---\nmilestone: x\n");
        }
    }
}
