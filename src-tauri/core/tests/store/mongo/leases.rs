//! Who has a project's session live.

use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use reprise_core::model::{ClaudeSessionId, Lease, Machine, ProjectId};
use reprise_core::store::{LeaseOutcome, LeaseRequest, MongoStore};

use super::proxy::{Loss, Proxy, Swallow};
use crate::mongod::{self, Kind, Server, SharedDatabase};

const LONG: Duration = Duration::from_secs(600);

pub fn machine(name: &str) -> Machine {
    Machine {
        id: format!("id of {name}"),
        host: format!("$host.{name}"),
        user: name.to_owned(),
    }
}

fn request(project: ProjectId, machine: &Machine, lasts: Duration) -> LeaseRequest<'_> {
    LeaseRequest {
        project,
        machine,
        pid: 7,
        session_id: None,
        lasts,
    }
}

/// The lease that this machine has got.
fn ours(outcome: LeaseOutcome) -> Lease {
    match outcome {
        LeaseOutcome::Ours(lease) => lease,
        other => panic!("{other:?}"),
    }
}

fn held(outcome: LeaseOutcome) -> Lease {
    match outcome {
        LeaseOutcome::Held(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// Waits until a lease is over, by the server's clock.
fn outlast(store: &MongoStore, project: ProjectId) -> Lease {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let lease = store.lease(project).unwrap().unwrap();
        if !lease.is_live() {
            return lease;
        }
        assert!(Instant::now() < until, "{lease:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_lease_is_had_renewed_seen_by_the_others_and_let_go_of() {
    for kind in [Kind::ReplicaSet, Kind::Standalone] {
        let database = SharedDatabase::new(kind);
        let store = MongoStore::open(&database.uri()).unwrap();
        let (ana, rui) = (machine("ana"), machine("rui"));
        let project = ProjectId::generate();
        assert_eq!(store.lease(project).unwrap(), None);

        let first = ours(
            store
                .take_lease(request(project, &ana, LONG), false)
                .unwrap(),
        );
        assert_eq!(first.holder, ana);
        assert_eq!((first.pid, first.session_id.clone()), (7, None));
        assert!(first.is_live() && first.left <= LONG);
        let seen = held(
            store
                .take_lease(request(project, &rui, LONG), false)
                .unwrap(),
        );
        assert_eq!(seen.holder, ana);
        held(store.renew_lease(request(project, &rui, LONG)).unwrap());
        assert!(!store.release_lease(project, &rui).unwrap());

        let session = ClaudeSessionId::generate();
        let with_session = LeaseRequest {
            session_id: Some(&session),
            ..request(project, &ana, LONG)
        };
        let renewed = ours(store.renew_lease(with_session).unwrap());
        assert_eq!(renewed.session_id, Some(session.clone()));
        assert_eq!(renewed.since, first.since);
        let again = ours(store.renew_lease(request(project, &ana, LONG)).unwrap());
        assert_eq!(again.session_id, Some(session));
        let all = store.leases().unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((&all[0].holder, all[0].since), (&ana, first.since));

        assert!(store.release_lease(project, &ana).unwrap());
        assert_eq!(store.lease(project).unwrap(), None);
        let gone = store.renew_lease(request(project, &ana, LONG)).unwrap();
        assert_eq!(gone, LeaseOutcome::Free);
        ours(
            store
                .take_lease(request(project, &rui, LONG), false)
                .unwrap(),
        );
    }
}

#[test]
fn a_lease_that_is_not_renewed_ends_and_stays_to_be_seen_until_another_takes_it() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let store = MongoStore::open(&database.uri()).unwrap();
    let (ana, rui) = (machine("ana"), machine("rui"));
    let project = ProjectId::generate();
    let short = Duration::from_millis(100);
    let first = ours(
        store
            .take_lease(request(project, &ana, short), false)
            .unwrap(),
    );
    let over = outlast(&store, project);
    assert_eq!((&over.holder, over.expires), (&ana, first.expires));

    // Whoever had it may go on, as long as nobody has taken it.
    let back = ours(store.renew_lease(request(project, &ana, short)).unwrap());
    assert_eq!(back.since, first.since);
    outlast(&store, project);
    let taken = ours(
        store
            .take_lease(request(project, &rui, LONG), false)
            .unwrap(),
    );
    assert!(taken.since > first.since);
    let lost = held(store.renew_lease(request(project, &ana, LONG)).unwrap());
    assert_eq!(lost.holder, rui);
}

#[test]
fn a_live_lease_is_taken_over_only_by_who_says_so() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let store = MongoStore::open(&database.uri()).unwrap();
    let (ana, rui) = (machine("ana"), machine("rui"));
    let project = ProjectId::generate();
    ours(
        store
            .take_lease(request(project, &ana, LONG), false)
            .unwrap(),
    );
    held(
        store
            .take_lease(request(project, &rui, LONG), false)
            .unwrap(),
    );
    ours(
        store
            .take_lease(request(project, &rui, LONG), true)
            .unwrap(),
    );
    let lost = held(store.renew_lease(request(project, &ana, LONG)).unwrap());
    assert_eq!(lost.holder, rui);
    assert!(!store.release_lease(project, &ana).unwrap());
}

#[test]
fn of_fifty_machines_that_take_it_at_once_one_has_it() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let stores: Vec<_> = (0..5)
        .map(|_| MongoStore::open(&database.uri()).unwrap())
        .collect();
    let machines: Vec<_> = (0..50).map(|n| machine(&n.to_string())).collect();
    for _ in 0..20 {
        let project = ProjectId::generate();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let takers: Vec<_> = machines
                .iter()
                .zip(stores.iter().cycle())
                .map(|(machine, store)| {
                    scope.spawn(move || store.take_lease(request(project, machine, LONG), false))
                })
                .collect();
            takers.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let holder = stores[0].lease(project).unwrap().unwrap().holder;
        let mut winners = 0;
        for outcome in outcomes {
            let seen = match outcome.unwrap() {
                LeaseOutcome::Ours(lease) => {
                    winners += 1;
                    lease
                }
                LeaseOutcome::Held(lease) => lease,
                LeaseOutcome::Free => panic!("nobody lets go"),
            };
            assert_eq!(seen.holder, holder);
        }
        assert_eq!(winners, 1);
    }
}

#[test]
fn an_answer_that_got_lost_does_not_lose_the_lease() {
    let server = Server::start(Kind::Standalone);
    let proxy = Proxy::to(server.port());
    let store = MongoStore::open(&proxy.uri("team")).unwrap();
    let ana = machine("ana");
    for loss in [Loss::Breaks, Loss::Silence] {
        let project = ProjectId::generate();
        proxy.swallow(Swallow {
            command: "update",
            collection: "reprise_leases",
            times: 1,
            loss,
        });
        ours(
            store
                .take_lease(request(project, &ana, LONG), false)
                .unwrap(),
        );
        assert_eq!(proxy.swallowed(), 1);
        proxy.heal();
        ours(store.renew_lease(request(project, &ana, LONG)).unwrap());
    }
}

#[test]
fn what_is_no_lease_is_left_out_and_what_is_odd_in_one_does_no_harm() {
    let database = SharedDatabase::new(Kind::Standalone);
    let store = MongoStore::open(&database.uri()).unwrap();
    let odd = ProjectId::generate();
    mongod::run_on(&database.uri(), async |database| {
        let leases = database.collection::<Document>("reprise_leases");
        let now = mongodb::bson::DateTime::now();
        let documents = [
            doc! { "_id": "no id" },
            doc! { "_id": ProjectId::generate().as_object_id(), "expires": "soon" },
            doc! { "_id": odd.as_object_id(), "machine": "m", "since": now, "expires": now,
            "pid": -1, "session_id": "--continue" },
        ];
        leases.insert_many(documents).await.unwrap();
    });
    // A lease whose end cannot be reckoned with hides no other.
    let all = store.leases().unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((all[0].project, all[0].pid), (odd, 0));
    assert_eq!(all[0].session_id, None);
}
