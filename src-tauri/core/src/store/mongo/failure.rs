//! What the driver's errors mean: for the person, and for whether a write may have happened.

use std::io;

use mongodb::error::{Error, ErrorKind, WriteFailure};

use super::address::Address;
use crate::store::{ServerError, ServerFault};

/// Why a command has no result.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The driver, or the server through it, says so.
    Driver(Error),
    /// No server has been there to take it.
    NotSent(Cause),
    /// The server was lost while it was under way.
    Lost(Cause),
    /// There was no answer in time from a server that seems to be well.
    NoAnswer,
}

/// A fault and what was said about it.
pub(super) type Cause = (ServerFault, String);

impl Failure {
    /// Whether what was asked may have happened all the same.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Lost(_) | Self::NoAnswer => true,
            Self::Driver(error) => match &*error.kind {
                ErrorKind::Io(_) | ErrorKind::InvalidResponse { .. } => true,
                // It is applied, and not by how many it was asked to be.
                ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
                ErrorKind::Command(_) | ErrorKind::Write(_) => is_interrupted(error),
                _ => false,
            },
        }
    }

    /// Whether the same may be asked again at once, as all our writes may.
    pub fn may_pass(&self) -> bool {
        match self {
            // The server's absence has been waited for.
            Self::NotSent(_) | Self::Lost(_) => false,
            Self::NoAnswer => true,
            Self::Driver(error) => {
                self.is_ambiguous()
                    || is_not_primary(error)
                    || matches!(*error.kind, ErrorKind::ConnectionPoolCleared { .. })
            }
        }
    }

    /// The collection was never written to.
    pub fn is_no_such_collection(&self) -> bool {
        self.code() == Some(26)
    }

    /// The server's number for it.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Driver(error) => code(error),
            _ => None,
        }
    }

    /// What to tell of a command that did not happen.
    pub fn describe(&self, address: &Address) -> ServerError {
        let (fault, reason) = self.cause();
        address.error(fault, reason)
    }

    /// What to tell of a change that may have happened.
    pub fn describe_unknown(&self, address: &Address) -> ServerError {
        address.error(ServerFault::OutcomeUnknown, self.cause().1)
    }

    fn cause(&self) -> Cause {
        match self {
            Self::Driver(error) => cause(error),
            Self::NotSent(cause) | Self::Lost(cause) => cause.clone(),
            Self::NoAnswer => (ServerFault::Unreachable, "no answer in time".to_owned()),
        }
    }
}

/// A key that has to be unique is there already.
pub(super) fn is_duplicate(error: &Error) -> bool {
    code(error) == Some(11000)
}

/// The server stopped while it did what was asked.
fn is_interrupted(error: &Error) -> bool {
    matches!(code(error), Some(91 | 189 | 11600 | 11602))
        || error.contains_label(mongodb::error::RETRYABLE_WRITE_ERROR) && !is_not_primary(error)
}

/// The server did nothing, as it is not the one that takes writes.
fn is_not_primary(error: &Error) -> bool {
    matches!(code(error), Some(10107 | 13435 | 13436))
}

fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(error) => Some(error.code),
        ErrorKind::Write(WriteFailure::WriteError(error)) => Some(error.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => Some(error.code),
        _ => None,
    }
}

/// What an error means for the person.
pub(super) fn cause(error: &Error) -> Cause {
    let reason = words(error);
    let fault = match &*error.kind {
        ErrorKind::Io(error) => return io_cause(error),
        ErrorKind::DnsResolve { .. } => ServerFault::HostUnknown,
        ErrorKind::InvalidTlsConfig { .. } => ServerFault::Tls,
        ErrorKind::Authentication { .. } => ServerFault::Authentication,
        ErrorKind::InvalidArgument { .. } => ServerFault::ConnectionString,
        ErrorKind::IncompatibleServer { .. } => ServerFault::TooOld,
        ErrorKind::ServerSelection { .. } | ErrorKind::ConnectionPoolCleared { .. } => {
            ServerFault::Unreachable
        }
        _ => match code(error) {
            // Where the connection string names no user at all.
            Some(13) if reason.contains("requires authentication") => ServerFault::Authentication,
            // Unauthorized, and Atlas's own number for it.
            Some(13 | 8000) => ServerFault::NotAllowed,
            Some(18) => ServerFault::Authentication,
            Some(10107 | 13435 | 13436 | 189) => ServerFault::NoPrimary,
            Some(91 | 11600 | 11602) => ServerFault::Unreachable,
            _ => ServerFault::Failed,
        },
    };
    (fault, reason)
}

/// The same of an error that came while the connection string was read.
pub(super) fn reading(error: &Error) -> Cause {
    let fault = match &*error.kind {
        // The name servers of a `mongodb+srv` host, or the file that says which they are.
        ErrorKind::DnsResolve { .. } | ErrorKind::Io(_) => ServerFault::HostUnknown,
        ErrorKind::InvalidTlsConfig { .. } => ServerFault::Tls,
        _ => ServerFault::ConnectionString,
    };
    (fault, words(error))
}

/// The same of an error that came while a client was made of what was read: the files that TLS
/// needs are opened then.
pub(super) fn preparing(error: &Error) -> Cause {
    let fault = match &*error.kind {
        ErrorKind::InvalidTlsConfig { .. } | ErrorKind::Io(_) => ServerFault::Tls,
        _ => ServerFault::ConnectionString,
    };
    (fault, words(error))
}

pub(super) fn io_cause(error: &io::Error) -> Cause {
    let reason = error.to_string();
    let fault = match error.kind() {
        io::ErrorKind::ConnectionRefused => ServerFault::Refused,
        // rustls says all its errors so.
        io::ErrorKind::InvalidData => ServerFault::Tls,
        _ if reason.contains("failed to lookup address") => ServerFault::HostUnknown,
        _ => ServerFault::Unreachable,
    };
    (fault, reason)
}

/// What was said, without the driver's wrapping around it.
fn words(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::Authentication { message, .. }
        | ErrorKind::InvalidArgument { message, .. }
        | ErrorKind::InvalidTlsConfig { message, .. }
        | ErrorKind::DnsResolve { message, .. }
        | ErrorKind::IncompatibleServer { message, .. }
        | ErrorKind::InvalidResponse { message, .. }
        | ErrorKind::Internal { message, .. } => message.clone(),
        ErrorKind::ServerSelection { .. } => "no server could be found in time".to_owned(),
        ErrorKind::ConnectionPoolCleared { .. } => "the connection was lost".to_owned(),
        ErrorKind::Command(error) => error.message.clone(),
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.message.clone(),
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => error.message.clone(),
        ErrorKind::Io(error) => error.to_string(),
        kind => kind.to_string(),
    }
}
