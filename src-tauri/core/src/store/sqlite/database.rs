//! A database in a file that several processes share: its connection, one transaction a call.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use super::file::{DatabaseFile, OpenFile, Schema, SetAside};
use crate::store::StoreError;

/// An open database: write-ahead log, every commit synced.
pub(in crate::store) struct Database {
    file: DatabaseFile,
    /// None only while it is dropped.
    open: Mutex<Option<OpenFile>>,
}

impl Database {
    /// Opens the database at `path`; creates it, and its folder, where there is none, brings an
    /// older one up to date and sets a damaged one aside.
    pub fn open(
        path: &Path,
        at: Timestamp,
        schema: Schema,
    ) -> Result<(Self, Option<SetAside>), StoreError> {
        let file = DatabaseFile::new(path, schema)?;
        let (open, set_aside) = file.open(at)?;
        let database = Self {
            file,
            open: Mutex::new(Some(open)),
        };
        Ok((database, set_aside))
    }

    /// The file, links resolved.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Says what a failure of SQLite means for the person.
    pub fn error(&self, error: rusqlite::Error) -> StoreError {
        self.file.error(error)
    }

    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.run(TransactionBehavior::Deferred, work)
    }

    /// Takes the write lock before it reads: what `work` reads stays true until it commits.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.run(TransactionBehavior::Immediate, work)
    }

    /// A number that is another one once anything changed, whoever changed it.
    pub fn change_mark(&self) -> Result<u64, StoreError> {
        // SQLite's number tells only of other connections, and only that it differs.
        let version: i64 =
            self.read(|sql| sql.pragma_query_value(None, "data_version", |row| row.get(0)))?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = open.as_mut().ok_or_else(|| self.closed())?;
        if open.noticed != Some(version) {
            open.noticed = Some(version);
            open.changes += 1;
        }
        Ok(open.changes)
    }

    fn run<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // A panic in another call has rolled its transaction back: the connection is sound.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let _shared = self.file.lock_shared()?;
        let open = open.as_mut().ok_or_else(|| self.closed())?;
        self.file.follow(open)?;
        if matches!(behavior, TransactionBehavior::Immediate) {
            open.changes += 1;
        }
        let transaction = self.file.begin(&mut open.connection, behavior)?;
        work(&transaction)
            .and_then(|result| transaction.commit().map(|()| result))
            .map_err(|error| self.file.error(error))
    }

    fn closed(&self) -> StoreError {
        StoreError::Missing {
            path: self.path().into(),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The last connection deletes the log by its name: not while another process puts a
        // new database in its place.
        let _shared = self.file.lock_shared();
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
