//! Reading and writing within a workspace, and never outside of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::PlanningError;

/// The most entries of one folder that are looked at.
pub(super) const MAX_ENTRIES: usize = 2000;

/// Creates a folder, and those above it, below the workspace; returns where it is.
pub(super) fn create_dir(workspace: &Path, relative: &Path) -> Result<PathBuf, PlanningError> {
    let mut current = root(workspace)?;
    for part in relative {
        current.push(part);
        match fs::create_dir(&current) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                inside(workspace, &current)?;
                if !current.is_dir() {
                    let not_a_folder = io::Error::from(io::ErrorKind::NotADirectory);
                    return Err(PlanningError::io(&current)(not_a_folder));
                }
            }
            Err(error) => return Err(PlanningError::io(&current)(error)),
        }
    }
    Ok(current)
}

/// Writes a new file whole and synced; one that is there is left alone. Returns whether it is
/// new.
pub(super) fn write_new(folder: &Path, name: &str, contents: &[u8]) -> Result<bool, PlanningError> {
    let path = folder.join(name);
    let staged = folder.join(format!(".{name}.{}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .custom_flags(libc_nofollow())
            .open(&staged)?;
        file.write_all(contents)?;
        file.sync_all()?;
        // Unlike a rename, a link replaces nothing.
        match fs::hard_link(&staged, &path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    })();
    let _ = fs::remove_file(&staged);
    let new = written.map_err(PlanningError::io(&path))?;
    if new {
        sync_dir(folder).map_err(PlanningError::io(folder))?;
    }
    Ok(new)
}

/// Reads at most `limit` bytes of a file below the workspace; none where there is none. A file
/// that is longer is cut.
pub(super) fn read(
    workspace: &Path,
    relative: &Path,
    limit: u64,
) -> Result<Option<String>, PlanningError> {
    let path = root(workspace)?.join(relative);
    if !exists_inside(workspace, &path)? {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PlanningError::io(&path)(error)),
    };
    // A pipe would be waited for.
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(PlanningError::io(&path))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The names in a folder below the workspace, sorted; empty where there is none.
pub(super) fn names(workspace: &Path, relative: &Path) -> Result<Vec<String>, PlanningError> {
    let path = root(workspace)?.join(relative);
    if !exists_inside(workspace, &path)? {
        return Ok(Vec::new());
    }
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(PlanningError::io(&path)(error)),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .take(MAX_ENTRIES)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// Whether something is there and not outside of the workspace.
fn exists_inside(workspace: &Path, path: &Path) -> Result<bool, PlanningError> {
    match inside(workspace, path) {
        Ok(()) => Ok(true),
        Err(PlanningError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Checks that a path which exists leads to a place below the workspace.
pub(super) fn inside(workspace: &Path, path: &Path) -> Result<(), PlanningError> {
    let real = fs::canonicalize(path).map_err(PlanningError::io(path))?;
    if real.starts_with(root(workspace)?) {
        Ok(())
    } else {
        Err(PlanningError::Outside {
            path: path.to_owned(),
            workspace: workspace.to_owned(),
        })
    }
}

/// The workspace with its own links resolved.
pub(super) fn root(workspace: &Path) -> Result<PathBuf, PlanningError> {
    fs::canonicalize(workspace).map_err(PlanningError::io(workspace))
}

pub(super) fn sync_dir(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn libc_nofollow() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0)
}
