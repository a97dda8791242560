//! Who works where: what a team's store knows beyond its projects.

use super::{LeaseOutcome, StoreError};
use crate::model::{ClaudeSessionId, Lease, Machine, ProjectId, TranscriptPlace};

/// Who has which session live, and where transcripts lie. The machine is always this one.
///
/// The calls block as those of [`super::Store`] do, except where nobody is asked.
pub trait Presence: Send + Sync {
    /// This machine.
    fn machine(&self) -> &Machine;

    /// A project's lease, as the server has it, also one that is over.
    fn lease(&self, project: ProjectId) -> Result<Option<Lease>, StoreError>;

    /// Takes a project's lease, or renews it. Another's is taken only when it is over, or
    /// `from_anybody`. `pid` is the process that has the session.
    fn take_lease(
        &self,
        project: ProjectId,
        session_id: Option<&ClaudeSessionId>,
        pid: u32,
        from_anybody: bool,
    ) -> Result<LeaseOutcome, StoreError>;

    /// Renews a lease of this machine, even one that is over where nobody has taken it.
    fn renew_lease(
        &self,
        project: ProjectId,
        session_id: Option<&ClaudeSessionId>,
        pid: u32,
    ) -> Result<LeaseOutcome, StoreError>;

    /// Lets go of a lease of this machine; where there is none, nothing happens.
    fn release_lease(&self, project: ProjectId) -> Result<(), StoreError>;

    /// Where a conversation's transcript is: as the server says or, where it is away, as it was
    /// last heard. None where nobody has noted it.
    fn transcript(&self, id: &ClaudeSessionId) -> Result<Option<TranscriptPlace>, StoreError>;

    /// Notes that a conversation was worked on here at a time. Where the server is away, that
    /// waits until it is back.
    fn note_transcript(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: jiff::Timestamp,
    ) -> Result<(), StoreError>;

    /// All leases as they were last heard, also those that are over; [`Lease::left`] is as of
    /// now. Nobody is asked.
    fn leases(&self) -> Vec<Lease>;

    /// Where a conversation's transcript is, as it was last heard. Nobody is asked.
    fn known_transcript(&self, id: &ClaudeSessionId) -> Option<TranscriptPlace>;

    /// Hears anew who has which session live and where transcripts are, for those that ask
    /// nobody. Returns whether anything changed.
    fn listen(&self) -> Result<bool, StoreError>;
}
