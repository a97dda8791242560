//! From the core's types to the plain data that crosses to the window, and back.

use jiff::Timestamp;
use reprise_core::claude::cli::CliSearch;
use reprise_core::claude::resume::ResumeCause;
use reprise_core::model::{
    CurrentSessionId, DisplayMode, LaunchOptions, OutputProject, ProjectStatus, SessionSource,
    SessionState, TerminalKey, TerminalSize,
};
use reprise_core::project_sessions::{
    EarlierSession, Elsewhere, FirstView, NotStarted, ProjectElsewhere, ResumeFailure, StartChoice,
    StartOutcome,
};
use reprise_core::session::hosts::LastEnd;
use reprise_core::session::protocol::HostStatus;
use reprise_core::session::screen::{Palette, ProgressState};
use reprise_core::session::unattended::{RunRecord, RunStatus};
use reprise_core::store::StoreError;

use crate::error::AppError;
use crate::{dto, work_views};

/// What a project's view is made of, beside the project itself.
#[derive(Debug, Clone, Default)]
pub struct ProjectFacts {
    /// How its last session ended.
    pub last_end: Option<LastEnd>,
    /// When its conversation was last used.
    pub last_used_at: Option<Timestamp>,
    /// Whether a last picture was kept.
    pub has_picture: bool,
    /// Another machine that has the session, or its transcript.
    pub elsewhere: Option<ProjectElsewhere>,
}

/// The word for a project's stored status.
pub fn project_word(status: ProjectStatus) -> dto::ProjectStatus {
    match status {
        ProjectStatus::Created => dto::ProjectStatus::Created,
        ProjectStatus::Initialized => dto::ProjectStatus::Initialized,
        ProjectStatus::Active => dto::ProjectStatus::Active,
    }
}

/// A project of the store, with its live terminals; whether it is muted is not its own matter.
pub fn project(
    project: &OutputProject,
    facts: ProjectFacts,
    live: &[&HostStatus],
    build: Option<&str>,
) -> dto::ProjectView {
    let (session_id, invalid_session_id) = match &project.claude_session_id {
        CurrentSessionId::Unset => (None, None),
        CurrentSessionId::Set(id) => (Some(id.to_string()), None),
        CurrentSessionId::Invalid(text) => (None, Some(text.clone())),
    };
    dto::ProjectView {
        id: project.id.to_string(),
        name: project.name.clone(),
        workspace_path: project.workspace_path.clone(),
        created_at_us: Some(project.created_at.as_microsecond()),
        status: project_word(project.status),
        session_id,
        invalid_session_id,
        live: claude_of(live, build),
        shells: shells_of(live, build),
        elsewhere: facts.elsewhere.map(|elsewhere| dto::OnMachine {
            host: elsewhere.machine.host,
            user: elsewhere.machine.user,
            live: elsewhere.live,
            at: elsewhere.at,
        }),
        last_end: facts.last_end.map(|end| dto::LastEnd {
            code: end.exit.code,
            signal: end.exit.signal,
            at: end.at,
        }),
        last_used_at: facts.last_used_at,
        has_picture: facts.has_picture,
        muted: false,
    }
}

/// A project that only its live hosts tell of.
pub fn project_of_hosts(live: &[&HostStatus], build: Option<&str>) -> Option<dto::ProjectView> {
    let any = live.first()?;
    Some(dto::ProjectView {
        id: any.project.to_string(),
        name: any.name.clone(),
        workspace_path: any.workspace.clone(),
        created_at_us: None,
        status: dto::ProjectStatus::Active,
        session_id: live
            .iter()
            .find_map(|status| status.session_id.as_ref())
            .map(ToString::to_string),
        invalid_session_id: None,
        live: claude_of(live, build),
        shells: shells_of(live, build),
        elsewhere: None,
        last_end: None,
        last_used_at: None,
        has_picture: false,
        muted: false,
    })
}

fn claude_of(live: &[&HostStatus], build: Option<&str>) -> Option<dto::TerminalView> {
    live.iter()
        .find(|status| status.terminal == TerminalKey::Claude)
        .map(|status| terminal(status, build))
}

fn shells_of(live: &[&HostStatus], build: Option<&str>) -> Vec<dto::TerminalView> {
    let mut shells: Vec<_> = live
        .iter()
        .filter(|status| status.terminal != TerminalKey::Claude)
        .collect();
    shells.sort_by_key(|status| status.terminal);
    shells
        .into_iter()
        .map(|status| terminal(status, build))
        .collect()
}

/// A live terminal; `build` is the one that new hosts run.
pub fn terminal(status: &HostStatus, build: Option<&str>) -> dto::TerminalView {
    dto::TerminalView {
        project_id: status.project.to_string(),
        terminal: status.terminal.to_string(),
        state: match &status.state {
            SessionState::Starting => dto::TerminalState::Starting,
            SessionState::Idle => dto::TerminalState::Idle,
            SessionState::Working => dto::TerminalState::Working,
            SessionState::Permission => dto::TerminalState::Permission,
            SessionState::Question => dto::TerminalState::Question,
            SessionState::Shell => dto::TerminalState::Shell,
            SessionState::Ended(exit) => dto::TerminalState::Ended {
                code: exit.code,
                signal: exit.signal,
            },
            SessionState::Unknown => dto::TerminalState::Unknown,
        },
        since: status.since,
        host_pid: status.host_pid,
        program_pid: Some(status.program_pid),
        cols: status.size.cols,
        rows: status.size.rows,
        started_at: status.started_at,
        clients: u32::try_from(status.clients).unwrap_or(u32::MAX),
        title: status.title.clone(),
        progress: progress(status),
        waits_for_restart: waits_for_restart(status, build),
        queue: status.queue.iter().map(work_views::queued).collect(),
        ask: status.ask.as_ref().map(|ask| dto::AskView {
            tool: ask.tool.clone(),
            input: ask.input.clone(),
        }),
        run: status.run.as_ref().map(run),
        background: status.background,
    }
}

fn progress(status: &HostStatus) -> Option<dto::ProgressView> {
    let state = match status.progress_state {
        // A host of before there were states.
        ProgressState::None if status.progress.is_some() => dto::ProgressKind::Normal,
        ProgressState::None => return None,
        ProgressState::Normal => dto::ProgressKind::Normal,
        ProgressState::Error => dto::ProgressKind::Error,
        ProgressState::Indeterminate => dto::ProgressKind::Indeterminate,
        ProgressState::Paused => dto::ProgressKind::Paused,
    };
    Some(dto::ProgressView {
        state,
        percent: status.progress,
    })
}

/// An unattended run that its host tells of.
pub fn run(run: &RunStatus) -> dto::RunView {
    dto::RunView {
        started_at: run.started_at,
        permission_mode: run.permission_mode.clone(),
        about: run.about.clone(),
        log: run.log.clone(),
        session_id: run.session_id.as_ref().map(ToString::to_string),
        tool: run.tool.clone(),
        turns: run.turns,
        cost_usd: run.cost_usd,
        result: run.result.as_ref().map(|result| dto::RunResultView {
            ok: result.ok,
            kind: result.kind.clone(),
            text: result.text.clone(),
        }),
        cancelled: run.cancelled,
        ended_at: None,
    }
}

/// An unattended run whose host is gone.
pub fn past_run(record: &RunRecord) -> dto::RunView {
    dto::RunView {
        ended_at: record.ended_at,
        ..run(&record.run)
    }
}

/// Whether a host runs another build than new hosts do.
pub fn waits_for_restart(status: &HostStatus, build: Option<&str>) -> bool {
    build.is_some_and(|build| build != status.build)
}

/// What a search for Claude Code came to.
pub fn claude_check(search: CliSearch) -> dto::ClaudeCheck {
    match search {
        CliSearch::Found { path, version } => dto::ClaudeCheck::Found {
            path: path.display().to_string(),
            version: version.to_string(),
        },
        CliSearch::Missing { searched } => dto::ClaudeCheck::Missing {
            searched: searched
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
        },
        CliSearch::TooOld {
            path,
            version,
            oldest,
        } => dto::ClaudeCheck::TooOld {
            path: path.display().to_string(),
            version: version.to_string(),
            oldest: oldest.to_string(),
        },
        CliSearch::Broken { path, why } => dto::ClaudeCheck::Broken {
            path: path.display().to_string(),
            reason: why.to_string(),
        },
    }
}

/// What came of a start.
pub fn outcome(outcome: StartOutcome, build: Option<&str>) -> dto::StartOutcome {
    match outcome {
        StartOutcome::Live(status) => dto::StartOutcome::Live {
            terminal: Box::new(terminal(&status, build)),
        },
        StartOutcome::CannotResume(failure) => dto::StartOutcome::CannotResume {
            failure: Box::new(resume_failure(*failure)),
        },
    }
}

fn resume_failure(failure: ResumeFailure) -> dto::ResumeFailure {
    use dto::ResumeFailureCause as Cause;
    let mut view = dto::ResumeFailure {
        cause: Cause::Conflict,
        session_id: String::new(),
        workspace_path: failure.workspace,
        last_used_at: failure.last_used,
        searched: Vec::new(),
        reason: None,
        other_id: None,
        pid: None,
        other_folder: None,
        kept_copy: None,
        elsewhere: None,
        earlier: failure.earlier.into_iter().map(earlier).collect(),
    };
    let why = match failure.why {
        NotStarted::Conflict(conflict) => {
            view.session_id = conflict.stored.as_stored().unwrap_or_default().to_owned();
            view.other_id = Some(conflict.journalled.to_string());
            return view;
        }
        NotStarted::Elsewhere(elsewhere) => {
            view.session_id = failure.session_id.unwrap_or_default();
            on_another_machine(*elsewhere, &mut view);
            return view;
        }
        NotStarted::CannotResume(why) => why,
    };
    view.session_id = why.session_id;
    view.kept_copy = why.kept_copy.map(|path| path.display().to_string());
    view.cause = match why.cause {
        ResumeCause::InvalidId => Cause::InvalidId,
        ResumeCause::LiveElsewhere(process) => {
            view.pid = Some(process.pid);
            Cause::LiveElsewhere
        }
        ResumeCause::OrphanAlive(process) => {
            view.pid = Some(process.pid);
            Cause::OrphanAlive
        }
        ResumeCause::TranscriptEmpty(path) => {
            view.searched = vec![path.display().to_string()];
            Cause::TranscriptEmpty
        }
        ResumeCause::TranscriptElsewhere { path, config_dir } => {
            view.searched = vec![path.display().to_string()];
            view.other_folder = Some(config_dir.display().to_string());
            Cause::TranscriptElsewhere
        }
        ResumeCause::TranscriptMissing { searched } => {
            view.searched = searched
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            Cause::TranscriptMissing
        }
        ResumeCause::TranscriptUnreadable { folder, error } => {
            view.searched = vec![folder.display().to_string()];
            view.reason = Some(error);
            Cause::TranscriptUnreadable
        }
        ResumeCause::Refused(exit) => {
            view.reason = Some(exit.code.to_string());
            Cause::Refused
        }
    };
    view
}

fn on_another_machine(elsewhere: Elsewhere, view: &mut dto::ResumeFailure) {
    use dto::ResumeFailureCause as Cause;
    let Elsewhere {
        lease,
        transcript,
        away,
        can_go_on,
    } = elsewhere;
    view.cause = match (&away, &lease) {
        (Some(_), _) => Cause::StoreAway,
        (None, Some(_)) => Cause::LiveOnMachine,
        (None, None) => Cause::TranscriptOnMachine,
    };
    let holder = lease.as_ref().map(|lease| &lease.holder);
    let machine = holder.or(transcript.as_ref().map(|place| &place.machine));
    view.elsewhere = Some(dto::ElsewhereView {
        host: machine.map(|machine| machine.host.clone()),
        user: machine.map(|machine| machine.user.clone()),
        since: lease.as_ref().map(|lease| lease.since),
        last_active_at: transcript.as_ref().map(|place| place.last_active),
        away: away.map(|away| AppError::from(StoreError::from(away)).into()),
        can_go_on,
    });
}

fn earlier(session: EarlierSession) -> dto::EarlierSession {
    dto::EarlierSession {
        session_id: session.entry.session_id.to_string(),
        source: match session.entry.source {
            SessionSource::Startup => dto::SessionSource::Startup,
            SessionSource::Resume => dto::SessionSource::Resume,
            SessionSource::Clear => dto::SessionSource::Clear,
            SessionSource::Fork => dto::SessionSource::Fork,
            SessionSource::Import => dto::SessionSource::Import,
            SessionSource::Unknown => dto::SessionSource::Unknown,
        },
        at: session.entry.at,
        message_sent: session.entry.message_sent,
        resumable: session.resumable,
    }
}

/// What the person chose.
///
/// # Errors
/// The id is none.
pub fn choice(choice: dto::StartChoice) -> Result<StartChoice, AppError> {
    Ok(match choice {
        dto::StartChoice::StartFresh => StartChoice::StartFresh,
        dto::StartChoice::ResumeEarlier { session_id } => {
            StartChoice::ResumeEarlier(session_id.parse()?)
        }
        dto::StartChoice::PutTranscriptBack => StartChoice::PutTranscriptBack,
        dto::StartChoice::TryAgain => StartChoice::TryAgain,
        dto::StartChoice::StartAnyway => StartChoice::StartAnyway,
    })
}

/// A size, within what a host accepts.
pub fn size(size: dto::GridSize) -> TerminalSize {
    TerminalSize {
        cols: size.cols,
        rows: size.rows,
    }
    .clamped()
}

/// The window as the first viewer of a terminal.
///
/// # Errors
/// Those of [`palette`].
pub fn first_view(
    grid: dto::GridSize,
    colours: &dto::TerminalPalette,
    preferences: &dto::Preferences,
) -> Result<FirstView, AppError> {
    Ok(FirstView {
        size: size(grid),
        palette: Some(palette(colours)?),
        scrollback_lines: Some(preferences.terminal.scrollback_lines),
    })
}

/// The colours of a viewer.
///
/// # Errors
/// One of them is no colour, or there are not 16.
pub fn palette(palette: &dto::TerminalPalette) -> Result<Palette, AppError> {
    let invalid = |reason: String| AppError::InvalidRequest { reason };
    let colour = |text: &String| text.clone().try_into().map_err(invalid);
    let ansi: Vec<_> = palette.ansi.iter().map(colour).collect::<Result<_, _>>()?;
    Ok(Palette {
        foreground: colour(&palette.foreground)?,
        background: colour(&palette.background)?,
        cursor: colour(&palette.cursor)?,
        ansi: ansi
            .try_into()
            .map_err(|_| invalid("a palette has 16 colours".to_owned()))?,
        dark: palette.dark,
    })
}

/// How a project's sessions are to start.
pub fn launch_options(options: dto::LaunchOptions) -> LaunchOptions {
    LaunchOptions {
        permission_mode: options.permission_mode,
        model: options.model,
        extra_args: options.extra_args,
        env: options.env,
        display: match options.display {
            dto::DisplayMode::FullScreen => DisplayMode::FullScreen,
            dto::DisplayMode::Scrollback => DisplayMode::Scrollback,
        },
        milestone_command: options.milestone_command,
    }
}

#[cfg(test)]
mod tests {
    use reprise_core::model::ProjectId;

    use super::*;

    #[test]
    fn an_id_that_is_no_uuid_is_shown_as_what_it_is() {
        let at: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let stored = OutputProject {
            id: ProjectId::generate(),
            name: "ledger".into(),
            workspace_path: "/home/ana/ledger".into(),
            status: ProjectStatus::Created,
            claude_session_id: CurrentSessionId::Invalid("--continue".into()),
            launch: LaunchOptions::default(),
            created_at: at,
            updated_at: at,
        };
        let view = project(&stored, ProjectFacts::default(), &[], None);
        assert_eq!(view.session_id, None);
        assert_eq!(view.invalid_session_id.as_deref(), Some("--continue"));
    }

    #[test]
    fn a_palette_needs_sixteen_colours() {
        let mut palette = dto::TerminalPalette {
            foreground: "#1c2426".into(),
            background: "#fdfcfa".into(),
            cursor: "#006462".into(),
            ansi: vec!["#000000".into(); 16],
            dark: false,
        };
        assert!(super::palette(&palette).is_ok());
        palette.ansi.pop();
        assert!(super::palette(&palette).is_err());
        palette.ansi.push("red; }".into());
        assert!(super::palette(&palette).is_err());
    }
}
