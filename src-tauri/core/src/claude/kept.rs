//! Used transcripts, kept beside the CLI's own: it deletes those that are 30 days old.
//!
//! A kept transcript is a hard link, so that it grows with the original, which the CLI only
//! appends to, and costs nothing. Across file systems it is a copy. The folders' names are
//! the CLI's, so that one can be put back where it was.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::model::ClaudeSessionId;

use super::config::ConfigDir;
use super::transcript::{self, Condition, Transcript};

/// A transcript that could not be kept or put back.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It has no place of its own below a folder.
    #[error("{0:?} is not the path of a transcript")]
    NoTranscript(PathBuf),
    /// It holds no conversation: it must not replace one that does.
    #[error("{0:?} holds no conversation")]
    NotUsable(PathBuf),
    /// There is something where it would be put back.
    #[error("{0:?} is there already and is not empty")]
    Occupied(PathBuf),
    /// The system refused.
    #[error("{path:?}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

/// Keeps the transcript at `path` in our folder `kept`. Returns the kept file. Cheap where it
/// is kept already; to be called again as the conversation goes on, for copies and for
/// originals that were replaced.
pub fn keep(path: &Path, kept: &Path) -> Result<PathBuf, KeepError> {
    let target = kept.join(place_of(path)?);
    let io = |error| KeepError::Io {
        path: path.to_owned(),
        error,
    };
    let found = transcript::inspect(path).map_err(io)?;
    if found.is_none_or(|found| found.condition != Condition::Usable) {
        return Err(KeepError::NotUsable(path.to_owned()));
    }
    if same_file(path, &target) || is_copy_of(path, &target) {
        return Ok(target);
    }
    link_or_copy(path, &target, Existing::Replace)?;
    Ok(target)
}

/// The kept transcript of a conversation, where there is one that can be resumed.
pub fn find(kept: &Path, id: &ClaudeSessionId) -> Option<Transcript> {
    let name = format!("{id}.jsonl");
    let mut found: Vec<Transcript> = std::fs::read_dir(kept)
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            transcript::inspect(&entry.path().join(&name))
                .ok()
                .flatten()
        })
        .filter(|transcript| transcript.condition == Condition::Usable)
        .collect();
    found.sort_by_key(|transcript| std::cmp::Reverse(transcript.bytes));
    found.into_iter().next()
}

/// Puts a kept transcript back where the CLI finds it. Never replaces anything but an empty
/// file.
pub fn put_back(kept: &Path, config: &ConfigDir) -> Result<PathBuf, KeepError> {
    let target = config.projects().join(place_of(kept)?);
    match std::fs::metadata(&target) {
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => {
            link_or_copy(kept, &target, Existing::Replace)?;
        }
        Ok(_) if same_file(kept, &target) => {}
        Ok(_) => return Err(KeepError::Occupied(target)),
        Err(_) => link_or_copy(kept, &target, Existing::Refuse)?,
    }
    Ok(target)
}

/// The last two parts of a transcript's path: its folder's name and its own.
fn place_of(path: &Path) -> Result<PathBuf, KeepError> {
    let name = path.file_name();
    let folder = path.parent().and_then(Path::file_name);
    match (folder, name) {
        (Some(folder), Some(name)) => Ok(Path::new(folder).join(name)),
        _ => Err(KeepError::NoTranscript(path.to_owned())),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Existing {
    Replace,
    Refuse,
}

/// Whatever happens, `target` is either as it was or complete.
fn link_or_copy(source: &Path, target: &Path, existing: Existing) -> Result<(), KeepError> {
    let io = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => KeepError::Occupied(target.to_owned()),
        _ => KeepError::Io {
            path: target.to_owned(),
            error,
        },
    };
    let folder = target
        .parent()
        .ok_or_else(|| KeepError::NoTranscript(target.to_owned()))?;
    std::fs::create_dir_all(folder).map_err(io)?;
    let staged = folder.join(format!(".{}.tmp", uuid::Uuid::new_v4()));
    let placed = std::fs::hard_link(source, &staged)
        // Another file system, one without links, or a limit on their number.
        .or_else(|_| copy(source, &staged))
        .and_then(|()| match existing {
            Existing::Replace => std::fs::rename(&staged, target),
            Existing::Refuse => std::fs::hard_link(&staged, target).or_else(|error| {
                if error.kind() == ErrorKind::AlreadyExists || target.exists() {
                    return Err(ErrorKind::AlreadyExists.into());
                }
                std::fs::rename(&staged, target)
            }),
        })
        .and_then(|()| sync_folder(folder));
    // A rename took it away; everything else leaves it.
    let _ = std::fs::remove_file(&staged);
    placed.map_err(io)
}

fn copy(source: &Path, target: &Path) -> std::io::Result<()> {
    let mut from = File::open(source)?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut to = options.open(target)?;
    std::io::copy(&mut from, &mut to)?;
    to.flush()?;
    to.set_modified(from.metadata()?.modified()?)?;
    to.sync_all()
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_file(_one: &Path, _other: &Path) -> bool {
    false
}

/// A copy carries the time of the original, which grows and then differs.
fn is_copy_of(original: &Path, copy: &Path) -> bool {
    match (std::fs::metadata(original), std::fs::metadata(copy)) {
        (Ok(original), Ok(copy)) => {
            original.len() == copy.len()
                && matches!((original.modified(), copy.modified()), (Ok(a), Ok(b)) if a == b)
        }
        _ => false,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
    const LINE: &str = "{\"type\":\"user\",\"uuid\":\"u\",\"cwd\":\"/p\"}\n";

    struct Folders {
        _root: tempfile::TempDir,
        config: ConfigDir,
        kept: PathBuf,
        original: PathBuf,
    }

    fn folders() -> Folders {
        let root = tempfile::tempdir().unwrap();
        let config = ConfigDir::moved_to(root.path().join("config"));
        let original = config.projects().join("-p").join(format!("{ID}.jsonl"));
        fs::create_dir_all(original.parent().unwrap()).unwrap();
        fs::write(&original, LINE).unwrap();
        Folders {
            kept: root.path().join("kept"),
            _root: root,
            config,
            original,
        }
    }

    #[test]
    fn a_kept_transcript_grows_with_the_original_and_outlives_it() {
        let at = folders();
        let kept = keep(&at.original, &at.kept).unwrap();
        let mut original = File::options().append(true).open(&at.original).unwrap();
        original.write_all(LINE.as_bytes()).unwrap();
        fs::remove_file(&at.original).unwrap();
        assert_eq!(fs::read_to_string(&kept).unwrap(), LINE.repeat(2));
        let found = find(&at.kept, &ID.parse().unwrap()).unwrap();
        assert_eq!(found.path, kept);
    }

    #[test]
    fn an_original_that_was_replaced_is_kept_anew_and_an_empty_one_is_not() {
        let at = folders();
        let kept = keep(&at.original, &at.kept).unwrap();
        fs::remove_file(&at.original).unwrap();
        fs::write(&at.original, LINE.repeat(3)).unwrap();
        keep(&at.original, &at.kept).unwrap();
        assert_eq!(fs::read_to_string(&kept).unwrap(), LINE.repeat(3));
        fs::remove_file(&at.original).unwrap();
        fs::write(&at.original, "").unwrap();
        let refused = keep(&at.original, &at.kept);
        assert!(matches!(refused, Err(KeepError::NotUsable(_))));
        assert_eq!(fs::read_to_string(&kept).unwrap(), LINE.repeat(3));
        assert_eq!(fs::read_dir(kept.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_copy_is_made_anew_when_the_original_has_grown() {
        let at = folders();
        let target = at.kept.join("-p").join(format!("{ID}.jsonl"));
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        copy(&at.original, &target).unwrap();
        assert!(is_copy_of(&at.original, &target));
        assert_eq!(keep(&at.original, &at.kept).unwrap(), target);
        assert!(
            !same_file(&at.original, &target),
            "it was linked without need"
        );
        fs::write(&at.original, LINE.repeat(2)).unwrap();
        keep(&at.original, &at.kept).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), LINE.repeat(2));
    }

    #[test]
    fn a_deleted_transcript_is_put_back_and_a_present_one_is_never_replaced() {
        let at = folders();
        let kept = keep(&at.original, &at.kept).unwrap();
        assert_eq!(put_back(&kept, &at.config).unwrap(), at.original);
        fs::remove_file(&at.original).unwrap();
        assert_eq!(put_back(&kept, &at.config).unwrap(), at.original);
        assert_eq!(fs::read_to_string(&at.original).unwrap(), LINE);
        fs::remove_file(&at.original).unwrap();
        fs::write(&at.original, "").unwrap();
        put_back(&kept, &at.config).unwrap();
        assert_eq!(fs::read_to_string(&at.original).unwrap(), LINE);
        fs::remove_file(&at.original).unwrap();
        fs::write(&at.original, "something").unwrap();
        let refused = put_back(&kept, &at.config);
        assert!(matches!(refused, Err(KeepError::Occupied(path)) if path == at.original));
        assert_eq!(fs::read_to_string(&at.original).unwrap(), "something");
    }
}
