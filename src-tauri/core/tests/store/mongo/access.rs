//! Who may connect, and what is said to those who may not. No password is in any of it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reprise_core::store::{MongoStore, ServerError, ServerFault, Store, StoreError};

use super::proxy::Proxy;
use crate::contract::{new_project, time};
use crate::mongod::{self, Kind, Server};

pub const PASSWORD: &str = "p@ss/w:rd?é";
pub const ENCODED: &str = "p%40ss%2Fw%3Ard%3F%C3%A9";

/// Opens a store that cannot be opened, and says why; what is said takes no longer than a
/// person waits, and tells no password.
fn refused(uri: &str) -> ServerError {
    let from = Instant::now();
    let error = match MongoStore::open(uri) {
        Ok(_) => panic!("{uri} was opened"),
        Err(error) => error,
    };
    assert!(
        from.elapsed() < Duration::from_secs(8),
        "{:?}",
        from.elapsed()
    );
    tells_no_password(&format!("{error} {error:?}"));
    error
}

pub fn tells_no_password(said: &str) {
    for secret in [PASSWORD, ENCODED, "wr0ng", "mongodb://"] {
        assert!(!said.contains(secret), "{said}");
    }
}

fn fault(error: StoreError) -> ServerFault {
    tells_no_password(&format!("{error} {error:?}"));
    match error {
        StoreError::Server(error) => error.fault,
        other => panic!("{other:?}"),
    }
}

/// A server that knows the users `ana` (who may do everything in `team`), `rui` (who may read
/// there) and `eva` (who may nothing there).
pub fn with_users() -> Server {
    let server = Server::unconfigured(Kind::Standalone, &["--auth"]);
    let role = |role: &str, db: &str| doc! { "role": role, "db": db };
    let user = |name: &str, roles: Vec<Document>| doc! { "createUser": name, "pwd": PASSWORD, "roles": roles };
    // The first may be made by anybody on the same machine.
    server.admin(user("root", vec![role("root", "admin")]));
    let uri = server
        .uri("admin")
        .replace("//", &format!("//root:{ENCODED}@"));
    mongod::run(&uri, async |client| {
        let admin = client.database("admin");
        for user in [
            user("ana", vec![role("readWrite", "team")]),
            user("rui", vec![role("read", "team")]),
            user("eva", vec![role("readWrite", "elsewhere")]),
        ] {
            admin.run_command(user).await.unwrap();
        }
    });
    server
}

pub fn as_user(server: &Server, user: &str) -> String {
    let uri = server.uri("team").replace("//", &format!("//{user}@"));
    format!("{uri}authSource=admin")
}

#[test]
fn who_may_what_is_told_in_words_without_the_password() {
    let server = with_users();
    let ana = MongoStore::open(&as_user(&server, &format!("ana:{ENCODED}"))).unwrap();
    tells_no_password(&format!("{ana:?}"));
    let project = ana.create_project(new_project("/w/a", time(0))).unwrap();
    let project = project.into_project();

    let wrong = refused(&as_user(&server, "ana:wr0ng"));
    assert_eq!(wrong.fault, ServerFault::Authentication);
    assert!(
        wrong.to_string().contains("user name and password"),
        "{wrong}"
    );
    let unknown = refused(&as_user(&server, &format!("ze:{ENCODED}")));
    assert_eq!(unknown.fault, ServerFault::Authentication);
    let nobody = refused(&server.uri("team"));
    assert_eq!(nobody.fault, ServerFault::Authentication);

    let none = refused(&as_user(&server, &format!("eva:{ENCODED}")));
    assert_eq!(none.fault, ServerFault::NotAllowed);
    assert!(none.to_string().contains("readWrite"), "{none}");

    // Who may only read can read; the indexes are another's to make.
    let rui = MongoStore::open(&as_user(&server, &format!("rui:{ENCODED}"))).unwrap();
    assert_eq!(rui.projects().unwrap(), std::slice::from_ref(&project));
    let renamed = rui.rename_project(project.id, "x", time(1));
    assert_eq!(fault(renamed.unwrap_err()), ServerFault::NotAllowed);
    assert_eq!(rui.projects().unwrap(), [project]);
}

/// Certificates of an authority of our own, and of another that looks the same.
pub struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        let authority = || {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let ours = authority();
        write("ca.pem", ours.pem());
        write("other-ca.pem", authority().pem());
        for (file, name) in [("server.pem", "127.0.0.1"), ("elsewhere.pem", "db.example")] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new([name.to_owned()]).unwrap();
            let certificate = params.signed_by(&key, &ours).unwrap();
            write(file, certificate.pem() + &key.serialize_pem());
        }
        Self { folder }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn server(&self, certificate: &str) -> Server {
        let [certificate, authority] =
            [certificate, "ca.pem"].map(|name| self.file(name).to_str().unwrap().to_owned());
        let options = [
            "--tlsMode",
            "requireTLS",
            "--tlsAllowConnectionsWithoutCertificates",
            "--tlsCertificateKeyFile",
            &certificate,
            "--tlsCAFile",
            &authority,
        ];
        Server::unconfigured(Kind::Standalone, &options)
    }
}

#[test]
fn a_secure_connection_needs_the_right_authority_and_the_servers_name() {
    let certificates = Certificates::new();
    let server = certificates.server("server.pem");
    let with = |server: &Server, authority: &str| {
        let file = certificates.file(authority);
        format!(
            "{}tls=true&tlsCAFile={}",
            server.uri("team"),
            file.display()
        )
    };
    let store = MongoStore::open(&with(&server, "ca.pem")).unwrap();
    store.create_project(new_project("/w/a", time(0))).unwrap();

    let wrong = refused(&with(&server, "other-ca.pem"));
    assert_eq!(wrong.fault, ServerFault::Tls, "{wrong}");
    assert!(
        wrong.to_string().contains("certificate authority"),
        "{wrong}"
    );
    let unknown = refused(&format!("{}tls=true", server.uri("team")));
    assert_eq!(unknown.fault, ServerFault::Tls, "{unknown}");
    let missing = refused(&with(&server, "missing.pem"));
    assert_eq!(missing.fault, ServerFault::Tls, "{missing}");
    let without = refused(&server.uri("team"));
    assert_eq!(without.fault, ServerFault::Unreachable, "{without}");
    assert!(without.to_string().contains("tls=true"), "{without}");

    let elsewhere = certificates.server("elsewhere.pem");
    let other_name = refused(&with(&elsewhere, "ca.pem"));
    assert_eq!(other_name.fault, ServerFault::Tls, "{other_name}");
}

#[test]
fn a_server_that_is_not_there_is_told_from_one_that_is_not_known() {
    let port = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let user = format!("ana:{ENCODED}");
    let refused_there = refused(&format!("mongodb://{user}@127.0.0.1:{port}/team"));
    assert_eq!(refused_there.fault, ServerFault::Refused, "{refused_there}");
    assert_eq!(refused_there.server, format!("127.0.0.1:{port}"));
    // A name that nobody can have: no name server is asked for it.
    let impossible = "x".repeat(64);
    let unknown = refused(&format!("mongodb://{user}@{impossible}.invalid/team"));
    assert_eq!(unknown.fault, ServerFault::HostUnknown, "{unknown}");
    assert!(unknown.to_string().contains(&impossible), "{unknown}");
    // For this one some may be asked; where none answers, the host is not known either.
    let unknown = refused(&format!(
        "mongodb+srv://{user}@no-such-host.reprise.invalid/team"
    ));
    assert_eq!(unknown.fault, ServerFault::HostUnknown, "{unknown}");
    assert_eq!(unknown.server, "no-such-host.reprise.invalid");
    // A host that takes connections and says nothing.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let silent_there = refused(&format!("mongodb://{user}@127.0.0.1:{port}/team"));
    assert_eq!(
        silent_there.fault,
        ServerFault::Unreachable,
        "{silent_there}"
    );
    // A set that has another name.
    let server = Server::start(Kind::ReplicaSet);
    let uri = server.uri("team").replace("rs0", "rs1");
    let other_set = refused(&uri);
    assert!(other_set.to_string().contains("127.0.0.1"), "{other_set}");
}

#[test]
fn a_server_that_is_too_old_is_told_with_what_is_needed() {
    let server = Server::start(Kind::Standalone);
    let proxy = Proxy::to(server.port());
    proxy.pretend_to_be_old();
    let error = refused(&proxy.uri("team"));
    assert_eq!(error.fault, ServerFault::TooOld, "{error}");
    assert!(error.to_string().contains("4.2"), "{error}");
}
