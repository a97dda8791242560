//! The database file: who may touch it when, opening, creating and setting it aside.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi};
use rustix::fs::{Access, AtFlags, CWD, FlockOperation};
use rustix::io::Errno;

use crate::store::StoreError;

/// How long to wait for another process. Our own need milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How often to look whether the file's lock is free.
const LOCK_POLL: Duration = Duration::from_millis(5);
/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-journal", "-shm"];

/// A place for a database, and the lock that all processes take before they touch it.
///
/// SQLite's own locks belong to a file, and we replace files: so a shared lock on
/// `<file>.lock` (never unlinked) is held while the database is used, and an exclusive one
/// while it is created, migrated or set aside. Nobody moves away a file that another process
/// has just made, and nobody writes to one that has been moved away.
pub(super) struct DatabaseFile {
    path: PathBuf,
    lock: File,
    schema: Schema,
}

/// What a database of ours holds.
#[derive(Clone, Copy)]
pub(in crate::store) struct Schema {
    /// Marks the file, so that it is not taken for another program's.
    pub application_id: i64,
    /// The statements that lead from each version to the next, the first from nothing. Never
    /// change one that was released: add another.
    pub steps: &'static [&'static str],
    /// Statements that can be prepared where all tables and columns are there.
    pub probes: fn() -> Vec<String>,
}

/// A connection, and the file that it is on.
pub(super) struct OpenFile {
    pub connection: Connection,
    /// Device and inode.
    identity: (u64, u64),
    /// Counts what may have changed the content: our own writes, those of others as far as
    /// they were noticed, and another file in its place.
    pub changes: u64,
    /// SQLite's number for the writes of others, as it was seen last.
    pub noticed: Option<i64>,
}

/// What lies at the place.
enum Found {
    Healthy(OpenFile),
    OlderSchema(Connection),
    Nothing,
    Damaged(String),
}

/// Holds the lock for as long as it lives.
pub(super) struct Locked<'a>(&'a File);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Cannot fail on a descriptor that holds the lock, and closing it would let go as well.
        let _ = rustix::fs::flock(self.0, FlockOperation::Unlock);
    }
}

impl DatabaseFile {
    pub fn new(path: &Path, schema: Schema) -> Result<Self, StoreError> {
        let path = &std::path::absolute(path).map_err(|error| io_error(path, error))?;
        if let Some(dir) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .map_err(|error| io_error(path, error))?;
        }
        // Behind a link, SQLite keeps its companions beside the target; so do we.
        let path = match (fs::canonicalize(path), fs::symlink_metadata(path)) {
            (Ok(real), _) => real,
            (Err(_), Ok(_)) => return Err(StoreError::Missing { path: path.into() }),
            (Err(_), Err(_)) => path.into(),
        };
        let lock_path = beside(&path, ".lock");
        let lock = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(lock_path)
            .map_err(|error| io_error(&path, error))?;
        Ok(Self { path, lock, schema })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn known_version(&self) -> i64 {
        i64::try_from(self.schema.steps.len()).unwrap_or(i64::MAX)
    }

    /// Opens the database; creates it where there is none, brings an older one up to date, and
    /// sets a damaged one aside first. Returns where that one went.
    pub fn open(&self, at: Timestamp) -> Result<(OpenFile, Option<SetAside>), StoreError> {
        {
            let _shared = self.lock_shared()?;
            if let Found::Healthy(open) = self.inspect()? {
                return Ok((open, None));
            }
        }
        // What was seen under the shared lock may be another process's unfinished business.
        let _exclusive = self.lock(FlockOperation::NonBlockingLockExclusive)?;
        let set_aside = match self.inspect()? {
            Found::Healthy(open) => return Ok((open, None)),
            Found::OlderSchema(mut connection) => {
                migrate(&mut connection, &self.schema).map_err(|error| self.error(error))?;
                None
            }
            Found::Nothing => {
                self.create()?;
                None
            }
            Found::Damaged(reason) => {
                let moved_to = self.set_aside(at)?;
                self.create()?;
                Some(SetAside { moved_to, reason })
            }
        };
        match self.inspect()? {
            Found::Healthy(open) => Ok((open, set_aside)),
            Found::Damaged(reason) => Err(self.damaged(reason)),
            Found::OlderSchema(_) | Found::Nothing => Err(StoreError::Missing {
                path: self.path.clone(),
            }),
        }
    }

    /// Goes over to the file that lies at the place now, if it is another than the one that is
    /// open: another process has set ours aside, or the person has put back an old one. Call it
    /// with the lock held.
    pub fn follow(&self, open: &mut OpenFile) -> Result<(), StoreError> {
        if self.identity()? == open.identity {
            return Ok(());
        }
        match self.inspect()? {
            Found::Healthy(now) => {
                let changes = open.changes + 1;
                *open = OpenFile { changes, ..now };
                Ok(())
            }
            Found::Damaged(reason) => Err(self.damaged(reason)),
            Found::OlderSchema(_) | Found::Nothing => Err(StoreError::Missing {
                path: self.path.clone(),
            }),
        }
    }

    pub fn lock_shared(&self) -> Result<Locked<'_>, StoreError> {
        self.lock(FlockOperation::NonBlockingLockShared)
    }

    /// Begins a transaction on the schema that this build knows.
    pub fn begin<'c>(
        &self,
        connection: &'c mut Connection,
        behavior: TransactionBehavior,
    ) -> Result<Transaction<'c>, StoreError> {
        let transaction = connection
            .transaction_with_behavior(behavior)
            .map_err(|error| self.error(error))?;
        // A newer app may have migrated the file since we opened it.
        let found = user_version(&transaction).map_err(|error| self.error(error))?;
        if found == self.known_version() {
            Ok(transaction)
        } else {
            Err(self.newer_schema(found))
        }
    }

    /// Says what a failure of SQLite means for the person.
    pub fn error(&self, error: rusqlite::Error) -> StoreError {
        let path = self.path.clone();
        match error.sqlite_error() {
            Some(code) => match (code.code, code.extended_code) {
                (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => {
                    self.damaged(error.to_string())
                }
                (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => {
                    StoreError::DiskFull { path }
                }
                (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Busy {
                    path,
                    waited: BUSY_TIMEOUT,
                },
                (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => {
                    StoreError::ReadOnly { path }
                }
                (ErrorCode::CannotOpen, _) if !self.is_writable() => StoreError::ReadOnly { path },
                _ => StoreError::Database {
                    path,
                    source: error.into(),
                },
            },
            None => StoreError::Database {
                path,
                source: error.into(),
            },
        }
    }

    fn damaged(&self, reason: String) -> StoreError {
        StoreError::Damaged {
            path: self.path.clone(),
            reason,
        }
    }

    fn newer_schema(&self, found: i64) -> StoreError {
        StoreError::NewerSchema {
            path: self.path.clone(),
            found,
            known: self.known_version(),
        }
    }

    fn lock(&self, operation: FlockOperation) -> Result<Locked<'_>, StoreError> {
        let started = Instant::now();
        loop {
            match rustix::fs::flock(&self.lock, operation) {
                Ok(()) => return Ok(Locked(&self.lock)),
                Err(Errno::WOULDBLOCK | Errno::INTR) if started.elapsed() < BUSY_TIMEOUT => {
                    // A waiting flock has no time limit, and its holder may be stopped.
                    std::thread::sleep(LOCK_POLL);
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    return Err(StoreError::Busy {
                        path: self.path.clone(),
                        waited: BUSY_TIMEOUT,
                    });
                }
                Err(errno) => return Err(io_error(&self.path, errno.into())),
            }
        }
    }

    fn identity(&self) -> Result<(u64, u64), StoreError> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok((metadata.dev(), metadata.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Missing {
                path: self.path.clone(),
            }),
            Err(error) => Err(io_error(&self.path, error)),
        }
    }

    fn is_writable(&self) -> bool {
        let writable = |path: &Path| {
            rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
        };
        writable(&self.path) && self.path.parent().is_none_or(writable)
    }

    /// Looks at what lies at the place and changes nothing but SQLite's own bookkeeping.
    fn inspect(&self) -> Result<Found, StoreError> {
        // The file is never opened except by SQLite: closing any other descriptor of it would
        // drop the locks of this process's other connections (POSIX's rule).
        match fs::metadata(&self.path) {
            // We create a database under another name: an empty one has lost its content.
            Ok(metadata) if metadata.len() == 0 => {
                return Ok(Found::Damaged("the file is empty".into()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let leftover = COMPANIONS[..2].iter().any(|ending| {
                    fs::metadata(beside(&self.path, ending)).is_ok_and(|found| found.len() > 0)
                });
                // Its log alone would be replayed into the new database.
                return Ok(if leftover {
                    Found::Damaged("the file is gone and its log is still there".into())
                } else {
                    Found::Nothing
                });
            }
            Err(error) => return Err(io_error(&self.path, error)),
        }
        match self.connect() {
            Err(StoreError::Damaged { reason, .. }) => Ok(Found::Damaged(reason)),
            other => other,
        }
    }

    fn connect(&self) -> Result<Found, StoreError> {
        // Our statements are right: where SQLite finds an error in them ("no such table",
        // "unsupported file format"), the file is not what it says it is.
        let sql = |error| match error {
            rusqlite::Error::SqlInputError { msg, .. } => self.damaged(msg),
            rusqlite::Error::SqliteFailure(code, ref message)
                if code.code == ErrorCode::Unknown =>
            {
                self.damaged(message.clone().unwrap_or_else(|| code.to_string()))
            }
            error => self.error(error),
        };
        let connection = open_connection(&self.path).map_err(sql)?;
        if connection.is_readonly("main").map_err(sql)? {
            return Err(StoreError::ReadOnly {
                path: self.path.clone(),
            });
        }
        // Until the file is known to be sound, closing it must not write the log into it.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(sql)?;
        connection
            .execute_batch("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;")
            .map_err(sql)?;
        let application: i64 = connection
            .pragma_query_value(None, "application_id", |row| row.get(0))
            .map_err(sql)?;
        let version = user_version(&connection).map_err(sql)?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(sql)?;
        let blank = application == 0 && version == 0 && tables == 0;
        if application != self.schema.application_id && !blank {
            return Err(StoreError::Foreign {
                path: self.path.clone(),
            });
        }
        if !(0..=self.known_version()).contains(&version) {
            return Err(self.newer_schema(version));
        }
        let verdict: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(sql)?;
        if verdict != "ok" {
            return Ok(Found::Damaged(verdict));
        }
        // A sound file can still have lost a table: its name is only text to the check.
        if version == self.known_version() {
            for probe in (self.schema.probes)() {
                connection.prepare(&probe).map_err(sql)?;
            }
        }
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
            .map_err(sql)?;
        // Where the file system has no shared memory this stays `delete`, which is as safe.
        connection
            .query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))
            .map_err(sql)?;
        connection
            .execute_batch("PRAGMA synchronous=FULL")
            .map_err(sql)?;
        if version < self.known_version() {
            return Ok(Found::OlderSchema(connection));
        }
        Ok(Found::Healthy(OpenFile {
            connection,
            identity: self.identity()?,
            changes: 0,
            noticed: None,
        }))
    }

    /// Makes a new database under another name and puts it in its place when it is complete,
    /// so that a crash leaves none or a whole one. Call it with the exclusive lock.
    fn create(&self) -> Result<(), StoreError> {
        let io = |error| io_error(&self.path, error);
        let unfinished = beside(&self.path, ".new");
        for ending in [""].iter().chain(&COMPANIONS) {
            match fs::remove_file(beside(&unfinished, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
                _ => {}
            }
        }
        // Launch options may hold secrets: the file, and what SQLite puts beside it, is the
        // person's alone.
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(io)?;
        let filled = open_connection(&unfinished).and_then(|mut connection| {
            connection.execute_batch("PRAGMA synchronous=FULL")?;
            migrate(&mut connection, &self.schema)?;
            connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
            connection.close().map_err(|(_, error)| error)
        });
        filled.map_err(|error| self.error(error))?;
        fs::rename(&unfinished, &self.path).map_err(io)?;
        self.sync_folder()
    }

    /// Moves the file and its companions aside, under a name that is free. Call it with the
    /// exclusive lock.
    fn set_aside(&self, at: Timestamp) -> Result<PathBuf, StoreError> {
        let io = |error| io_error(&self.path, error);
        let time = at.strftime("%Y%m%dT%H%M%SZ");
        let moved_to = (1_u32..)
            .map(|count| match count {
                1 => beside(&self.path, &format!(".corrupt-{time}")),
                _ => beside(&self.path, &format!(".corrupt-{time}-{count}")),
            })
            .find(|name| {
                [""].iter()
                    .chain(&COMPANIONS)
                    .all(|ending| fs::symlink_metadata(beside(name, ending)).is_err())
            })
            .unwrap_or_else(|| beside(&self.path, ".corrupt"));
        // The database before its log: after a crash in between, the log alone is recognised as
        // damage, while a database without its log could pass for a sound one.
        for ending in [""].iter().chain(&COMPANIONS) {
            match fs::rename(beside(&self.path, ending), beside(&moved_to, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
                _ => {}
            }
        }
        self.sync_folder()?;
        Ok(moved_to)
    }

    fn sync_folder(&self) -> Result<(), StoreError> {
        match self.path.parent() {
            Some(dir) => File::open(dir)
                .and_then(|dir| dir.sync_all())
                .map_err(|error| io_error(&self.path, error)),
            None => Ok(()),
        }
    }
}

/// A damaged database that was moved out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where the file is now; its log and index, where there were any, lie beside it.
    pub moved_to: PathBuf,
    /// What was wrong with it, in SQLite's words.
    pub reason: String,
}

fn open_connection(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn user_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the schema to its newest version, in one transaction.
fn migrate(connection: &mut Connection, schema: &Schema) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(user_version(&transaction)?).unwrap_or(0);
    for step in schema.steps.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", schema.application_id)?;
    transaction.pragma_update(None, "user_version", schema.steps.len().max(done) as i64)?;
    transaction.commit()
}

/// The path with an ending added to its last part.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn io_error(path: &Path, error: io::Error) -> StoreError {
    let path = path.into();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly { path }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::DiskFull { path },
        _ => StoreError::Io {
            path,
            source: error,
        },
    }
}
