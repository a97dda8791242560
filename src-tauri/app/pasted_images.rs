//! Images that were pasted into a terminal: its program gets the path of a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reprise_core::folders::create_private_dir;

/// A larger one is refused.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// How long an image is kept: a conversation may come back to it.
const KEPT_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const PREFIX: &str = "image-";

/// Writes a PNG file into `dir`, both for the person alone. Returns its path.
///
/// # Errors
/// A sentence for the person.
pub fn keep(dir: &Path, image: &[u8], now: Timestamp) -> Result<PathBuf, String> {
    if image.len() > MAX_BYTES {
        return Err(format!("the image is larger than {} MB", MAX_BYTES >> 20));
    }
    create_private_dir(dir).map_err(|error| error.to_string())?;
    let path = dir.join(format!("{PREFIX}{}.png", now.strftime("%Y%m%d-%H%M%S-%3f")));
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(image));
    match written {
        Ok(()) => Ok(path),
        Err(error) => {
            if error.kind() != io::ErrorKind::AlreadyExists {
                let _ = fs::remove_file(&path);
            }
            Err(format!("cannot write {}: {error}", path.display()))
        }
    }
}

/// Removes the images that are older than they are kept. What cannot be removed stays.
pub fn sweep(dir: &Path, now: SystemTime) {
    let Ok(files) = fs::read_dir(dir) else {
        return;
    };
    for file in files.flatten() {
        let ours = file.file_name().to_string_lossy().starts_with(PREFIX);
        let age = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|written| now.duration_since(written).ok());
        if ours && age.is_some_and(|age| age > KEPT_FOR) {
            let _ = fs::remove_file(file.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_image_is_the_persons_alone_and_goes_after_a_while() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("reprise/pasted");
        let now: Timestamp = "2026-11-21T14:10:11.5Z".parse().unwrap();
        let path = keep(&dir, b"\x89PNG", now).unwrap();
        assert_eq!(path, dir.join("image-20261121-141011-500.png"));
        assert_eq!(fs::read(&path).unwrap(), b"\x89PNG");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&path)), (0o700, 0o600));

        // The same moment again: the first one stays what it is.
        assert!(keep(&dir, b"other", now).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"\x89PNG");

        let other = dir.join("notes.txt");
        fs::write(&other, "").unwrap();
        sweep(&dir, SystemTime::now());
        assert!(path.exists());
        sweep(&dir, SystemTime::now() + 2 * KEPT_FOR);
        assert!(!path.exists() && other.exists());
    }

    #[test]
    fn an_image_that_is_too_large_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-21T14:10:11Z".parse().unwrap();
        let image = vec![0; MAX_BYTES + 1];
        assert!(
            keep(root.path(), &image, now)
                .unwrap_err()
                .contains("64 MB")
        );
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
