//! Bringing what the store of this computer has into a team's, under the same ids, so that
//! sessions that live and journals still belong. Nothing is deleted or overwritten, in neither
//! store; doing it again, or going on after it was interrupted, adds what is missing.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{CreateOutcome, MongoStore, SaveOutcome, ServerFault, Store, StoreError};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, Machine, Milestone, MilestoneId,
    OutputProject, ProjectId, SessionSource,
};

/// What an import would do, or has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// Each project of this computer, in the order in which they are listed.
    pub projects: Vec<ProjectImport>,
    /// It was stopped: what follows the last of [`Import::projects`] was not looked at.
    pub stopped: bool,
}

/// What becomes of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectImport {
    /// Its id, in both stores.
    pub id: ProjectId,
    /// What it is called here.
    pub name: String,
    /// Its folder on this computer.
    pub workspace_path: String,
    /// What becomes of the project itself. Nothing else is done for one that is skipped.
    pub project: Fate,
    /// What becomes of its session id.
    pub session_id: SessionIdFate,
    /// What becomes of each of its milestones.
    pub milestones: Vec<MilestoneImport>,
    /// How many rows of its lineage are new there.
    pub new_rows: usize,
    /// The names of the environment variables in its launch options, which the team can read
    /// once it is created.
    pub shared_variables: Vec<String>,
    /// Why it was not done to the end, so that not all of the above has happened. Nothing in a
    /// plan. Doing it again goes on.
    pub failed: Option<String>,
}

/// What becomes of one milestone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MilestoneImport {
    /// Its id, in both stores.
    pub id: MilestoneId,
    /// What it is called here.
    pub element_name: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a project or a milestone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is created.
    Created,
    /// It is there. What differs stays as it is there.
    AlreadyThere(Vec<Difference>),
    /// It is left out.
    Skipped(Skipped),
}

/// Why something is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// Another project of the team has this folder.
    FolderTaken {
        /// That project.
        id: ProjectId,
        /// What it is called.
        name: String,
    },
    /// A milestone of another project has this id.
    OtherProject(ProjectId),
    /// What has this id there cannot be understood.
    Unreadable(String),
    /// It could not be looked at: see [`ProjectImport::failed`].
    NotSeen,
}

/// A field that the two stores have differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as the documents call it.
    pub field: &'static str,
    /// What stands here.
    pub here: String,
    /// What stands there, and stays.
    pub there: String,
}

/// What becomes of a session id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionIdFate {
    /// There is none here.
    None,
    /// It is set there.
    Set(ClaudeSessionId),
    /// It is there.
    AlreadyThere(ClaudeSessionId),
    /// There is another one there, which stays. Ours is in the lineage.
    Differs {
        /// Ours.
        here: ClaudeSessionId,
        /// Theirs, as it is stored.
        there: String,
    },
    /// What stands here is no session id; it is left out.
    NotAnId(String),
}

/// How much of what there is in an [`Import`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Projects that are created.
    pub projects_created: usize,
    /// Projects that are there.
    pub projects_there: usize,
    /// Projects that are left out.
    pub projects_skipped: usize,
    /// Projects that failed.
    pub projects_failed: usize,
    /// Milestones that are created.
    pub milestones_created: usize,
    /// Milestones that are there.
    pub milestones_there: usize,
    /// Milestones that are left out.
    pub milestones_skipped: usize,
    /// Projects and milestones of which something differs, session ids too.
    pub different: usize,
    /// New rows of lineages.
    pub new_rows: usize,
}

impl Import {
    /// Counts it.
    pub fn counts(&self) -> ImportCounts {
        let mut counts = ImportCounts::default();
        for it in &self.projects {
            let id_differs = matches!(it.session_id, SessionIdFate::Differs { .. });
            let mut differs = id_differs;
            match &it.project {
                Fate::Created => counts.projects_created += 1,
                Fate::AlreadyThere(differences) => {
                    counts.projects_there += 1;
                    differs |= !differences.is_empty();
                }
                Fate::Skipped(_) => counts.projects_skipped += 1,
            }
            counts.different += usize::from(differs);
            counts.projects_failed += usize::from(it.failed.is_some());
            counts.new_rows += it.new_rows;
            for milestone in &it.milestones {
                match &milestone.fate {
                    Fate::Created => counts.milestones_created += 1,
                    Fate::AlreadyThere(differences) => {
                        counts.milestones_there += 1;
                        counts.different += usize::from(!differences.is_empty());
                    }
                    Fate::Skipped(_) => counts.milestones_skipped += 1,
                }
            }
        }
        counts
    }
}

/// Says what [`run`] would do now, and changes nothing. `goes_on` is told how many projects were
/// looked at, of how many, and may end it.
///
/// # Errors
/// [`StoreError`], of either store.
pub fn plan(
    here: &dyn Store,
    there: &MongoStore,
    mut goes_on: impl FnMut(usize, usize) -> bool,
) -> Result<Import, StoreError> {
    let projects = here.projects()?;
    let mut plan = Import::default();
    for (done, project) in projects.iter().enumerate() {
        if !goes_on(done, projects.len()) {
            plan.stopped = true;
            return Ok(plan);
        }
        plan.projects.push(examine(here, there, project)?.outcome);
    }
    goes_on(projects.len(), projects.len());
    Ok(plan)
}

/// Brings it over at this time, and reports what was done. The transcripts are noted as this
/// machine's. What
/// fails for one project does not stop the others. `goes_on` is as with [`plan`].
///
/// # Errors
/// [`StoreError`] where the projects of this computer cannot be listed.
pub fn run(
    here: &dyn Store,
    there: &MongoStore,
    machine: &Machine,
    at: Timestamp,
    mut goes_on: impl FnMut(usize, usize) -> bool,
) -> Result<Import, StoreError> {
    let projects = here.projects()?;
    let mut report = Import::default();
    for (done, project) in projects.iter().enumerate() {
        if !goes_on(done, projects.len()) {
            report.stopped = true;
            return Ok(report);
        }
        report
            .projects
            .push(bring(here, there, machine, at, project));
    }
    goes_on(projects.len(), projects.len());
    Ok(report)
}

/// A project as it is here, and what has to be done.
struct Examined {
    outcome: ProjectImport,
    /// Those to be created.
    milestones: Vec<Milestone>,
    /// Those to be added.
    rows: Vec<LineageEntry>,
    /// When each of its conversations was last taken up.
    conversations: BTreeMap<ClaudeSessionId, Timestamp>,
}

fn examine(
    here: &dyn Store,
    there: &MongoStore,
    project: &OutputProject,
) -> Result<Examined, StoreError> {
    let mut examined = Examined {
        outcome: ProjectImport {
            id: project.id,
            name: project.name.clone(),
            workspace_path: project.workspace_path.clone(),
            project: Fate::Created,
            session_id: SessionIdFate::None,
            milestones: Vec::new(),
            new_rows: 0,
            shared_variables: Vec::new(),
            failed: None,
        },
        milestones: Vec::new(),
        rows: Vec::new(),
        conversations: BTreeMap::new(),
    };
    let outcome = &mut examined.outcome;
    let team = match there.project_or_at(project.id, &project.workspace_path) {
        Ok(team) => team,
        Err(error) if matches!(error.fault, ServerFault::Unreadable { .. }) => {
            outcome.project = Fate::Skipped(Skipped::Unreadable(error.to_string()));
            return Ok(examined);
        }
        Err(error) => return Err(error.into()),
    };
    let team = match team {
        Some(other) if other.id != project.id => {
            outcome.project = Fate::Skipped(Skipped::FolderTaken {
                id: other.id,
                name: other.name,
            });
            return Ok(examined);
        }
        team => team,
    };
    match &team {
        Some(team) => outcome.project = Fate::AlreadyThere(project_differences(project, team)),
        None => outcome.shared_variables = project.launch.env.keys().cloned().collect(),
    }
    outcome.session_id = session_id_fate(project, team.as_ref());
    (outcome.milestones, examined.milestones) = milestones(here, there, project.id)?;
    let rows = lineage(here, project)?;
    for row in &rows {
        let last = examined.conversations.entry(row.session_id.clone());
        let last = last.or_insert(row.at);
        *last = row.at.max(*last);
    }
    let known: HashMap<_, _> = match team {
        Some(_) => there.lineage(project.id)?,
        None => Vec::new(),
    }
    .iter()
    .map(|row| (row_name(row), row.message_sent))
    .collect();
    // A row that is there may still have to learn that a message was sent.
    let is_known = |row: &LineageEntry| {
        let sent = known.get(&row_name(row));
        sent.is_some_and(|sent| *sent || !row.message_sent)
    };
    examined.rows = rows.into_iter().filter(|row| !is_known(row)).collect();
    outcome.new_rows = examined.rows.len();
    Ok(examined)
}

/// What names a row of a project's lineage.
fn row_name(row: &LineageEntry) -> (ClaudeSessionId, SessionSource, i64) {
    (row.session_id.clone(), row.source, row.at.as_microsecond())
}

/// A project's history here; a current id without a row gets one.
fn lineage(here: &dyn Store, project: &OutputProject) -> Result<Vec<LineageEntry>, StoreError> {
    let mut rows = here.lineage(project.id)?;
    if let Some(id) = project.claude_session_id.id()
        && !rows.iter().any(|row| row.session_id == *id)
    {
        let source = SessionSource::Import;
        let at = project.updated_at;
        rows.push(LineageEntry::becoming_current(
            project.id, id, source, None, at,
        ));
    }
    Ok(rows)
}

fn session_id_fate(here: &OutputProject, there: Option<&OutputProject>) -> SessionIdFate {
    let ours = match &here.claude_session_id {
        CurrentSessionId::Unset => return SessionIdFate::None,
        CurrentSessionId::Invalid(text) => return SessionIdFate::NotAnId(text.clone()),
        CurrentSessionId::Set(id) => id.clone(),
    };
    let theirs = there.map(|there| &there.claude_session_id);
    match theirs.and_then(CurrentSessionId::as_stored) {
        None => SessionIdFate::Set(ours),
        Some(theirs) if theirs == ours.as_str() => SessionIdFate::AlreadyThere(ours),
        Some(theirs) => SessionIdFate::Differs {
            here: ours,
            there: theirs.to_owned(),
        },
    }
}

fn project_differences(here: &OutputProject, there: &OutputProject) -> Vec<Difference> {
    let mut differences = Differences::default();
    differences.of("name", &here.name, &there.name);
    differences.of(
        "workspace_path",
        &here.workspace_path,
        &there.workspace_path,
    );
    differences.of("status", here.status.as_str(), there.status.as_str());
    if here.launch != there.launch {
        // Its variables may hold secrets: that it differs is enough.
        differences.0.push(Difference {
            field: "launch_options",
            here: String::new(),
            there: String::new(),
        });
    }
    differences.0
}

/// What becomes of a project's milestones, and those to be created.
fn milestones(
    here: &dyn Store,
    there: &MongoStore,
    project: ProjectId,
) -> Result<(Vec<MilestoneImport>, Vec<Milestone>), StoreError> {
    let ours = here.milestones(project)?;
    let ids: Vec<_> = ours.iter().map(|milestone| milestone.id).collect();
    let theirs: HashMap<_, _> = there.milestones_among(&ids)?.into_iter().collect();
    let mut new = Vec::new();
    let mut fates = Vec::new();
    for milestone in ours {
        let fate = match theirs.get(&milestone.id) {
            None => Fate::Created,
            Some(Err(error)) => Fate::Skipped(Skipped::Unreadable(error.to_string())),
            Some(Ok(theirs)) if theirs.project != project => {
                Fate::Skipped(Skipped::OtherProject(theirs.project))
            }
            Some(Ok(theirs)) => Fate::AlreadyThere(milestone_differences(&milestone, theirs)),
        };
        fates.push(MilestoneImport {
            id: milestone.id,
            element_name: milestone.element_name.clone(),
            fate: fate.clone(),
        });
        if fate == Fate::Created {
            new.push(milestone);
        }
    }
    Ok((fates, new))
}

fn milestone_differences(here: &Milestone, there: &Milestone) -> Vec<Difference> {
    let mut differences = Differences::default();
    differences.of("element_name", &here.element_name, &there.element_name);
    differences.of("status", here.status.as_str(), there.status.as_str());
    differences.of(
        "milestone_folder_name",
        here.milestone_folder_name.as_deref().unwrap_or_default(),
        there.milestone_folder_name.as_deref().unwrap_or_default(),
    );
    differences.0
}

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn of(&mut self, field: &'static str, here: &str, there: &str) {
        if here != there {
            self.0.push(Difference {
                field,
                here: here.to_owned(),
                there: there.to_owned(),
            });
        }
    }
}

/// Brings one project over, as far as it goes.
fn bring(
    here: &dyn Store,
    there: &MongoStore,
    machine: &Machine,
    at: Timestamp,
    project: &OutputProject,
) -> ProjectImport {
    match examine(here, there, project) {
        Ok(mut examined) => {
            if let Err(error) = carry_out(there, machine, at, project, &mut examined) {
                examined.outcome.failed = Some(error.to_string());
            }
            examined.outcome
        }
        Err(error) => ProjectImport {
            id: project.id,
            name: project.name.clone(),
            workspace_path: project.workspace_path.clone(),
            project: Fate::Skipped(Skipped::NotSeen),
            session_id: SessionIdFate::None,
            milestones: Vec::new(),
            new_rows: 0,
            shared_variables: Vec::new(),
            failed: Some(error.to_string()),
        },
    }
}

/// The project without its session id first, so that what comes after has something to belong
/// to; the id last, its lineage before it. What changes meanwhile on the other side is noted in
/// the outcome.
fn carry_out(
    there: &MongoStore,
    machine: &Machine,
    at: Timestamp,
    project: &OutputProject,
    examined: &mut Examined,
) -> Result<(), StoreError> {
    let outcome = &mut examined.outcome;
    match outcome.project {
        Fate::Skipped(_) => return Ok(()),
        Fate::AlreadyThere(_) => {}
        Fate::Created => {
            if let CreateOutcome::AlreadyThere(other) = there.adopt_project(project)? {
                if other.id != project.id {
                    // Somebody has just created it: nothing of ours goes there.
                    let (id, name) = (other.id, other.name);
                    outcome.project = Fate::Skipped(Skipped::FolderTaken { id, name });
                    outcome.session_id = SessionIdFate::None;
                    outcome.milestones.clear();
                    outcome.new_rows = 0;
                    return Ok(());
                }
                outcome.project = Fate::AlreadyThere(project_differences(project, &other));
            }
        }
    }
    for milestone in &examined.milestones {
        if !there.adopt_milestone(milestone)?
            && let Some(it) = outcome
                .milestones
                .iter_mut()
                .find(|it| it.id == milestone.id)
        {
            it.fate = Fate::AlreadyThere(Vec::new());
        }
    }
    for row in &examined.rows {
        there.append_lineage(row)?;
    }
    for (id, last) in &examined.conversations {
        there.note_transcript(project.id, id, machine, *last)?;
    }
    if let SessionIdFate::Set(id) = &outcome.session_id {
        match there.adopt_session_id(project.id, id, at)? {
            SaveOutcome::Saved | SaveOutcome::NoSuchProject => {}
            SaveOutcome::AlreadySet(theirs) => {
                let mut theirs_now = project.clone();
                theirs_now.claude_session_id = theirs;
                outcome.session_id = session_id_fate(project, Some(&theirs_now));
            }
        }
    }
    Ok(())
}
