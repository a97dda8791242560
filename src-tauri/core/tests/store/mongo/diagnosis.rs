//! The test of a connection: each step says what it found, the first that fails why, and
//! nothing is left behind.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use reprise_core::store::{
    DatabaseKind, Diagnosis, HostFound, MongoStore, ServerFault, Step, Store, TryWith, diagnose,
};

use super::access::{Certificates, ENCODED, as_user, tells_no_password, with_users};
use super::proxy::Proxy;
use crate::contract::{new_project, time};
use crate::mongod::{self, Kind, Server, SharedDatabase};

/// Tests a connection, in the time that a person waits, and tells no password.
fn test(uri: &str) -> Diagnosis {
    let from = Instant::now();
    let found = diagnose(uri);
    let took = from.elapsed();
    assert!(took < Duration::from_secs(7), "{took:?} {found:?}");
    tells_no_password(&format!("{found:?}"));
    if let Some(error) = found.failure() {
        // Some show what a connection string looks like.
        tells_no_password(&error.to_string().replace("mongodb://", ""));
    }
    found
}

/// How many steps went well, and why the next did not.
fn outcome(found: &Diagnosis) -> (usize, Option<ServerFault>) {
    let steps = [
        matches!(found.host, Step::Passed(_)),
        matches!(found.secure, Step::Passed(_)),
        matches!(found.login, Step::Passed(())),
        matches!(found.rights, Step::Passed(_)),
        matches!(found.contents, Step::Passed(_)),
    ];
    let passed = steps.iter().take_while(|passed| **passed).count();
    (passed, found.failure().map(|error| error.fault.clone()))
}

fn collections(uri: &str) -> Vec<String> {
    mongod::run_on(uri, async |database| {
        database.list_collection_names().await.unwrap()
    })
}

#[test]
fn an_empty_database_can_be_used_and_is_as_empty_afterwards() {
    for kind in [Kind::ReplicaSet, Kind::Standalone] {
        let database = SharedDatabase::new(kind);
        let found = test(&database.uri());
        assert_eq!(outcome(&found), (5, None), "{found:?}");
        assert!(found.is_usable());
        let one = HostFound {
            named: 1,
            reached: 1,
        };
        assert_eq!(found.host, Step::Passed(one));
        let Step::Passed(talk) = &found.secure else {
            panic!("{found:?}");
        };
        assert!(!talk.tls && talk.round_trip > Duration::ZERO);
        let set = (kind == Kind::ReplicaSet).then_some("rs0");
        assert_eq!(talk.replica_set.as_deref(), set);
        let Step::Passed(contents) = &found.contents else {
            panic!("{found:?}");
        };
        assert_eq!(contents.kind, DatabaseKind::Empty);
        assert_eq!(contents.version, "6.0.5");
        assert_eq!(found.login_as, None);
        assert_eq!(collections(&database.uri()), [""; 0]);
    }
}

#[test]
fn wxcodes_database_is_told_from_another_programs() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let uri = database.uri();
    mongod::run_on(&uri, async |database| {
        for name in ["orders", "customers"] {
            let collection = database.collection::<Document>(name);
            collection.insert_one(doc! { "a": 1 }).await.unwrap();
        }
    });
    let kind = |found: Diagnosis| match found.contents {
        Step::Passed(contents) => contents.kind,
        other => panic!("{other:?}"),
    };
    let foreign = DatabaseKind::Foreign {
        collections: vec!["customers".into(), "orders".into()],
        count: 2,
    };
    assert_eq!(kind(test(&uri)), foreign);
    let wxcodes = mongod::run_on(&uri, async |database| {
        let projects = database.collection::<Document>("output_projects");
        let documents = [doc! { "name": "a" }, doc! { "name": "b" }];
        projects.insert_many(documents).await.unwrap();
        projects.find_one(doc! {}).await.unwrap()
    });
    let team = DatabaseKind::Team {
        projects: 2,
        milestones: 0,
    };
    assert_eq!(kind(test(&uri)), team);
    // Its documents are as they were, and there is no other collection.
    mongod::run_on(&uri, async |database| {
        let projects = database.collection::<Document>("output_projects");
        assert_eq!(projects.find_one(doc! {}).await.unwrap(), wxcodes);
        assert_eq!(projects.count_documents(doc! {}).await.unwrap(), 2);
    });
    assert_eq!(collections(&uri).len(), 3);
}

#[test]
fn who_is_not_let_in_or_may_not_write_is_told_which_step_it_is() {
    let server = with_users();
    let ana = test(&as_user(&server, &format!("ana:{ENCODED}")));
    assert_eq!(outcome(&ana), (5, None), "{ana:?}");
    let login = ana.login_as.clone().unwrap();
    assert_eq!((&*login.user, &*login.auth_source), ("ana", "admin"));
    assert_eq!(login.mechanism, "SCRAM");

    let wrong = test(&as_user(&server, "ana:wr0ng"));
    assert_eq!(outcome(&wrong), (2, Some(ServerFault::Authentication)));
    // The string says where the user is: there is nothing else to try.
    assert_eq!(wrong.try_with, None);

    let nobody = test(&server.uri("team"));
    assert_eq!(outcome(&nobody), (2, Some(ServerFault::Authentication)));

    let eva = test(&as_user(&server, &format!("eva:{ENCODED}")));
    assert_eq!(outcome(&eva), (3, Some(ServerFault::NotAllowed)), "{eva:?}");

    let rui = test(&as_user(&server, &format!("rui:{ENCODED}")));
    assert_eq!(outcome(&rui), (5, None), "{rui:?}");
    let Step::Passed(rights) = &rui.rights else {
        panic!("{rui:?}");
    };
    let why = rights.read_only.as_ref().unwrap();
    assert_eq!(why.fault, ServerFault::NotAllowed);
    tells_no_password(&why.to_string());
    assert!(!rui.is_usable());
}

#[test]
fn a_user_of_another_database_is_found_with_what_is_offered() {
    let server = with_users();
    // As the driver reads it, the user is looked for in the database that is named.
    let without = server
        .uri("team")
        .replace("//", &format!("//ana:{ENCODED}@"));
    let refused = test(&without);
    assert_eq!(outcome(&refused), (2, Some(ServerFault::Authentication)));
    assert_eq!(refused.login_as.unwrap().auth_source, "team");
    let offer = refused.try_with.unwrap();
    assert_eq!(offer, TryWith::AuthSource("admin".into()));
    assert!(test(&offer.add_to(&without)).is_usable());
}

#[test]
fn tls_is_its_own_step() {
    let certificates = Certificates::new();
    let server = certificates.server("server.pem");
    let with = |authority: &str| {
        let file = certificates.file(authority);
        let uri = server.uri("team");
        format!("{uri}tls=true&tlsCAFile={}", file.display())
    };
    let right = test(&with("ca.pem"));
    assert_eq!(outcome(&right), (5, None), "{right:?}");
    assert!(matches!(&right.secure, Step::Passed(talk) if talk.tls));
    for wrong in ["other-ca.pem", "missing.pem"] {
        let found = test(&with(wrong));
        assert_eq!(outcome(&found), (1, Some(ServerFault::Tls)), "{found:?}");
        assert_eq!(found.try_with, None);
    }
    let plain = test(&server.uri("team"));
    assert_eq!(outcome(&plain), (1, Some(ServerFault::Tls)), "{plain:?}");
    assert_eq!(plain.try_with, Some(TryWith::Tls));
    // The other way round: TLS, and the server speaks none.
    let open = SharedDatabase::new(Kind::Standalone);
    let secured = test(&format!("{}tls=true", open.uri()));
    let (passed, fault) = outcome(&secured);
    assert!(passed == 1 && fault.is_some(), "{secured:?}");
}

#[test]
fn nobody_there_is_told_in_the_first_step_and_a_silent_one_in_the_second() {
    let port = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let user = format!("ana:{ENCODED}");
    let refused = test(&format!("mongodb://{user}@127.0.0.1:{port}/team"));
    assert_eq!(outcome(&refused), (0, Some(ServerFault::Refused)));
    let impossible = "x".repeat(64);
    let unknown = test(&format!("mongodb://{user}@{impossible}.invalid/team"));
    assert_eq!(outcome(&unknown), (0, Some(ServerFault::HostUnknown)));
    let unknown = test("mongodb+srv://no-such-host.reprise.invalid/team");
    assert_eq!(outcome(&unknown), (0, Some(ServerFault::HostUnknown)));
    let none = test(&format!("mongodb://{user}@127.0.0.1:{port}"));
    assert_eq!(outcome(&none), (0, Some(ServerFault::NoDatabase)));
    let none = test("127.0.0.1/team");
    assert_eq!(outcome(&none), (0, Some(ServerFault::ConnectionString)));

    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let silent = silent.local_addr().map(|it| (silent, it.port())).unwrap();
    let found = test(&format!("mongodb://{user}@127.0.0.1:{}/team", silent.1));
    assert_eq!(outcome(&found), (1, Some(ServerFault::Unreachable)));

    // Of several servers one is enough.
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let two = database
        .uri()
        .replace("127.0.0.1", &format!("127.0.0.1:{port},127.0.0.1"));
    let found = test(&two);
    let one_of_two = HostFound {
        named: 2,
        reached: 1,
    };
    assert_eq!(found.host, Step::Passed(one_of_two));
    assert_eq!(outcome(&found), (5, None), "{found:?}");
}

#[test]
fn a_set_of_another_name_and_a_server_that_is_too_old_are_told() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let other = test(&database.uri().replace("rs0", "rs1"));
    assert_eq!(outcome(&other), (1, Some(ServerFault::ConnectionString)));
    let why = other.failure().unwrap().to_string();
    assert!(why.contains("rs1") && why.contains("rs0"), "{why}");

    let server = Server::start(Kind::Standalone);
    let proxy = Proxy::to(server.port());
    proxy.pretend_to_be_old();
    let old = test(&proxy.uri("team"));
    assert_eq!(outcome(&old), (2, Some(ServerFault::TooOld)), "{old:?}");
    assert!(old.contents.error().is_some());
    assert_eq!(old.login, Step::NotReached);
}

#[test]
fn a_set_without_a_primary_can_be_read_only() {
    let server = Server::start(Kind::ReplicaSet);
    let store = MongoStore::open(&server.uri("team")).unwrap();
    store.create_project(new_project("/w/a", time(0))).unwrap();
    server.admin(doc! { "replSetStepDown": 60, "secondaryCatchUpPeriodSecs": 0, "force": true });
    let found = test(&server.uri("team"));
    let Step::Passed(rights) = &found.rights else {
        panic!("{found:?}");
    };
    let why = rights.read_only.as_ref().unwrap();
    assert_eq!(why.fault, ServerFault::NoPrimary);
    assert!(!found.is_usable());
}
