//! The store in plain data, for the window.

use std::collections::{BTreeMap, BTreeSet};

use reprise_core::model::{MilestoneId, ProjectId};
use reprise_core::store::{
    self, DatabaseKind, Diagnosis, LoginAs, NoConnectionString, Password, ServerError, Step, Store,
    StoreError, TeamConflict, TeamConnection, TeamLink, TeamStore,
};

use crate::dto::{
    self, ConflictWhat, ConnectionDraft, ConnectionParts, StoreConflict, StoreLink, StoreTest,
    StoreView, TestStep, WaitingChange, WaitingWhat,
};
use crate::error::server_error;
use crate::views::project_word;
use crate::work_views::milestone_word;

/// A connection string as the person typed or pasted it, taken apart. What is none stays as it
/// is: it may be half typed.
pub fn connection_parts(text: &str) -> ConnectionParts {
    match TeamConnection::parse(text) {
        Ok(connection) => ConnectionParts {
            connection: connection.without_password(),
            password: connection
                .password()
                .map(|password| password.reveal().to_owned()),
            database: connection.database(),
            valid: true,
            asks_for_password: connection.with_password(None).lacks_password(),
        },
        Err(NoConnectionString) => ConnectionParts {
            connection: text.to_owned(),
            password: None,
            database: String::new(),
            valid: false,
            asks_for_password: false,
        },
    }
}

/// The connection that the fields make, with its password where one was typed.
pub fn connection(draft: ConnectionDraft) -> Result<TeamConnection, NoConnectionString> {
    let mut connection = TeamConnection::parse(&draft.connection)?;
    let database = draft.database.trim();
    if !database.is_empty() && database != connection.database() {
        connection = connection.with_database(database);
    }
    if let Some(password) = draft.password
        && !connection.user().is_empty()
    {
        connection = connection.with_password(Some(Password::new(password)));
    }
    Ok(connection)
}

/// What a test found.
pub fn store_test(found: &Diagnosis) -> StoreTest {
    StoreTest {
        host: step(&found.host, |host| dto::HostFound {
            named: host.named,
            reached: host.reached,
        }),
        secure: step(&found.secure, |talk| dto::Talk {
            tls: talk.tls,
            round_trip_ms: talk.round_trip.as_millis().try_into().unwrap_or(u64::MAX),
            replica_set: talk.replica_set.clone(),
        }),
        login: step(&found.login, |()| dto::LoggedIn {
            mechanism: found.login_as.as_ref().map(|login| login.mechanism.clone()),
        }),
        rights: step(&found.rights, |rights| dto::Rights {
            read_only: rights.read_only.as_ref().map(server_error),
        }),
        contents: step(&found.contents, |contents| dto::Contents {
            version: contents.version.clone(),
            database: database_kind(&contents.kind),
        }),
        usable: found.is_usable(),
        login_as: found.login_as.as_ref().map(login_as),
        try_with: found.try_with.as_ref().map(|with| with.parameter()),
        details: details(found),
    }
}

/// How a team's store is, in plain data.
pub struct TeamSeen {
    link: StoreLink,
    as_of: Option<String>,
    waiting: Vec<WaitingChange>,
    conflicts: Vec<StoreConflict>,
}

impl TeamSeen {
    /// Puts it into the view of the store.
    pub fn put_into(self, view: &mut StoreView) {
        view.link = self.link;
        view.as_of = self.as_of;
        view.waiting = self.waiting;
        view.conflicts = self.conflicts;
    }
}

/// How a team's store is.
///
/// # Errors
/// [`StoreError`], of its file on this computer.
pub fn team(team: &TeamStore) -> Result<TeamSeen, StoreError> {
    let state = team.state()?;
    let waiting = team.waiting()?;
    let names = Names::of(team, &waiting, &state.conflicts);
    let link = match &state.link {
        TeamLink::Connecting => StoreLink::Connecting,
        TeamLink::Connected => StoreLink::Connected,
        TeamLink::Lost { since, why } => StoreLink::Lost {
            since: since.to_string(),
            why: server_error(why),
        },
        TeamLink::ReadOnly { why } => StoreLink::ReadOnly {
            why: server_error(why),
        },
        TeamLink::Refused { why } => StoreLink::Refused {
            why: server_error(why),
        },
    };
    Ok(TeamSeen {
        link,
        as_of: state.as_of.map(|at| at.to_string()),
        waiting: waiting.iter().map(|it| names.waiting(it)).collect(),
        conflicts: state
            .conflicts
            .iter()
            .map(|it| names.conflict(it))
            .collect(),
    })
}

/// Whether a conflict is the one that was shown, with both values.
pub fn is_shown_as(conflict: &TeamConflict, shown: &StoreConflict) -> bool {
    let nameless = |conflict: &StoreConflict| {
        let mut conflict = conflict.clone();
        if let ConflictWhat::MilestoneStatus { milestone, .. } = &mut conflict.what {
            *milestone = None;
        }
        conflict
    };
    nameless(&Names::default().conflict(conflict)) == nameless(shown)
}

/// What the milestones that changes are about are called.
#[derive(Default)]
struct Names(BTreeMap<MilestoneId, String>);

impl Names {
    fn of(team: &TeamStore, waiting: &[store::WaitingChange], conflicts: &[TeamConflict]) -> Self {
        let of_waiting = waiting.iter().filter_map(|it| match it.what {
            store::WaitingWhat::MilestoneStatus { .. } => Some(it.project),
            _ => None,
        });
        let of_conflicts = conflicts.iter().filter_map(|it| match it.what {
            store::ConflictWhat::MilestoneStatus { .. } => Some(it.project),
            store::ConflictWhat::SessionId { .. } | store::ConflictWhat::ProjectStatus { .. } => {
                None
            }
        });
        let projects: BTreeSet<ProjectId> = of_waiting.chain(of_conflicts).collect();
        let milestones = projects.into_iter().filter_map(|project| {
            // Without a name its id is shown.
            team.milestones(project).ok()
        });
        let named = milestones
            .flatten()
            .map(|milestone| (milestone.id, milestone.element_name));
        Self(named.collect())
    }

    fn waiting(&self, change: &store::WaitingChange) -> WaitingChange {
        WaitingChange {
            project_id: change.project.to_string(),
            what: match &change.what {
                store::WaitingWhat::SessionId { new, .. } => WaitingWhat::SessionId {
                    new: new.as_stored().map(str::to_owned),
                },
                store::WaitingWhat::MilestoneStatus { milestone, new } => {
                    WaitingWhat::MilestoneStatus {
                        milestone_id: milestone.to_string(),
                        milestone: self.0.get(milestone).cloned(),
                        new: milestone_word(*new),
                    }
                }
                store::WaitingWhat::ProjectStatus(_) => WaitingWhat::ProjectStatus,
                store::WaitingWhat::History => WaitingWhat::History,
            },
            since: change.since.to_string(),
        }
    }

    fn conflict(&self, conflict: &TeamConflict) -> StoreConflict {
        StoreConflict {
            project_id: conflict.project.to_string(),
            what: match &conflict.what {
                store::ConflictWhat::SessionId { ours, theirs } => ConflictWhat::SessionId {
                    ours: ours.to_string(),
                    theirs: theirs.as_stored().map(str::to_owned),
                },
                store::ConflictWhat::MilestoneStatus {
                    milestone,
                    ours,
                    theirs,
                } => ConflictWhat::MilestoneStatus {
                    milestone_id: milestone.to_string(),
                    milestone: self.0.get(milestone).cloned(),
                    ours: milestone_word(*ours),
                    theirs: milestone_word(*theirs),
                },
                store::ConflictWhat::ProjectStatus { ours, theirs } => {
                    ConflictWhat::ProjectStatus {
                        ours: project_word(*ours),
                        theirs: project_word(*theirs),
                    }
                }
            },
            since: conflict.since.to_string(),
        }
    }
}

fn step<T, V>(step: &Step<T>, found: impl FnOnce(&T) -> V) -> TestStep<V> {
    match step {
        Step::Passed(passed) => TestStep::Passed {
            found: found(passed),
        },
        Step::Failed(error) => TestStep::Failed {
            why: server_error(error),
        },
        Step::NotReached => TestStep::NotReached,
    }
}

fn login_as(login: &LoginAs) -> dto::LoginAs {
    dto::LoginAs {
        user: login.user.clone(),
        auth_source: login.auth_source.clone(),
        mechanism: login.mechanism.clone(),
    }
}

fn database_kind(kind: &DatabaseKind) -> dto::DatabaseKind {
    match kind {
        DatabaseKind::Team {
            projects,
            milestones,
        } => dto::DatabaseKind::Team {
            projects: *projects,
            milestones: *milestones,
        },
        DatabaseKind::Empty => dto::DatabaseKind::Empty,
        DatabaseKind::Foreign { collections, count } => dto::DatabaseKind::Foreign {
            collections: collections.clone(),
            count: *count,
        },
    }
}

/// For whoever looks after the server: what was tried, and where it ended.
fn details(found: &Diagnosis) -> String {
    fn line<T>(name: &str, step: &Step<T>, passed: impl FnOnce(&T) -> String) -> String {
        let said = match step {
            Step::Passed(found) => passed(found),
            Step::Failed(error) => format!("failed: {error}"),
            Step::NotReached => "not reached".to_owned(),
        };
        format!("{name}: {said}\n")
    }
    let mut text = format!(
        "Reprise {} tested {}/{}\n",
        env!("CARGO_PKG_VERSION"),
        found.server,
        found.database
    );
    if let Some(login) = &found.login_as {
        text += &format!(
            "user: {} (authSource {}, {})\n",
            login.user, login.auth_source, login.mechanism
        );
    }
    text += &line("host", &found.host, |host| {
        format!("{} of {} reached", host.reached, host.named)
    });
    text += &line("secure", &found.secure, |talk| {
        let tls = if talk.tls { "TLS" } else { "no TLS" };
        format!("{tls}, {} ms", talk.round_trip.as_millis())
    });
    text += &line("login", &found.login, |()| "passed".to_owned());
    text += &line("rights", &found.rights, |rights| {
        let said = |why: &ServerError| format!("read only: {why}");
        rights.read_only.as_ref().map_or("passed".to_owned(), said)
    });
    text += &line("database", &found.contents, |contents| {
        format!("MongoDB {}, {:?}", contents.version, contents.kind)
    });
    if let Some(with) = &found.try_with {
        text += &format!("worth a try: {}\n", with.parameter());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(connection: &str, password: Option<&str>, database: &str) -> ConnectionDraft {
        ConnectionDraft {
            connection: connection.into(),
            password: password.map(str::to_owned),
            database: database.into(),
        }
    }

    #[test]
    fn a_pasted_password_moves_into_its_field_and_the_fields_make_the_connection_again() {
        let parts = connection_parts("mongodb://ana:p%40ss@h:1/team?tls=true");
        assert_eq!(parts.connection, "mongodb://ana@h:1/team?tls=true");
        assert_eq!(parts.password.as_deref(), Some("p@ss"));
        assert_eq!(parts.database, "team");
        assert!(parts.valid && parts.asks_for_password);
        let made = connection(draft(&parts.connection, Some("p@ss"), "other")).unwrap();
        assert_eq!(made.reveal(), "mongodb://ana:p%40ss@h:1/other?tls=true");
        let half = connection_parts("mongod");
        assert_eq!((half.connection.as_str(), half.valid), ("mongod", false));
    }

    #[test]
    fn the_database_of_the_field_is_put_where_it_belongs() {
        for (connection_string, made) in [
            ("mongodb://h", "mongodb://h/team"),
            ("mongodb://h/", "mongodb://h/team"),
            ("mongodb://h/x?tls=true", "mongodb://h/team?tls=true"),
            ("mongodb://h?tls=true", "mongodb://h/team?tls=true"),
        ] {
            let connection = connection(draft(connection_string, None, "team")).unwrap();
            assert_eq!(connection.reveal(), made);
        }
    }
}
