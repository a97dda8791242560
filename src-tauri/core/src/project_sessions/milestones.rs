//! What a project works on: its milestones in the store, their files in the workspace, and the
//! commands that start them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{ProjectSessions, SessionsError};
use crate::model::{Milestone, MilestoneId, MilestoneStatus, OutputProject, ProjectId};
use crate::planning::{
    self, Backup, CommandTemplate, Context, Phases, PlanningError, PlanningState,
};
use crate::session::unattended::RunRecord;
use crate::store::NewMilestone;

/// A project's milestones and plan.
#[derive(Debug)]
pub struct ProjectWork {
    /// Its milestones, oldest first, each with whether its context file is there.
    pub milestones: Vec<(Milestone, bool)>,
    /// What its `.planning` says.
    pub planning: Option<PlanningState>,
    /// Why `.planning` could not be made or read.
    pub problem: Option<PlanningError>,
    /// How a milestone is started.
    pub command: MilestoneCommand,
    /// The copies of its phases, newest first.
    pub backups: Vec<Backup>,
    /// Its last unattended run that left a record.
    pub last_run: Option<RunRecord>,
}

/// The command that starts a project's milestones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MilestoneCommand {
    /// The command.
    pub template: CommandTemplate,
    /// Whether the person set it; otherwise it was found in what is installed.
    pub is_setting: bool,
}

impl ProjectSessions {
    /// What a project works on. Makes sure of its `.planning` folder.
    ///
    /// # Errors
    /// [`SessionsError::NoSuchProject`] or [`SessionsError::Store`]; what is wrong with the
    /// files is part of the answer.
    pub fn work(&self, id: ProjectId) -> Result<ProjectWork, SessionsError> {
        let project = self.project(id)?;
        let workspace = Path::new(&project.workspace_path);
        let milestones = self.store.milestones(id)?;
        let planning = planning::prepare(workspace)
            .and_then(|()| planning::read_planning(workspace, &self.config_folder(&project)));
        let (planning, problem) = match planning {
            Ok(planning) => (planning, None),
            Err(problem) => (None, Some(problem)),
        };
        Ok(ProjectWork {
            milestones: milestones
                .into_iter()
                .map(|milestone| {
                    let has_context = planning::has_context(workspace, milestone.id);
                    (milestone, has_context)
                })
                .collect(),
            planning,
            problem,
            command: self.milestone_command(&project),
            backups: self.phases(&project).backups(),
            last_run: self.runs(id).into_iter().next(),
        })
    }

    /// A milestone and its project.
    ///
    /// # Errors
    /// [`SessionsError::NoSuchMilestone`], [`SessionsError::NoSuchProject`] or
    /// [`SessionsError::Store`].
    pub fn milestone(&self, id: MilestoneId) -> Result<(Milestone, OutputProject), SessionsError> {
        let milestone = self
            .store
            .milestone(id)?
            .ok_or(SessionsError::NoSuchMilestone(id))?;
        let project = self.project(milestone.project)?;
        Ok((milestone, project))
    }

    /// Creates a milestone and writes its context file.
    ///
    /// # Errors
    /// [`SessionsError::Planning`] when the files could not be written: the milestone is there
    /// nevertheless, and [`ProjectSessions::write_context`] tries again.
    pub fn create_milestone(
        &self,
        project: ProjectId,
        context: &Context,
    ) -> Result<Milestone, SessionsError> {
        let milestone = self
            .store
            .create_milestone(NewMilestone {
                project,
                element_name: context.title.clone(),
                at: Timestamp::now(),
            })?
            .ok_or(SessionsError::NoSuchProject(project))?;
        self.write_context(milestone.id, context)?;
        Ok(milestone)
    }

    /// Writes a milestone's context file, unless it is there. Returns where it is.
    ///
    /// # Errors
    /// [`SessionsError`].
    pub fn write_context(
        &self,
        id: MilestoneId,
        context: &Context,
    ) -> Result<PathBuf, SessionsError> {
        let (_, project) = self.milestone(id)?;
        let workspace = Path::new(&project.workspace_path);
        planning::prepare(workspace)?;
        Ok(planning::write_context(workspace, id, context)?)
    }

    /// A milestone's context file; one that is not there is made, with the milestone's name.
    ///
    /// # Errors
    /// [`SessionsError`].
    pub fn context_file(&self, id: MilestoneId) -> Result<PathBuf, SessionsError> {
        let (milestone, _) = self.milestone(id)?;
        let context = Context {
            title: milestone.element_name,
            ..Context::default()
        };
        self.write_context(id, &context)
    }

    /// The command that starts a project's milestones: the person's, else the one that is
    /// installed.
    pub fn milestone_command(&self, project: &OutputProject) -> MilestoneCommand {
        match &project.launch.milestone_command {
            Some(text) => MilestoneCommand {
                template: CommandTemplate::set_by_person(text),
                is_setting: true,
            },
            None => MilestoneCommand {
                template: planning::detect_command(
                    Path::new(&project.workspace_path),
                    &self.config_folder(project),
                ),
                is_setting: false,
            },
        }
    }

    /// Copies the phases before a command that may delete them; none where it does not, or
    /// where there are none.
    ///
    /// # Errors
    /// [`SessionsError::Planning`]: the command must not be sent then.
    pub fn back_up_before(
        &self,
        project: &OutputProject,
        command: &str,
    ) -> Result<Option<Backup>, SessionsError> {
        if planning::is_new_milestone(command) {
            Ok(self.phases(project).back_up(Timestamp::now())?)
        } else {
            Ok(None)
        }
    }

    /// The copies of a project's phases, newest first.
    ///
    /// # Errors
    /// [`SessionsError::NoSuchProject`] or [`SessionsError::Store`].
    pub fn backups(&self, id: ProjectId) -> Result<Vec<Backup>, SessionsError> {
        Ok(self.phases(&self.project(id)?).backups())
    }

    /// Puts a copy in the place of a project's phases; what is there now is copied first.
    ///
    /// # Errors
    /// [`SessionsError`]; the phases are as they were.
    pub fn restore_phases(&self, id: ProjectId, backup: &str) -> Result<(), SessionsError> {
        let project = self.project(id)?;
        Ok(self.phases(&project).restore(backup, Timestamp::now())?)
    }

    /// Notes that a milestone was begun, unless it is further already. Returns whether that is
    /// new.
    ///
    /// # Errors
    /// [`SessionsError::Store`].
    pub fn note_begun(&self, id: MilestoneId) -> Result<bool, SessionsError> {
        self.advance(id, MilestoneStatus::Pending, MilestoneStatus::InProgress)
    }

    /// Notes that a milestone's unattended run failed. Returns whether that is new.
    ///
    /// # Errors
    /// [`SessionsError::Store`].
    pub fn note_failed(&self, id: MilestoneId) -> Result<bool, SessionsError> {
        self.advance(id, MilestoneStatus::InProgress, MilestoneStatus::Failed)
    }

    fn advance(
        &self,
        id: MilestoneId,
        from: MilestoneStatus,
        to: MilestoneStatus,
    ) -> Result<bool, SessionsError> {
        let before = self.store.milestone(id)?;
        if before.is_none_or(|milestone| milestone.status != from) {
            return Ok(false);
        }
        let now = Timestamp::now();
        self.store.set_milestone_status(id, Some(from), to, now)?;
        Ok(true)
    }

    fn phases(&self, project: &OutputProject) -> Phases {
        Phases::new(
            Path::new(&project.workspace_path),
            &self.folders.phases_dir(project.id),
        )
    }

    /// Claude Code's configuration folder; one that cannot be told holds no commands.
    fn config_folder(&self, project: &OutputProject) -> PathBuf {
        self.config_dirs(project)
            .map(|(config, _)| config.folder().to_owned())
            .unwrap_or_default()
    }
}
