//! Projects in which get-shit-done is really installed, from npm, and whose plans its own
//! tools have written.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use reprise_core::model::MilestoneId;
use reprise_core::planning::{
    self, CommandKind, PhaseStatus, Phases, PlanningState, Source, detect_command, read_planning,
};
use tempfile::TempDir;

const ROADMAP: &str = include_str!("ROADMAP.md");
const STATE: &str = include_str!("STATE.md");

/// A workspace with a plan and an installed package.
struct Project {
    folder: TempDir,
    tools: PathBuf,
}

impl Project {
    /// `tools` is where the package installs its own.
    fn new(package: &str, tools: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("w");
        fs::create_dir_all(&workspace).unwrap();
        planning::prepare(&workspace).unwrap();
        fs::write(workspace.join(".planning/ROADMAP.md"), ROADMAP).unwrap();
        fs::write(workspace.join(".planning/STATE.md"), STATE).unwrap();
        let project = Self {
            tools: workspace.join(tools),
            folder,
        };
        project.put("03-matching-rules/03-01-PLAN.md");
        project.put("03-matching-rules/03-02-PLAN.md");
        project.put("03-matching-rules/03-01-SUMMARY.md");
        project.node(&installer(package), &["--claude", "--local"]);
        project
    }

    fn workspace(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("home/.claude")
    }

    fn phase_file(&self, relative: &str) -> PathBuf {
        self.workspace().join(".planning/phases").join(relative)
    }

    fn put(&self, relative: &str) {
        let path = self.phase_file(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("# {relative}\n")).unwrap();
    }

    /// Runs a script of the package with a home of its own.
    fn node(&self, script: &Path, arguments: &[&str]) {
        let output = Command::new("node")
            .arg(script)
            .args(arguments)
            .current_dir(self.workspace())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path().join("home"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Runs the package's own tool, as its commands do.
    fn gsd(&self, arguments: &[&str]) {
        self.node(&self.tools, arguments);
    }

    fn plan(&self) -> PlanningState {
        read_planning(&self.workspace(), &self.config())
            .unwrap()
            .unwrap()
    }
}

/// The installer of a package that `.ci/setup.sh` unpacks.
fn installer(package: &str) -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let installer = repository
        .join("target/tools/npm")
        .join(package)
        .join("bin/install.js");
    if !installer.exists() {
        let setup = repository.join(".ci/setup.sh");
        let status = Command::new(setup).arg("core").status().unwrap();
        assert!(
            status.success() && installer.exists(),
            "{package} is missing"
        );
    }
    installer
}

/// Number, status, and plans done of all, of each phase.
fn phases(plan: &PlanningState) -> Vec<(&str, PhaseStatus, (u32, u32))> {
    plan.phases
        .iter()
        .map(|phase| {
            let plans = (phase.plans_done, phase.plans_total);
            (&*phase.number, phase.status, plans)
        })
        .collect()
}

#[test]
fn a_plan_of_get_shit_done_is_read_from_its_markdown() {
    use PhaseStatus::{Current, Done, Todo};
    let project = Project::new(
        "get-shit-done-cc",
        ".claude/get-shit-done/bin/gsd-tools.cjs",
    );
    let id = MilestoneId::generate();
    let command = detect_command(&project.workspace(), &project.config());
    assert_eq!(command.kind, CommandKind::GsdCommand);
    assert_eq!(
        command.for_milestone(id),
        format!("/gsd:new-milestone .milestones/{id}/MILESTONE-CONTEXT.md")
    );

    let plan = project.plan();
    assert_eq!(plan.source, Source::Markdown);
    assert_eq!(
        phases(&plan),
        [
            ("3", Current, (1, 2)),
            ("4", Todo, (0, 0)),
            ("5", Todo, (0, 0))
        ]
    );
    assert_eq!(plan.next.as_deref(), Some("/gsd:execute-phase 3"));

    // The package's own tool writes the roadmap, and the state with its front matter.
    project.gsd(&["phase", "complete", "3"]);
    let plan = project.plan();
    let milestone = plan.milestone.clone().unwrap();
    assert_eq!(milestone.version.as_deref(), Some("v1.1"));
    assert_eq!(milestone.name.as_deref(), Some("Bank reconciliation"));
    assert_eq!(
        phases(&plan),
        [
            ("3", Done, (1, 2)),
            ("4", Current, (0, 0)),
            ("5", Todo, (0, 0))
        ]
    );
    assert_eq!(plan.phases[0].name, "Matching rules");
    assert_eq!(plan.next.as_deref(), Some("/gsd:plan-phase 4"));
}

#[test]
fn phases_that_get_shit_done_deletes_come_back_from_their_copy() {
    let project = Project::new(
        "get-shit-done-cc",
        ".claude/get-shit-done/bin/gsd-tools.cjs",
    );
    let phases = Phases::new(&project.workspace(), &project.folder.path().join("copies"));
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let backup = phases.back_up(at).unwrap().unwrap();
    assert_eq!(backup.folders, 1);

    // What its new-milestone workflow runs.
    project.gsd(&["phases", "clear", "--confirm"]);
    let plan = project.phase_file("03-matching-rules/03-01-PLAN.md");
    assert!(!plan.exists(), "this version deletes the phases");

    phases.restore(&backup.name, at).unwrap();
    assert_eq!(
        fs::read_to_string(plan).unwrap(),
        "# 03-matching-rules/03-01-PLAN.md\n"
    );
    let all = fs::read_dir(project.phase_file("03-matching-rules")).unwrap();
    assert_eq!(all.count(), 3);
}

#[test]
fn a_plan_of_gsd_core_is_read_from_what_it_publishes() {
    use PhaseStatus::{Current, Done, Todo};
    let project = Project::new("gsd-core", ".claude/gsd-core/bin/gsd-tools.cjs");
    let command = detect_command(&project.workspace(), &project.config());
    assert_eq!(command.kind, CommandKind::GsdSkill);
    assert!(command.text.starts_with("/gsd-new-milestone "));

    project.put("04-review-screen/04-01-PLAN.md");
    project.put("04-review-screen/04-01-SUMMARY.md");
    fs::write(
        project.phase_file("04-review-screen/04-VERIFICATION.md"),
        "---\nstatus: passed\n---\n# ok\n",
    )
    .unwrap();
    project.gsd(&["phase", "complete", "4"]);
    let plan = project.plan();
    assert_eq!(plan.source, Source::StateJson);
    assert_eq!(plan.problem, None);
    assert_eq!(
        plan.milestone.clone().unwrap().version.as_deref(),
        Some("v1.1")
    );
    assert_eq!(
        phases(&plan),
        [
            ("3", Current, (1, 2)),
            ("4", Done, (1, 1)),
            ("5", Todo, (0, 0))
        ]
    );
    // The plan says `/gsd:progress`; what is installed is `/gsd-progress`.
    assert_eq!(plan.next.as_deref(), Some("/gsd-progress --next"));
}

#[test]
fn a_contract_of_a_later_major_version_is_named_and_the_markdown_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let planning = folder.path().join(".planning");
    fs::create_dir(&planning).unwrap();
    fs::write(planning.join("ROADMAP.md"), ROADMAP).unwrap();
    fs::write(
        planning.join("state.json"),
        r#"{"contract":"2.0.0","phases":[]}"#,
    )
    .unwrap();
    let plan = read_planning(folder.path(), Path::new("/nowhere"))
        .unwrap()
        .unwrap();
    assert_eq!(plan.source, Source::Markdown);
    assert!(plan.problem.unwrap().to_string().contains("2.0.0"));
    assert_eq!(plan.phases.len(), 3);
}
