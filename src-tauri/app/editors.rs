//! Editors: the ones that many people have, and whether their programs are on this computer.

use std::ffi::OsStr;

use crate::dto::{EditorView, EditorsView};
use crate::open_file::{EditorCommand, find_program};

/// An editor by its own words for a place in a file.
struct Known {
    title: &'static str,
    /// Its program, which is called otherwise by some distributions.
    programs: &'static [&'static str],
    arguments: &'static str,
    /// Whether it is offered only where it is installed.
    if_there: bool,
}

const KNOWN: [Known; 8] = [
    Known {
        title: "Visual Studio Code",
        programs: &["code"],
        arguments: "-g {file}:{line}:{column}",
        if_there: false,
    },
    Known {
        title: "Zed",
        programs: &["zed", "zeditor", "zedit"],
        arguments: "{file}:{line}:{column}",
        if_there: false,
    },
    Known {
        title: "IntelliJ IDEA",
        programs: &["idea", "intellij-idea-ultimate", "intellij-idea-community"],
        arguments: "--line {line} --column {column} {file}",
        if_there: false,
    },
    Known {
        title: "Cursor",
        programs: &["cursor"],
        arguments: "-g {file}:{line}:{column}",
        if_there: true,
    },
    Known {
        title: "VSCodium",
        programs: &["codium"],
        arguments: "-g {file}:{line}:{column}",
        if_there: true,
    },
    Known {
        title: "Sublime Text",
        programs: &["subl"],
        arguments: "{file}:{line}:{column}",
        if_there: true,
    },
    Known {
        title: "Kate",
        programs: &["kate"],
        arguments: "--line {line} --column {column} {file}",
        if_there: true,
    },
    Known {
        title: "gVim",
        programs: &["gvim"],
        arguments: "+{line} {file}",
        if_there: true,
    },
];

/// The editors to choose from, those that are there first, and whether the program of the
/// command that was `chosen` is.
pub fn editors(chosen: Option<&str>, path: &OsStr) -> EditorsView {
    let mut known: Vec<EditorView> = KNOWN
        .iter()
        .filter_map(|editor| {
            let found = |program: &&&str| find_program(program, path).is_some();
            let there = editor.programs.iter().find(found);
            let program = there.or(editor.programs.first())?;
            let view = EditorView {
                id: editor.programs.first()?.to_string(),
                title: editor.title.to_owned(),
                command: format!("{program} {}", editor.arguments),
                installed: there.is_some(),
            };
            let is_offered = view.installed || !editor.if_there;
            (is_offered || chosen == Some(view.command.as_str())).then_some(view)
        })
        .collect();
    known.sort_by_key(|editor| !editor.installed);
    let command = chosen.and_then(|chosen| EditorCommand::parse(chosen).ok());
    let missing = command.filter(|command| find_program(command.program(), path).is_none());
    EditorsView {
        known,
        missing: missing.map(|command| command.program().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_installed_comes_first_and_what_is_not_says_so() {
        let folder = tempfile::tempdir().unwrap();
        for (program, mode) in [("zeditor", 0o755), ("subl", 0o755), ("code", 0o644)] {
            let file = folder.path().join(program);
            std::fs::write(&file, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = folder.path().as_os_str();
        let listed = |chosen: Option<&str>| -> Vec<(String, bool)> {
            let known = editors(chosen, path).known.into_iter();
            known.map(|it| (it.command, it.installed)).collect()
        };
        let zed = ("zeditor {file}:{line}:{column}".to_owned(), true);
        let there = [zed, ("subl {file}:{line}:{column}".to_owned(), true)];
        assert_eq!(listed(None)[..2], there);
        let code = "code -g {file}:{line}:{column}";
        assert_eq!(listed(None)[2], (code.to_owned(), false));
        assert_eq!(listed(None).len(), 4);
        assert_eq!(listed(Some("gvim +{line} {file}")).len(), 5);

        let missing = |chosen: &str| editors(Some(chosen), path).missing;
        assert_eq!(missing(code).as_deref(), Some("code"));
        assert_eq!(
            missing("'/no such/e' {file}").as_deref(),
            Some("/no such/e")
        );
        assert_eq!(missing("zeditor -n {file}"), None);
        let whole = folder.path().join("subl").display().to_string();
        assert_eq!(missing(&whole), None);
    }
}
