//! Copies of `.planning/phases/`, made before a command that may delete what is in it.
//!
//! They are kept in Reprise's own state folder: whatever a milestone's command does in the
//! workspace, and whatever git is told to clean, does not reach them there.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::files::{create_dir, inside, root, sync_dir};
use super::{PLANNING_DIR, PlanningError};
use crate::folders::create_private_dir;

/// How many copies of one project's phases are kept; of more, the oldest are removed.
pub const MAX_BACKUPS: usize = 20;
/// The most that is copied, in bytes and in files. Phases are texts: more is a mistake.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
const MAX_FILES: usize = 50_000;
const LIMIT: &str = "512 MiB or 50000 files";
/// How a copy is called: the UTC time it was made at.
const NAME: &str = "%Y%m%dT%H%M%S%.3fZ";

/// A copy of a project's phases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Names it among the project's.
    pub name: String,
    /// When it was made.
    pub at: Timestamp,
    /// How many phase folders it holds.
    pub folders: usize,
    /// Where it is.
    pub path: PathBuf,
}

/// The phases of one workspace and the copies of them.
#[derive(Debug, Clone)]
pub struct Phases {
    workspace: PathBuf,
    backups: PathBuf,
}

impl Phases {
    /// The phases of `workspace`, whose copies are kept in `backups`.
    pub fn new(workspace: &Path, backups: &Path) -> Self {
        Self {
            workspace: workspace.to_owned(),
            backups: backups.to_owned(),
        }
    }

    /// Copies the phases, byte for byte; none where there are none.
    ///
    /// # Errors
    /// [`PlanningError`]; no half copy is left.
    pub fn back_up(&self, at: Timestamp) -> Result<Option<Backup>, PlanningError> {
        let phases = self.folder()?;
        if folders_in(&phases) == 0 {
            return Ok(None);
        }
        inside(&self.workspace, &phases)?;
        create_private_dir(&self.backups).map_err(|error| PlanningError::Io {
            path: self.backups.clone(),
            source: io::Error::other(error),
        })?;
        let name = self.free_name(at);
        let path = self.backups.join(&name);
        copy_verified(&phases, &path)?;
        self.remove_oldest();
        Ok(self.backup(name))
    }

    /// Copies the phases, unless the newest copy holds the same.
    ///
    /// # Errors
    /// As for [`Phases::back_up`].
    pub fn back_up_if_changed(&self, at: Timestamp) -> Result<Option<Backup>, PlanningError> {
        let phases = self.folder()?;
        let is_same = |backup: &Backup| {
            // What one has and the other has not cannot be read there.
            let same = |a: &Path, b: &Path| same(a, b).unwrap_or(false);
            same(&phases, &backup.path) && same(&backup.path, &phases)
        };
        if self.backups().first().is_some_and(is_same) {
            return Ok(None);
        }
        self.back_up(at)
    }

    /// The copies that there are, newest first.
    pub fn backups(&self) -> Vec<Backup> {
        let mut names: Vec<String> = fs::read_dir(&self.backups)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        names
            .into_iter()
            .filter_map(|name| self.backup(name))
            .collect()
    }

    /// Puts a copy in the place of the phases. What is there now is copied first.
    ///
    /// # Errors
    /// [`PlanningError`]; the phases are as they were.
    pub fn restore(&self, name: &str, at: Timestamp) -> Result<(), PlanningError> {
        let known = self.backups().into_iter().find(|known| known.name == name);
        let Some(backup) = known else {
            return Err(PlanningError::NoSuchBackup {
                name: name.to_owned(),
            });
        };
        let planning = create_dir(&self.workspace, Path::new(PLANNING_DIR))?;
        self.back_up(at)?;
        let phases = planning.join("phases");
        let incoming = planning.join(".phases-incoming");
        let outgoing = planning.join(".phases-outgoing");
        for left in [&incoming, &outgoing] {
            remove(left)?;
        }
        copy_verified(&backup.path, &incoming)?;
        let had_any = fs::symlink_metadata(&phases).is_ok();
        if had_any {
            fs::rename(&phases, &outgoing).map_err(PlanningError::io(&phases))?;
        }
        if let Err(error) = fs::rename(&incoming, &phases) {
            if had_any {
                let _ = fs::rename(&outgoing, &phases);
            }
            return Err(PlanningError::io(&phases)(error));
        }
        remove(&outgoing)?;
        sync_dir(&planning).map_err(PlanningError::io(&planning))
    }

    fn folder(&self) -> Result<PathBuf, PlanningError> {
        Ok(root(&self.workspace)?.join(PLANNING_DIR).join("phases"))
    }

    fn backup(&self, name: String) -> Option<Backup> {
        let at = Timestamp::strptime("%Y%m%dT%H%M%S%.f%#z", name.replace('Z', "+0000")).ok()?;
        let path = self.backups.join(&name);
        path.is_dir().then(|| Backup {
            name,
            at,
            folders: folders_in(&path),
            path,
        })
    }

    /// A name that no copy has: two may be made within a millisecond.
    fn free_name(&self, at: Timestamp) -> String {
        let mut at = at;
        loop {
            let name = at.strftime(NAME).to_string();
            if fs::symlink_metadata(self.backups.join(&name)).is_err() {
                return name;
            }
            at += jiff::SignedDuration::from_millis(1);
        }
    }

    fn remove_oldest(&self) {
        for backup in self.backups().into_iter().skip(MAX_BACKUPS) {
            // One that stays takes space and nothing else.
            let _ = fs::remove_dir_all(backup.path);
        }
    }
}

fn folders_in(folder: &Path) -> usize {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .count()
}

fn remove(path: &Path) -> Result<(), PlanningError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    removed.map_err(PlanningError::io(path))
}

/// Copies a folder to a new place, compares every byte, and only then gives the copy its name.
fn copy_verified(from: &Path, to: &Path) -> Result<(), PlanningError> {
    let staged = to.with_file_name(format!(
        ".{}.{}",
        to.file_name().unwrap_or_default().to_string_lossy(),
        std::process::id()
    ));
    remove(&staged)?;
    let mut left = Left {
        bytes: MAX_BYTES,
        files: MAX_FILES,
    };
    let copied = copy(from, &staged, &mut left).and_then(|()| {
        if same(from, &staged).map_err(PlanningError::io(&staged))? {
            fs::rename(&staged, to).map_err(PlanningError::io(to))
        } else {
            Err(PlanningError::NotTheSame {
                path: to.to_owned(),
            })
        }
    });
    if copied.is_err() {
        let _ = fs::remove_dir_all(&staged);
    } else if let Some(folder) = to.parent() {
        sync_dir(folder).map_err(PlanningError::io(folder))?;
    }
    copied
}

/// What may still be copied.
struct Left {
    bytes: u64,
    files: usize,
}

impl Left {
    fn take(&mut self, bytes: u64) -> bool {
        let enough = self.files > 0 && self.bytes >= bytes;
        self.files = self.files.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        enough
    }
}

/// Copies files, folders, and links as links.
fn copy(from: &Path, to: &Path, left: &mut Left) -> Result<(), PlanningError> {
    let found = fs::symlink_metadata(from).map_err(PlanningError::io(from))?;
    if !left.take(if found.is_file() { found.len() } else { 0 }) {
        return Err(PlanningError::TooMuch {
            path: from.to_owned(),
            limit: LIMIT,
        });
    }
    if found.is_dir() {
        fs::create_dir(to).map_err(PlanningError::io(to))?;
        for entry in fs::read_dir(from).map_err(PlanningError::io(from))? {
            let entry = entry.map_err(PlanningError::io(from))?;
            copy(&entry.path(), &to.join(entry.file_name()), left)?;
        }
        sync_dir(to).map_err(PlanningError::io(to))
    } else if found.is_symlink() {
        let target = fs::read_link(from).map_err(PlanningError::io(from))?;
        std::os::unix::fs::symlink(target, to).map_err(PlanningError::io(to))
    } else if found.is_file() {
        fs::copy(from, to).map_err(PlanningError::io(from))?;
        let synced = File::open(to).and_then(|file| file.sync_all());
        synced.map_err(PlanningError::io(to))
    } else {
        // Sockets and pipes hold nothing.
        Ok(())
    }
}

/// Whether two folders hold the same.
fn same(a: &Path, b: &Path) -> io::Result<bool> {
    let found = fs::symlink_metadata(a)?;
    if found.is_dir() {
        for entry in fs::read_dir(a)? {
            let name = entry?.file_name();
            if !same(&a.join(&name), &b.join(&name))? {
                return Ok(false);
            }
        }
        Ok(true)
    } else if found.is_symlink() {
        Ok(fs::read_link(a)? == fs::read_link(b)?)
    } else if found.is_file() {
        same_bytes(File::open(a)?, File::open(b)?)
    } else {
        Ok(true)
    }
}

fn same_bytes(mut a: File, mut b: File) -> io::Result<bool> {
    let (mut one, mut other) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        let read = a.read(&mut one)?;
        if read == 0 {
            return Ok(b.read(&mut other)? == 0);
        }
        let part = &mut other[..read];
        match b.read_exact(part) {
            Ok(()) if part == &one[..read] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Project {
        folder: tempfile::TempDir,
        phases: Phases,
    }

    impl Project {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let workspace = folder.path().join("w");
            fs::create_dir_all(&workspace).unwrap();
            let phases = Phases::new(&workspace, &folder.path().join("backups"));
            Self { folder, phases }
        }

        fn path(&self, relative: &str) -> PathBuf {
            self.folder.path().join("w/.planning/phases").join(relative)
        }

        fn put(&self, relative: &str, text: &str) {
            let path = self.path(relative);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn phases_that_were_deleted_come_back_byte_for_byte() {
        let project = Project::new();
        assert_eq!(project.phases.back_up(at(0)).unwrap(), None);
        let large = "x".repeat(100_000);
        project.put("01-rules/01-01-PLAN.md", &large);
        project.put("02-ui/notes/a.md", "a");
        std::os::unix::fs::symlink("01-rules", project.path("link")).unwrap();
        let backup = project.phases.back_up(at(1)).unwrap().unwrap();
        assert_eq!((backup.folders, backup.at), (2, at(1)));
        assert_eq!(project.phases.backups(), std::slice::from_ref(&backup));

        fs::remove_dir_all(project.path("")).unwrap();
        project.put("03-new/03-01-PLAN.md", "new");
        project.phases.restore(&backup.name, at(2)).unwrap();
        assert_eq!(
            fs::read_to_string(project.path("01-rules/01-01-PLAN.md")).unwrap(),
            large
        );
        assert_eq!(
            fs::read_to_string(project.path("02-ui/notes/a.md")).unwrap(),
            "a"
        );
        assert!(project.path("link").is_symlink());
        assert!(!project.path("03-new").exists());

        // What the restoring replaced was kept as well.
        let backups = project.phases.backups();
        assert_eq!(backups.len(), 2);
        project.phases.restore(&backups[0].name, at(3)).unwrap();
        assert!(project.path("03-new/03-01-PLAN.md").exists());
        let planning = project.path("").parent().unwrap().to_owned();
        assert_eq!(fs::read_dir(planning).unwrap().count(), 1);
    }

    #[test]
    fn two_copies_of_one_moment_are_two_and_the_oldest_give_way() {
        let project = Project::new();
        project.put("01-a/x", "x");
        for _ in 0..MAX_BACKUPS + 3 {
            project.phases.back_up(at(0)).unwrap();
        }
        let backups = project.phases.backups();
        assert_eq!(backups.len(), MAX_BACKUPS);
        assert!(backups.iter().all(|backup| backup.at > at(0)));
    }

    #[test]
    fn what_the_newest_copy_holds_is_not_copied_again() {
        let project = Project::new();
        let copy = |second| project.phases.back_up_if_changed(at(second)).unwrap();
        assert_eq!(copy(0), None);
        project.put("01-a/x", "x");
        assert!(copy(1).is_some());
        assert_eq!(copy(2), None);
        project.put("01-a/y", "y");
        assert!(copy(3).is_some());
        fs::remove_file(project.path("01-a/x")).unwrap();
        assert!(copy(4).is_some());
        assert_eq!(copy(5), None);
    }

    #[test]
    fn a_copy_that_is_not_there_is_named_and_changes_nothing() {
        let project = Project::new();
        project.put("01-a/x", "x");
        for name in ["20260101T000000.000Z", "../w", ""] {
            let error = project.phases.restore(name, at(0)).unwrap_err();
            assert!(
                matches!(error, PlanningError::NoSuchBackup { .. }),
                "{error}"
            );
        }
        assert!(project.path("01-a/x").exists());
    }

    #[test]
    fn phases_behind_a_link_that_leads_out_are_not_copied() {
        let project = Project::new();
        let elsewhere = project.folder.path().join("elsewhere");
        fs::create_dir_all(elsewhere.join("secret")).unwrap();
        let phases = project.path("");
        fs::create_dir_all(phases.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&elsewhere, phases.parent().unwrap().join("phases")).unwrap();
        let error = project.phases.back_up(at(0));
        assert!(
            matches!(error, Err(PlanningError::Outside { .. })),
            "{error:?}"
        );
    }
}
