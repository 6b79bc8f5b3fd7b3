//! The truth table: what stands behind each operation of local-cloud, from what all tests asked and were answered.
//!
//! `cargo xtask test` has the tests write their traffic down and then runs this with `CODEX_TRAFFIC_DIR` naming that
//! folder; `UPDATE_DOCS=1` writes `truth.json` and the README's tables in place of comparing them. Unset, only what
//! can be known without traffic is compared.

pub(crate) mod known;
mod table;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use local_cloud::Options;

use self::table::{Row, Truth};
use self::traffic::{Line, Seen};
use crate::specs::{self, Judged};

const HOW: &str = "`UPDATE_DOCS=1 cargo xtask test --only truth` writes it anew";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn is_update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

fn checked_in() -> Truth {
    let text = fs::read_to_string(file("truth.json")).unwrap_or_else(|_| "{}".to_owned());
    serde_json::from_str(&text).unwrap()
}

/// Compares, or writes.
fn settle(name: &str, wanted: &str) {
    if is_update() {
        fs::write(file(name), wanted).unwrap();
    }
    let have = fs::read_to_string(file(name)).unwrap_or_default();
    assert!(
        have == wanted,
        "`{name}` does not tell what stands behind local-cloud; {HOW}:\n{}",
        difference(&have, wanted)
    );
}

/// The lines that only one of the two texts has.
fn difference(have: &str, wanted: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (have, wanted) = (lines(have), lines(wanted));
    let gone = have.difference(&wanted).map(|line| format!("- {line}\n"));
    let new = wanted.difference(&have).map(|line| format!("+ {line}\n"));
    gone.chain(new).collect()
}

/// All operations that are modelled, with no evidence yet.
async fn modelled() -> BTreeMap<String, Row> {
    let cloud = local_cloud::start(Options::default()).await.unwrap();
    let operations = cloud.operations();
    cloud.stop().await;
    let named = operations.iter().filter_map(|(method, path)| table::name(method, path));
    named.map(|name| (name, Row::default())).collect()
}

/// What the traffic shows, and what of it no description or note allows.
fn judge(truth: &mut Truth, lines: &[Line]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let mut object = |side: &str, operation: &str, found: Vec<String>| {
        for what in found {
            match known::difference(side, operation, &what) {
                Some(at) => drop(used.insert(at)),
                None => wrong.push(format!("{side} of {operation}: {what}")),
            }
        }
    };
    let mut seen = Seen::default();
    for line in lines {
        let Some(operation) = line.operation() else {
            truth.note_beyond(line);
            continue;
        };
        let row = truth.operations.get_mut(&operation).unwrap_or_else(|| {
            panic!("`{operation}` was asked for and is not among the routes: has axum's `Debug` changed?")
        });
        row.note(line);
        let Some(document) = specs::document(&line.provider) else {
            continue;
        };
        if line.is_ours() && seen.is_new(line.request_key()) {
            match document.request(&line.method, &line.path, &line.query, &line.kind, &line.request) {
                Judged::Described(found) => object("request", &operation, found),
                Judged::NoOperation | Judged::NoStatus => {}
            }
        }
        if !line.fault && line.is_json() && seen.is_new(line.answer_key()) {
            match document.answer(&line.method, &line.path, line.status, &line.answer) {
                Judged::Described(found) => {
                    row.described |= line.status < 400;
                    object("answer", &operation, found);
                }
                Judged::NoStatus => drop(row.undescribed.insert(line.status)),
                Judged::NoOperation => {}
            }
        }
    }
    if specs::document("neon").is_some() {
        wrong.extend(known::unused(&used));
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

#[tokio::test]
async fn the_table_is_what_the_traffic_shows() {
    let old = checked_in();
    let mut truth = Truth {
        operations: modelled().await,
        ..Truth::default()
    };
    let Some(folder) = std::env::var_os("CODEX_TRAFFIC_DIR") else {
        eprintln!("CODEX_TRAFFIC_DIR is not set: the truth table is NOT held against traffic");
        truth.keep(&old);
        settle("truth.json", &truth.json());
        return;
    };
    let wrong = judge(&mut truth, &traffic::read(Path::new(&folder)));
    assert!(
        wrong.is_empty(),
        "not as the vendors describe it:\n{}",
        wrong.join("\n")
    );
    if specs::document("neon").is_none() {
        truth.keep_descriptions(&old);
    }
    settle("truth.json", &truth.json());
}

#[test]
fn the_readme_shows_the_table() {
    let readme = fs::read_to_string(file("README.md")).unwrap();
    let (before, rest) = readme.split_once(table::BEGIN).expect("a place for the table");
    let (_, after) = rest.split_once(table::END).expect("an end of the table");
    let shown = table::markdown(&checked_in());
    settle(
        "README.md",
        &format!("{before}{}{shown}{}{after}", table::BEGIN, table::END),
    );
}

/// A story that rests on an assumption must say so: here, with what is assumed.
#[test]
fn what_stories_assume_is_named() {
    let truth = checked_in();
    let relied: BTreeSet<&str> = truth
        .operations
        .iter()
        .filter(|(name, row)| row.actions && row.is_assumed(name))
        .map(|(name, _)| name.as_str())
        .collect();
    let named: BTreeSet<&str> = known::ASSUMED.iter().map(|(operation, _)| *operation).collect();
    assert_eq!(
        relied, named,
        "left: what stories rely on and nothing stands behind; right: `known::ASSUMED`"
    );
}

#[test]
fn who_was_content_and_what_is_missing_are_told() {
    let line = |path: &str, route: Option<&str>, status: u16| Line {
        provider: "neon".to_owned(),
        method: "GET".to_owned(),
        route: route.map(str::to_owned),
        path: path.to_owned(),
        agent: Some("PyGithub/Python".to_owned()),
        status,
        ..Line::default()
    };
    let mut truth = Truth::default();
    truth
        .operations
        .insert("neon GET /things/{id}".to_owned(), Row::default());
    let lines = [
        line("/things/1", Some("/things/{id}"), 200),
        line("/snapshots/0123456789abcdef0123456789abcdef", None, 501),
    ];
    for line in &lines {
        match line.operation() {
            Some(operation) => truth.operations.get_mut(&operation).unwrap().note(line),
            None => truth.note_beyond(line),
        }
    }
    let row = &truth.operations["neon GET /things/{id}"];
    assert_eq!(row.clients, BTreeSet::from(["PyGithub".to_owned()]));
    assert!(!row.is_assumed("neon GET /things/{id}") && !row.actions);
    assert_eq!(
        truth.beyond["PyGithub"],
        BTreeSet::from(["neon GET /snapshots/{…}".to_owned()])
    );
}
