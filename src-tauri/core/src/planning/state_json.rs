//! `.planning/state.json`: what newer versions of get-shit-done publish (gsd-core 1.14,
//! `state-contract.cjs`, contract 1.0.0). Read only.

use serde::Deserialize;
use serde_json::Value;

use super::progress::{Found, MAX_PHASES, Phase, PhaseStatus, PlannedMilestone, StateProblem};

#[derive(Deserialize)]
struct Contract {
    contract: String,
    #[serde(default)]
    milestone: Option<String>,
    #[serde(default)]
    phases: Vec<ContractPhase>,
    #[serde(default)]
    next: Option<Next>,
}

#[derive(Deserialize)]
struct ContractPhase {
    number: Value,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct Next {
    command: Option<String>,
}

pub(super) fn parse(text: &str) -> Result<Found, StateProblem> {
    let unreadable = |why: String| StateProblem::Unreadable { why };
    let value: Value = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let found = value["contract"].as_str().unwrap_or_default();
    if found.split('.').next() != Some("1") {
        return Err(StateProblem::UnknownContract {
            found: crate::model::one_line(found, 40),
        });
    }
    let contract: Contract =
        serde_json::from_value(value).map_err(|error| unreadable(error.to_string()))?;
    debug_assert!(!contract.contract.is_empty());
    Ok(Found {
        milestone: contract.milestone.as_deref().map(milestone),
        phases: contract
            .phases
            .into_iter()
            .take(MAX_PHASES)
            .filter_map(phase)
            .collect(),
        next: contract.next.and_then(|next| next.command),
    })
}

/// `v1.1 — Notifications`, or the version alone.
fn milestone(text: &str) -> PlannedMilestone {
    let (version, name) = match text.split_once(" \u{2014} ") {
        Some((version, name)) => (version, Some(name.to_owned())),
        None => (text, None),
    };
    PlannedMilestone {
        version: Some(version.to_owned()),
        name,
        status: None,
    }
}

fn phase(phase: ContractPhase) -> Option<Phase> {
    let number = match phase.number {
        Value::String(number) => number,
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(Phase {
        number,
        name: phase.name.unwrap_or_default(),
        status: match phase.status.as_deref() {
            Some("complete") => PhaseStatus::Done,
            Some("in_progress") => PhaseStatus::Current,
            _ => PhaseStatus::Todo,
        },
        plans_done: 0,
        plans_total: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_contract_and_broken_json_are_named() {
        for (text, unknown) in [
            (r#"{"contract":"2.0.0"}"#, true),
            (r#"{"phases":[]}"#, true),
            ("{", false),
            (r#"{"contract":"1.0.0","phases":7}"#, false),
        ] {
            let problem = parse(text).unwrap_err();
            assert_eq!(
                matches!(problem, StateProblem::UnknownContract { .. }),
                unknown,
                "{text}: {problem}"
            );
        }
    }

    #[test]
    fn a_later_minor_version_is_read_as_far_as_it_is_known() {
        let found = parse(
            r#"{"contract":"1.9.0","later":{},"milestone":"v2.0","phases":
               [{"number":7,"status":"new word","later":1},{"number":null}],"next":null}"#,
        )
        .unwrap();
        assert_eq!(found.milestone.unwrap().version.unwrap(), "v2.0");
        assert_eq!(found.phases.len(), 1);
        assert_eq!(found.phases[0].number, "7");
        assert_eq!(found.phases[0].status, PhaseStatus::Todo);
    }
}
