//! What a project works on, as plain data for the window, and back.

use std::path::Path;

use jiff::Timestamp;
use reprise_core::model::{Milestone, MilestoneStatus, OutputProject};
use reprise_core::planning::{self, Backup, CommandKind, PhaseStatus, PlanningState, Source};
use reprise_core::project_sessions::{ProjectWork, SessionsError};
use reprise_core::session::queue::{CommandState, CommandWait, QueueRequest, QueuedCommand};

use crate::dto::{self, CommandError};
use crate::error::{AppError, plan_problem};
use crate::views;

/// What a project works on.
pub fn work(project: &OutputProject, work: ProjectWork) -> dto::ProjectWork {
    let state_problem = work
        .planning
        .as_ref()
        .and_then(|planning| planning.problem.as_ref())
        .map(plan_problem);
    let problem = work
        .problem
        .map(|problem| CommandError::from(AppError::Sessions(SessionsError::Planning(problem))));
    dto::ProjectWork {
        project_id: project.id.to_string(),
        milestones: work
            .milestones
            .iter()
            .map(|(milestone, _)| self::milestone(project, milestone))
            .collect(),
        planning: work.planning.map(planning),
        planning_problem: problem.or(state_problem),
        command: dto::MilestoneCommandView {
            text: work.command.template.text,
            kind: match work.command.template.kind {
                CommandKind::GsdCommand => dto::MilestoneCommandKind::GsdCommand,
                CommandKind::GsdSkill => dto::MilestoneCommandKind::GsdSkill,
                CommandKind::PlainPrompt => dto::MilestoneCommandKind::PlainPrompt,
            },
            is_setting: work.command.is_setting,
        },
        backups: work.backups.into_iter().map(backup).collect(),
        last_run: work.last_run.as_ref().map(views::past_run),
    }
}

/// A milestone, with where its context file is.
pub fn milestone(project: &OutputProject, milestone: &Milestone) -> dto::MilestoneView {
    let workspace = Path::new(&project.workspace_path);
    dto::MilestoneView {
        id: milestone.id.to_string(),
        project_id: milestone.project.to_string(),
        name: milestone.element_name.clone(),
        status: milestone_word(milestone.status),
        created_at: milestone.created_at,
        updated_at: milestone.updated_at,
        completed_at: milestone.completed_at,
        context_path: workspace
            .join(planning::context_path(milestone.id))
            .display()
            .to_string(),
        context_exists: planning::has_context(workspace, milestone.id),
    }
}

/// The stored status of a milestone.
pub fn milestone_word(status: MilestoneStatus) -> dto::MilestoneStatus {
    match status {
        MilestoneStatus::Pending => dto::MilestoneStatus::Pending,
        MilestoneStatus::InProgress => dto::MilestoneStatus::InProgress,
        MilestoneStatus::Completed => dto::MilestoneStatus::Completed,
        MilestoneStatus::Failed => dto::MilestoneStatus::Failed,
    }
}

/// The status that the person chose.
pub fn milestone_status(status: dto::MilestoneStatus) -> MilestoneStatus {
    match status {
        dto::MilestoneStatus::Pending => MilestoneStatus::Pending,
        dto::MilestoneStatus::InProgress => MilestoneStatus::InProgress,
        dto::MilestoneStatus::Completed => MilestoneStatus::Completed,
        dto::MilestoneStatus::Failed => MilestoneStatus::Failed,
    }
}

fn planning(plan: PlanningState) -> dto::PlanningView {
    dto::PlanningView {
        source: match plan.source {
            Source::StateJson => dto::PlanningSource::StateJson,
            Source::Markdown => dto::PlanningSource::Markdown,
        },
        milestone: plan.milestone.map(|milestone| dto::PlannedMilestoneView {
            version: milestone.version,
            name: milestone.name,
            status: milestone.status,
        }),
        phases: plan
            .phases
            .into_iter()
            .map(|phase| dto::PhaseView {
                number: phase.number,
                name: phase.name,
                status: match phase.status {
                    PhaseStatus::Done => dto::PhaseStatus::Done,
                    PhaseStatus::Current => dto::PhaseStatus::Current,
                    PhaseStatus::Todo => dto::PhaseStatus::Todo,
                },
                plans_done: phase.plans_done,
                plans_total: phase.plans_total,
            })
            .collect(),
        next: plan.next,
        read_at: plan.written_at.unwrap_or_else(Timestamp::now),
    }
}

/// A copy of a plan's phases.
pub fn backup(backup: Backup) -> dto::BackupView {
    dto::BackupView {
        id: backup.name,
        at: backup.at,
        folders: u32::try_from(backup.folders).unwrap_or(u32::MAX),
        path: backup.path.display().to_string(),
    }
}

/// A command in the queue of a session.
pub fn queued(command: &QueuedCommand) -> dto::QueuedCommandView {
    dto::QueuedCommandView {
        id: command.id.to_string(),
        text: command.text.clone(),
        about: command.about.clone(),
        added_at: command.added_at,
        state: match &command.state {
            CommandState::Waiting { wait } => dto::QueuedCommandState::Waiting {
                wait: match wait {
                    CommandWait::Idle => dto::QueueWait::Idle,
                    CommandWait::Draft => dto::QueueWait::Draft,
                    CommandWait::Dialog => dto::QueueWait::Dialog,
                    CommandWait::Conversation => dto::QueueWait::Conversation,
                    CommandWait::Start => dto::QueueWait::Start,
                    CommandWait::Earlier => dto::QueueWait::Earlier,
                },
            },
            CommandState::Sending => dto::QueuedCommandState::Sending,
            CommandState::Delivered { at } => dto::QueuedCommandState::Delivered { at: *at },
            CommandState::NotDelivered { code, message, at } => {
                dto::QueuedCommandState::NotDelivered {
                    code: code.clone(),
                    message: message.clone(),
                    at: *at,
                }
            }
        },
    }
}

/// What the window asks of the queue.
///
/// # Errors
/// An id that is none.
pub fn queue_request(change: dto::QueueChange) -> Result<QueueRequest, AppError> {
    use dto::QueueChange as C;
    Ok(match change {
        C::Edit { id, text } => QueueRequest::Edit {
            id: id.parse()?,
            text,
        },
        C::Cancel { id } => QueueRequest::Cancel { id: id.parse()? },
        C::Retry { id } => QueueRequest::Retry { id: id.parse()? },
        C::Agree { id } => QueueRequest::Agree { id: id.parse()? },
        C::Move { id, before } => QueueRequest::Move {
            id: id.parse()?,
            before: before.map(|id| id.parse()).transpose()?,
        },
        C::Clear => QueueRequest::Clear,
    })
}
