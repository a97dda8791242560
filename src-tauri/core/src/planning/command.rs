//! Which command starts a milestone: found by looking at what is installed.
//!
//! get-shit-done-cc 1.42 installs `.claude/commands/gsd/new-milestone.md`, which makes
//! `/gsd:new-milestone`; gsd-core 1.14 installs `.claude/commands/gsd-new-milestone.md`, and
//! for the person a skill of that name, both of which make `/gsd-new-milestone` (observed).

use std::path::Path;

use super::context::context_path;
use crate::model::MilestoneId;

/// What stands for the context file in a template.
const PLACEHOLDER: &str = "{context}";
/// The argument of a milestone's command, unless its template says another.
pub const DEFAULT_ARGUMENT: &str = PLACEHOLDER;

/// What kind of command starts a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    /// `/gsd:new-milestone`.
    GsdCommand,
    /// `/gsd-new-milestone`: a skill, or a command of that name.
    GsdSkill,
    /// A sentence that names the context file, or a command of the person's own.
    PlainPrompt,
}

/// A command with `{context}` where the context file's path goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandTemplate {
    /// The text.
    pub text: String,
    /// What it is.
    pub kind: CommandKind,
}

impl CommandTemplate {
    /// A template that the person set.
    pub fn set_by_person(text: &str) -> Self {
        let kind = match text.split_whitespace().next() {
            Some("/gsd:new-milestone") => CommandKind::GsdCommand,
            Some("/gsd-new-milestone") => CommandKind::GsdSkill,
            _ => CommandKind::PlainPrompt,
        };
        Self {
            text: text.to_owned(),
            kind,
        }
    }

    /// The command for one milestone. A template without `{context}` gets the path at its end.
    pub fn for_milestone(&self, id: MilestoneId) -> String {
        let path = context_path(id).display().to_string();
        if self.text.contains(PLACEHOLDER) {
            self.text.replace(PLACEHOLDER, &path)
        } else {
            format!("{} {path}", self.text.trim_end())
        }
    }
}

/// Whether a command begins a milestone of get-shit-done, some versions of which delete the
/// folders of earlier phases (gsd#3129).
pub fn is_new_milestone(command: &str) -> bool {
    matches!(
        command.split_whitespace().next(),
        Some("/gsd:new-milestone" | "/gsd-new-milestone")
    )
}

/// Looks for the command in the workspace, then in the person's own configuration folder.
pub fn detect_command(workspace: &Path, config_dir: &Path) -> CommandTemplate {
    for base in [&workspace.join(".claude"), config_dir] {
        if let Some((prefix, kind)) = installed(base, "new-milestone") {
            return CommandTemplate {
                text: format!("{prefix}new-milestone {DEFAULT_ARGUMENT}"),
                kind,
            };
        }
    }
    CommandTemplate {
        text: format!("Read {PLACEHOLDER} and start this milestone."),
        kind: CommandKind::PlainPrompt,
    }
}

/// A command that a plan suggests, in the form in which it is installed: plans name commands
/// in either form, whatever the installer made.
pub(super) fn as_installed(workspace: &Path, config_dir: &Path, command: &str) -> String {
    let Some(rest) = command
        .strip_prefix("/gsd:")
        .or_else(|| command.strip_prefix("/gsd-"))
    else {
        return command.to_owned();
    };
    let (name, arguments) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    for base in [&workspace.join(".claude"), config_dir] {
        if plain && let Some((prefix, _)) = installed(base, name) {
            return format!("{prefix}{name}{arguments}");
        }
    }
    command.to_owned()
}

/// How a command of get-shit-done is called, where it is installed below `base`.
fn installed(base: &Path, name: &str) -> Option<(&'static str, CommandKind)> {
    let there = |file: String| base.join(file).is_file();
    if there(format!("commands/gsd/{name}.md")) {
        Some(("/gsd:", CommandKind::GsdCommand))
    } else if there(format!("commands/gsd-{name}.md"))
        || there(format!("skills/gsd-{name}/SKILL.md"))
    {
        Some(("/gsd-", CommandKind::GsdSkill))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn put(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }

    #[test]
    fn what_is_installed_nearest_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, config) = (folder.path().join("w"), folder.path().join("c"));
        let id: MilestoneId = "65f0c0ffee0123456789abcd".parse().unwrap();
        let path = ".milestones/65f0c0ffee0123456789abcd/MILESTONE-CONTEXT.md";
        let command = || {
            let template = detect_command(&workspace, &config);
            (template.for_milestone(id), template.kind)
        };
        assert_eq!(
            command(),
            (
                format!("Read {path} and start this milestone."),
                CommandKind::PlainPrompt
            )
        );
        put(&config.join("skills/gsd-new-milestone/SKILL.md"));
        assert_eq!(
            command(),
            (format!("/gsd-new-milestone {path}"), CommandKind::GsdSkill)
        );
        put(&workspace.join(".claude/commands/gsd/new-milestone.md"));
        assert_eq!(
            command(),
            (
                format!("/gsd:new-milestone {path}"),
                CommandKind::GsdCommand
            )
        );
    }

    #[test]
    fn a_suggested_command_takes_the_form_that_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, config) = (folder.path().join("w"), folder.path().join("c"));
        let next = |command| as_installed(&workspace, &config, command);
        assert_eq!(next("/gsd-plan-phase 3"), "/gsd-plan-phase 3");
        put(&workspace.join(".claude/commands/gsd/plan-phase.md"));
        assert_eq!(next("/gsd-plan-phase 3"), "/gsd:plan-phase 3");
        assert_eq!(next("/gsd:plan-phase"), "/gsd:plan-phase");
        assert_eq!(next("/gsd-../../x"), "/gsd-../../x");
        assert_eq!(next("make"), "make");
    }

    #[test]
    fn a_template_of_the_persons_own_gets_the_path_where_it_says() {
        let id: MilestoneId = "65f0c0ffee0123456789abcd".parse().unwrap();
        let command = |text| CommandTemplate::set_by_person(text).for_milestone(id);
        assert!(command("/plan {context} --fast").ends_with("MILESTONE-CONTEXT.md --fast"));
        assert!(command("/plan ").starts_with("/plan .milestones/"));
        assert!(is_new_milestone("/gsd:new-milestone x"));
        assert!(!is_new_milestone("/gsd:new-milestones x"));
    }
}
