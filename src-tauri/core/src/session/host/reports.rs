//! What the program of an unattended run tells its host.

use std::io;

use jiff::Timestamp;

use super::run::{Running, log};
use crate::model::{ClaudeSessionId, Exit, SessionSource, SessionState};
use crate::session::journal;
use crate::session::unattended::{RunRecord, RunReport};

impl Running {
    /// Takes in a report. The id of the stream's init line is written down at once; a report
    /// in a terminal that is for no run changes nothing.
    pub(super) fn report(&mut self, report: RunReport) {
        let Some(run) = &mut self.status.run else {
            return;
        };
        let told_before = run.session_id.is_some();
        if let Some(pid) = report.claude_pid {
            self.status.claude_pid = Some(pid);
        }
        run.take_in(report);
        let over = run.result.is_some();
        if !told_before && let Some(id) = run.session_id.clone() {
            self.capture(id);
        }
        if over {
            self.write_run_record(None);
        }
        self.status_changed();
    }

    /// What a state of the CLI means for the terminal: an unattended run has no prompt, so it
    /// works until it ends.
    pub(super) fn state_of_run(&self, state: SessionState) -> SessionState {
        let Some(run) = &self.status.run else {
            return state;
        };
        match state {
            SessionState::Idle | SessionState::Shell => SessionState::Working,
            // Not every version writes a session file for it; the stream says that it began.
            SessionState::Starting | SessionState::Unknown if run.session_id.is_some() => {
                SessionState::Working
            }
            state => state,
        }
    }

    /// Somebody ends the program: a run is then no failure of its own.
    pub(super) fn cancel_run(&mut self) {
        if let Some(run) = self.status.run.as_mut().filter(|run| run.result.is_none()) {
            run.cancelled = true;
            self.status_changed();
        }
    }

    /// Writes down how the run goes, for who comes when this host is gone.
    pub(super) fn write_run_record(&mut self, exit: Option<Exit>) {
        let (Some(spec), Some(run)) = (&self.host.spec.run, &self.status.run) else {
            return;
        };
        let record = RunRecord {
            run: run.clone(),
            ended_at: exit.map(|_| Timestamp::now()),
            exit,
        };
        let written = serde_json::to_vec(&record)
            .map_err(io::Error::from)
            .and_then(|json| journal::write_atomically(spec.record.as_ref(), &json));
        if let Err(error) = written {
            log(format_args!("cannot write how the run went: {error}"));
        }
    }

    /// The stream named the conversation: from here on there is something to lose in it. It
    /// is the one that the program was started with, unless the CLI took another.
    fn capture(&mut self, id: ClaudeSessionId) {
        self.new_session_id(id, SessionSource::Unknown, true);
        let state = self.state_of_run(self.status.state.clone());
        if state != self.status.state {
            self.set_state(state);
        }
    }
}
