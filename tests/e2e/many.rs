//! Ten thousand projects with a hundred thousand milestones. What the window does with them is
//! compared with what it does with a few, in the same run: how long a machine takes is its own
//! matter.

use std::path::Path;

use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use reprise_core::store::SqliteStore;
use rusqlite::params;
use serde_json::{Value, json};

use crate::mongod::{self, Kind, SharedDatabase};
use crate::window::{App, QUICK, SLOW, World, wait_for};

const FEW: usize = 20;
const MANY: usize = 10_000;
const MILESTONES: usize = 100_000;
/// The milestones of the first project; the others share the rest.
const OF_THE_FIRST: usize = 3_000;

fn id(kind: u8, number: usize) -> String {
    format!("{:08x}{kind:02x}{number:014x}", 1_700_000_000)
}

fn name(number: usize) -> String {
    let words = ["ledger", "billing", "store", "invoice", "audit"];
    format!("{}-{number:05}", words[number % words.len()])
}

fn created(number: usize) -> i64 {
    1_700_000_000_000 + 60_000 * i64::try_from(number).unwrap()
}

fn owner(milestone: usize) -> usize {
    if milestone < OF_THE_FIRST {
        0
    } else {
        milestone * 7_919 % MANY
    }
}

const STATUSES: [&str; 4] = ["completed", "pending", "completed", "failed"];

fn into_file(world: &World, projects: std::ops::Range<usize>, milestones: usize) {
    let path = world.database();
    drop(SqliteStore::open(&path, jiff::Timestamp::now()).unwrap());
    let mut sql = rusqlite::Connection::open(path).unwrap();
    let sql = sql.transaction().unwrap();
    for number in projects {
        sql.execute(
            "INSERT INTO output_projects VALUES (?1, ?2, ?3, 'created', NULL, '{}', ?4, ?4)",
            params![
                id(1, number),
                name(number),
                format!("/nowhere/{}", name(number)),
                created(number) * 1000
            ],
        )
        .unwrap();
    }
    for number in 0..milestones {
        sql.execute(
            "INSERT INTO milestones VALUES (?1, ?2, ?3, ?4, NULL, NULL, ?5, ?5, NULL)",
            params![
                id(2, number),
                id(1, owner(number)),
                format!("Milestone {number}"),
                STATUSES[number % 4],
                created(number) * 1000
            ],
        )
        .unwrap();
    }
    sql.commit().unwrap();
}

fn into_server(uri: &str, projects: std::ops::Range<usize>, milestones: usize) {
    let object = |kind, number| ObjectId::parse_str(id(kind, number)).unwrap();
    let projects: Vec<Document> = projects
        .map(|number| {
            let at = DateTime::from_millis(created(number));
            doc! {
                "_id": object(1, number), "name": name(number), "status": "created",
                "workspace_path": format!("/nowhere/{}", name(number)),
                "connections": [], "created_at": at, "updated_at": at,
            }
        })
        .collect();
    let milestones: Vec<Document> = (0..milestones)
        .map(|number| {
            let at = DateTime::from_millis(created(number));
            doc! {
                "_id": object(2, number), "output_project_id": object(1, owner(number)),
                "element_name": format!("Milestone {number}"), "status": STATUSES[number % 4],
                "created_at": at, "updated_at": at,
            }
        })
        .collect();
    mongod::run_on(uri, async |database| {
        for (collection, documents) in [("output_projects", projects), ("milestones", milestones)] {
            for some in documents.chunks(20_000) {
                let collection = database.collection::<Document>(collection);
                collection.insert_many(some).await.unwrap();
            }
        }
    });
}

/// What the window did, in milliseconds where it is time.
#[derive(Debug)]
struct Measured {
    /// From the page's start until the list stood in it.
    listed: f64,
    /// Elements in the page.
    elements: f64,
    /// The median and the longest of 60 frames while the list is scrolled.
    frames: (f64, f64),
    /// The median time from a letter in the palette to the frame that shows what it finds.
    letter: f64,
}

/// Runs an asynchronous function body in the page and waits for what it returns.
fn run_in(app: &App<'_>, body: &str) -> Value {
    let script = format!(
        "window.__done = null; (async () => {{ {body} }})().then((it) => (window.__done = it));"
    );
    app.web().execute(&script, &[]).unwrap();
    wait_for("the page's script", SLOW, || {
        match app.web().execute("return window.__done", &[])? {
            Value::Null => Err("it runs".to_owned()),
            done => Ok(done),
        }
    })
}

const FRAME: &str = "const frame = () => new Promise((next) => \
     requestAnimationFrame(() => setTimeout(next, 0)));\
     const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];";

fn measure(app: &App<'_>, wanted: &str) -> Measured {
    let number = |value: &Value| value.as_f64().unwrap();
    let scroll = format!(
        "{FRAME} const list = document.querySelector('nav [role=listbox]'); const took = [];\
         for (let at = 0; at < 60; at += 1) {{ const from = performance.now(); \
         list.scrollTop = at * 470; await frame(); took.push(performance.now() - from); }}\
         list.scrollTop = 0; await frame(); return [median(took), Math.max(...took)];"
    );
    let frames = run_in(app, &scroll);
    let elements = app
        .web()
        .execute("return document.querySelectorAll('*').length", &[])
        .unwrap();
    let listed = app
        .web()
        .execute(
            "const at = (name) => performance.getEntriesByName(name)[0].startTime;\
             return at('listed') - at('start')",
            &[],
        )
        .unwrap();
    app.key("ctrl+shift+p");
    app.find("combobox", "Find a project");
    let typed = format!(
        "{FRAME} const field = document.querySelector('[role=combobox]'); const took = [];\
         for (let end = 1; end <= {wanted}.length; end += 1) {{ const from = performance.now();\
         field.value = {wanted}.slice(0, end); \
         field.dispatchEvent(new Event('input', {{ bubbles: true }})); await frame();\
         took.push(performance.now() - from); }} return median(took);",
        wanted = json!(wanted)
    );
    let letter = run_in(app, &typed);
    app.key("Escape");
    Measured {
        listed: number(&listed),
        elements: number(&elements),
        frames: (number(&frames[0]), number(&frames[1])),
        letter: number(&letter),
    }
}

/// Waits until the list is there to its end, and says how many it holds.
#[track_caller]
fn wait_for_list(app: &App<'_>, count: usize) {
    let size = "return document.querySelector('nav [role=option]')?.getAttribute('aria-setsize')";
    wait_for(&format!("{count} projects in the list"), SLOW, || {
        let size = app.web().execute(size, &[])?;
        if size.as_str() == Some(&count.to_string()) {
            Ok(())
        } else {
            Err(format!("{size}; {}", app.page_text()))
        }
    });
}

fn focused(app: &App<'_>) -> String {
    let script = "return document.activeElement?.getAttribute('aria-label') ?? ''";
    let label = app.web().execute(script, &[]).unwrap_or_default();
    label.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn wait_for_focus(app: &App<'_>, begins: &str) {
    wait_for(&format!("the keyboard on {begins}"), QUICK, || {
        let label = focused(app);
        if label.starts_with(begins) {
            Ok(())
        } else {
            Err(label)
        }
    });
}

/// What a person does with so many: walks to the end, filters, searches, and looks through the
/// milestones of one that has thousands.
fn use_them(app: &App<'_>) {
    app.web()
        .execute("document.querySelector('nav [data-entry]').focus()", &[])
        .unwrap();
    app.key("End");
    wait_for_focus(app, &name(MANY - 1));
    app.key("Up");
    wait_for_focus(app, &name(MANY - 2));
    app.key("Home");
    wait_for_focus(app, &name(0));

    app.click("searchbox", "Filter the projects");
    app.type_keys("audit 777");
    wait_for_list(app, 2);
    app.key("Return");
    app.wait_for_words("/nowhere/audit-07774");
    app.click("button", "Show all projects");
    wait_for_list(app, MANY);
    let place = "return document.querySelector('nav [aria-selected=true]')\
                 ?.getAttribute('aria-posinset')";
    wait_for("the chosen project in sight among all", QUICK, || {
        let place = app.web().execute(place, &[])?;
        if place == "7775" {
            Ok(())
        } else {
            Err(place.to_string())
        }
    });

    app.key("ctrl+shift+p");
    app.find("combobox", "Find a project");
    app.type_keys("invoice 09998");
    app.find("option", "invoice-09998");
    app.key("Escape");

    app.key("ctrl+shift+p");
    app.find("combobox", "Find a project");
    app.type_keys("ledger-00000");
    app.find("option", "ledger-00000");
    app.key("Return");
    app.wait_for_words("/nowhere/ledger-00000");
    app.click("button", "Show all 3,0");
    app.wait_for_words("Pending · ");
    let rows = "return [document.querySelectorAll('aside [role=listitem]').length,\
                document.querySelector('aside [role=listitem]').getAttribute('aria-setsize')]";
    let rows = app.web().execute(rows, &[]).unwrap();
    assert!(rows[0].as_u64().unwrap() < 100, "{rows}");
    let all: usize = rows[1].as_str().unwrap().parse().unwrap();
    assert!(all >= OF_THE_FIRST, "{rows}");
}

/// Opens the window on a few and on many.
fn compare(world: &World, seed: impl Fn(std::ops::Range<usize>, usize)) {
    seed(0..FEW, 0);
    let app = world.open_app(&[]);
    wait_for_list(&app, FEW);
    let few = measure(&app, "audit-00014");
    app.kill();
    seed(FEW..MANY, MILESTONES);
    // The first time it has to come from wherever it is stored.
    let app = world.open_app(&[]);
    wait_for_list(&app, MANY);
    app.kill();
    let app = world.open_app(&[]);
    wait_for_list(&app, MANY);
    let many = measure(&app, "audit-09994");
    eprintln!("{FEW} projects: {few:?}\n{MANY} projects: {many:?}");
    use_them(&app);

    assert!(many.elements < few.elements * 1.5, "{few:?} {many:?}");
    // Whatever else the machine does meanwhile: not the 500 times that they are more.
    assert!(many.listed < few.listed * 4.0 + 200.0, "{few:?} {many:?}");
    assert!(
        many.frames.0 < few.frames.0 * 4.0 + 16.0,
        "{few:?} {many:?}"
    );
    assert!(many.letter < few.letter * 4.0 + 50.0, "{few:?} {many:?}");
}

#[test]
fn ten_thousand_projects_of_this_computer_are_listed_scrolled_and_searched_like_a_few() {
    let world = World::new("many-local");
    compare(&world, |projects, milestones| {
        into_file(&world, projects, milestones);
    });
}

#[test]
fn ten_thousand_projects_of_a_team_are_listed_scrolled_and_searched_like_a_few() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let mut world = World::new("many-team");
    world.set("REPRISE_STORE", Path::new(&database.uri()));
    compare(&world, |projects, milestones| {
        into_server(&database.uri(), projects, milestones);
    });
}
