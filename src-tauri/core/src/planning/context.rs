//! The context file of a milestone: what the milestone's command reads.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::files::{create_dir, root, write_new};
use super::{MILESTONES_DIR, PlanningError};
use crate::model::{MilestoneId, one_line};

const CONTEXT_FILE: &str = "MILESTONE-CONTEXT.md";
/// The largest file from outside of the workspace that is copied into a milestone's folder.
const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;
const MAX_TITLE_CHARS: usize = 200;

/// What a person says of a new milestone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// What it is called.
    pub title: String,
    /// What it is about, in any number of lines.
    pub description: String,
    /// Files that belong to it. Those in the workspace are named, others are copied beside the
    /// context file.
    pub files: Vec<PathBuf>,
}

/// A milestone's folder, from the workspace: `.milestones/<id>`.
pub fn milestone_dir(id: MilestoneId) -> PathBuf {
    Path::new(MILESTONES_DIR).join(id.to_string())
}

/// A milestone's context file, from the workspace: `.milestones/<id>/MILESTONE-CONTEXT.md`.
pub fn context_path(id: MilestoneId) -> PathBuf {
    milestone_dir(id).join(CONTEXT_FILE)
}

/// Whether a milestone has its context file.
pub fn has_context(workspace: &Path, id: MilestoneId) -> bool {
    workspace.join(context_path(id)).is_file()
}

/// Writes a milestone's context file, and copies the files from elsewhere beside it. A context
/// file that is there is the person's and stays as it is. Returns where it is.
///
/// # Errors
/// [`PlanningError`]: a file that cannot be read or is too large, a folder that cannot be
/// written to.
pub fn write_context(
    workspace: &Path,
    id: MilestoneId,
    context: &Context,
) -> Result<PathBuf, PlanningError> {
    let root = root(workspace)?;
    let mut sources = Vec::new();
    for file in &context.files {
        sources.push(checked(&root, file)?);
    }
    let folder = create_dir(workspace, &milestone_dir(id))?;
    let mut named = Vec::new();
    for source in sources {
        named.push(match source.strip_prefix(&root) {
            Ok(relative) => relative.to_owned(),
            Err(_) => milestone_dir(id).join(copied(&folder, &source)?),
        });
    }
    write_new(&folder, CONTEXT_FILE, text(context, &named).as_bytes())?;
    Ok(folder.join(CONTEXT_FILE))
}

/// A file's real path, once it is known to be one that can be used.
fn checked(root: &Path, file: &Path) -> Result<PathBuf, PlanningError> {
    let real = fs::canonicalize(file).map_err(PlanningError::io(file))?;
    let found = fs::metadata(&real).map_err(PlanningError::io(file))?;
    let fits = real.starts_with(root) || found.len() <= MAX_FILE_BYTES;
    if found.is_file() && fits {
        Ok(real)
    } else {
        Err(PlanningError::NotAContextFile {
            path: file.to_owned(),
            limit: MAX_FILE_BYTES,
        })
    }
}

/// Copies a file into the milestone's folder under a name that is free there; returns it.
fn copied(folder: &Path, source: &Path) -> Result<PathBuf, PlanningError> {
    let bytes = fs::read(source).map_err(PlanningError::io(source))?;
    let name = source
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    for number in 1..1000 {
        let free = match (number, ending) {
            (1, _) => name.clone(),
            (_, "") => format!("{stem}-{number}"),
            _ => format!("{stem}-{number}.{ending}"),
        };
        if free != CONTEXT_FILE && write_new(folder, &free, &bytes)? {
            return Ok(free.into());
        }
    }
    Err(PlanningError::TooMuch {
        path: folder.to_owned(),
        limit: "1000 files of one name",
    })
}

fn text(context: &Context, files: &[PathBuf]) -> String {
    let mut text = format!("# {}\n", one_line(&context.title, MAX_TITLE_CHARS));
    let description = context.description.trim();
    if !description.is_empty() {
        let _ = write!(text, "\n{description}\n");
    }
    if !files.is_empty() {
        text.push_str("\n## Files\n\n");
        for file in files {
            // `@path` is how Claude Code is told to read a file.
            let _ = writeln!(text, "- @{}", file.display());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(files: &[PathBuf]) -> Context {
        Context {
            title: "Bank\nreconciliation".into(),
            description: "\nMatch what the bank says.\n\nWith rules.  \n".into(),
            files: files.to_vec(),
        }
    }

    #[test]
    fn a_context_file_names_files_of_the_workspace_and_holds_copies_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("w");
        fs::create_dir_all(workspace.join("docs")).unwrap();
        fs::write(workspace.join("docs/spec.md"), "s").unwrap();
        let notes = folder.path().join("notes.txt");
        fs::write(&notes, "n").unwrap();
        let other = folder.path().join("o");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("notes.txt"), "o").unwrap();

        let id = MilestoneId::generate();
        let files = [
            workspace.join("docs/spec.md"),
            notes,
            other.join("notes.txt"),
        ];
        let path = write_context(&workspace, id, &context(&files)).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!(
                "# Bank reconciliation\n\nMatch what the bank says.\n\nWith rules.\n\n## Files\n\n\
                 - @docs/spec.md\n- @.milestones/{id}/notes.txt\n- @.milestones/{id}/notes-2.txt\n"
            )
        );
        assert_eq!(
            fs::read_to_string(path.with_file_name("notes-2.txt")).unwrap(),
            "o"
        );
        assert!(has_context(&workspace, id));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 3);
    }

    #[test]
    fn what_the_person_wrote_into_a_context_file_stays() {
        let workspace = tempfile::tempdir().unwrap();
        let id = MilestoneId::generate();
        let path = write_context(workspace.path(), id, &context(&[])).unwrap();
        fs::write(&path, "mine").unwrap();
        write_context(workspace.path(), id, &context(&[])).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn nothing_is_written_through_a_link_that_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("w");
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir_all(&workspace).unwrap();
        fs::create_dir_all(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, workspace.join(".milestones")).unwrap();
        let error = write_context(&workspace, MilestoneId::generate(), &context(&[]));
        assert!(
            matches!(error, Err(PlanningError::Outside { .. })),
            "{error:?}"
        );
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_or_a_missing_file_is_named_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("w");
        fs::create_dir_all(&workspace).unwrap();
        for file in [folder.path().to_owned(), folder.path().join("gone")] {
            let error = write_context(
                &workspace,
                MilestoneId::generate(),
                &context(std::slice::from_ref(&file)),
            )
            .unwrap_err();
            assert!(
                error.to_string().contains(&*file.to_string_lossy()),
                "{error}"
            );
        }
        assert!(!workspace.join(".milestones").exists());
    }
}
