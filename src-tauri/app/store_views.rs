//! The store in plain data, for the window.

use reprise_core::store::{
    DatabaseKind, Diagnosis, LoginAs, NoConnectionString, Password, ServerError, Step,
    TeamConnection,
};

use crate::dto::{self, ConnectionDraft, ConnectionParts, StoreTest, TestStep};
use crate::error::server_error;

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
    if let Some(password) = draft.password {
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
