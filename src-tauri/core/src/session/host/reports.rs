//! What the program of an unattended run tells its host.

use super::run::Running;
use crate::model::{ClaudeSessionId, SessionSource};
use crate::session::journal::JournalEvent;
use crate::session::unattended::RunReport;

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
        if !told_before && let Some(id) = run.session_id.clone() {
            self.capture(id);
        }
        self.status_changed();
    }

    /// The stream named the conversation: from here on there is something to lose in it. It
    /// is the one that the program was started with, unless the CLI took another.
    fn capture(&mut self, id: ClaudeSessionId) {
        self.reached_prompt = true;
        if self.status.session_id.as_ref() != Some(&id) {
            self.new_session_id(id, SessionSource::Unknown, true);
        } else if !std::mem::replace(&mut self.status.message_sent, true) {
            self.write_down(JournalEvent::MessageSent { id });
        }
    }
}
