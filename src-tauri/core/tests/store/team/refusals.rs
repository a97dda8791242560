//! A server that lets us in or not, and the file of this machine, in which no password is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use reprise_core::model::{ClaudeSessionId, CurrentSessionId, SessionSource};
use reprise_core::store::{
    ConnectionString, Following, MongoStore, ReplaceOutcome, ServerFault, Store, StoreError,
    TeamLink, TeamStore,
};

use super::following::{live, until};
use super::{machine_in, open};
use crate::contract::{new_project, time};
use crate::mongo::access::{ENCODED, PASSWORD, as_user, tells_no_password, with_users};
use crate::mongod::{Kind, SharedDatabase};

#[test]
fn what_a_user_may_not_do_is_told_and_waits_where_it_can() {
    let server = with_users();
    let ana = MongoStore::open(&as_user(&server, &format!("ana:{ENCODED}"))).unwrap();
    let project = ana.create_project(new_project("/w/a", time(0))).unwrap();
    let project = project.into_project().id;
    let machine = tempfile::tempdir().unwrap();

    let wrong = open(
        &as_user(&server, "ana:wr0ng"),
        machine.path(),
        Following::Yes,
    );
    until(
        "it is refused",
        Duration::from_secs(5),
        || matches!(wrong.link(), TeamLink::Refused { why } if why.fault == ServerFault::Authentication),
    );
    tells_no_password(&format!("{wrong:?} {:?}", wrong.state().unwrap()));
    drop(wrong);

    let rui = as_user(&server, &format!("rui:{ENCODED}"));
    let store = open(&rui, machine.path(), Following::Yes);
    live(&store);
    assert_eq!(store.link(), TeamLink::Connected);
    assert_eq!(store.projects().unwrap().len(), 1);
    let error = store.rename_project(project, "x", time(1)).unwrap_err();
    assert!(matches!(error, StoreError::Server(_)), "{error:?}");
    let new = ClaudeSessionId::generate();
    let unset = CurrentSessionId::Unset;
    let replaced = store.replace_session_id(project, &unset, &new, SessionSource::Startup, time(2));
    assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
    let state = store.state().unwrap();
    let TeamLink::ReadOnly { why } = &state.link else {
        panic!("{state:?}");
    };
    assert_eq!(why.fault, ServerFault::NotAllowed);
    assert_eq!((state.waiting, state.user.as_deref()), (1, Some("rui")));
    tells_no_password(&format!("{store:?} {state:?}"));
    drop(store);

    // With the right to write it is applied.
    let ana = as_user(&server, &format!("ana:{ENCODED}"));
    let store = open(&ana, machine.path(), Following::Yes);
    until("it is applied", Duration::from_secs(10), || {
        store.state().unwrap().waiting == 0
    });
    let stored = store.project(project).unwrap().unwrap();
    assert_eq!(stored.claude_session_id, CurrentSessionId::Set(new));

    for entry in fs::read_dir(machine.path().join("teams")).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
        let content = fs::read(&path).unwrap();
        for secret in [PASSWORD, ENCODED, "wr0ng"] {
            let found = content
                .windows(secret.len())
                .any(|bytes| bytes == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

#[test]
fn a_damaged_file_is_set_aside_and_the_server_is_what_there_is() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let machine = tempfile::tempdir().unwrap();
    let store = open(&database.uri(), machine.path(), Following::No);
    store.create_project(new_project("/w/a", time(0))).unwrap();
    drop(store);
    let file = fs::read_dir(machine.path().join("teams"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|it| it == "sqlite3"))
        .unwrap();
    fs::write(&file, "no database at all, and long enough to be looked at").unwrap();
    let string = ConnectionString::parse(&database.uri()).unwrap();
    let opened = TeamStore::open(
        &string,
        machine.path(),
        machine_in(machine.path()),
        Following::No,
        time(1),
    )
    .unwrap();
    let set_aside = opened.set_aside.unwrap();
    assert!(set_aside.moved_to.exists());
    assert_eq!(opened.store.projects().unwrap().len(), 1);
}
