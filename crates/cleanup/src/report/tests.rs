use actions_core::owner::Whose;
use actions_core::runner::signal::Interrupt;

use super::*;
use crate::plan::{Ground, Reason};
use crate::subject::Names;

fn subject() -> Subject {
    Subject {
        owner: actions_core::owner::Owner {
            repository: actions_core::owner::Repository::default(),
            project: "codex".to_owned(),
            environment: "preview".to_owned(),
            pull_request: Some(42),
        },
        title: "preview 42".to_owned(),
        names: Names::default(),
    }
}

fn report(ends: Vec<(RemovalKind, End)>) -> Report {
    let settled = ends.into_iter().map(|(kind, end)| Settled {
        kind,
        name: "api-preview-42".to_owned(),
        end,
    });
    Report::new(&subject(), false, settled.collect(), None, Duration::from_millis(1234))
}

/// The same with `only: neon`.
fn alone(ends: Vec<(RemovalKind, End)>) -> Report {
    Report {
        unseen: Some("Cloudflare"),
        ..report(ends)
    }
}

/// The same where neither manifest nor input names a zone.
fn zoneless(ends: Vec<(RemovalKind, End)>) -> Report {
    Report {
        zoneless: true,
        ..report(ends)
    }
}

fn deleted() -> End {
    End::Deleted
}

#[test]
fn the_last_line_says_what_is_true() {
    let worker = |end| (RemovalKind::Worker, end);
    let kept = || worker(End::Kept(Reason::Unmarked));
    let planned = || worker(End::Planned(Ground::Own));
    let left = || worker(End::Left(Why::RoutesFirst));
    let lines = [
        report(vec![worker(deleted()), worker(End::Absent)]).sentence(),
        report(vec![worker(End::Absent), kept()]).sentence(),
        report(vec![worker(deleted()), kept(), kept()]).sentence(),
        report(vec![planned(), planned()]).sentence(),
        report(vec![planned(), kept()]).sentence(),
        report(vec![worker(deleted()), left()]).sentence(),
        report(vec![left(), left(), left(), left(), left(), left(), left(), kept()]).sentence(),
        report(vec![planned(), left()]).sentence(),
        report(Vec::new()).sentence(),
        alone(vec![worker(deleted())]).sentence(),
        alone(Vec::new()).sentence(),
        zoneless(vec![worker(deleted())]).sentence(),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    nothing of preview 42 is left; deleted 1 thing in 1.2 s
    there was nothing of preview 42 to delete; 1 thing that looks like it stays: Worker `api-preview-42`
    deleted 1 thing of preview 42 in 1.2 s; 2 things that look like it stay: Worker `api-preview-42`, Worker `api-preview-42`
    would delete 2 things of preview 42
    would delete 1 thing of preview 42; 1 thing that looks like it stays: Worker `api-preview-42`
    deleted 1 thing of preview 42, 1 thing left
    deleted 0 things of preview 42, 7 things left; 1 thing that looks like it stays: Worker `api-preview-42`
    would delete 1 thing of preview 42, 1 thing left
    nothing of preview 42 is left; there was nothing to delete
    nothing of preview 42 is left at Neon; deleted 1 thing in 1.2 s; Cloudflare was not looked at
    nothing of preview 42 is left at Neon; there was nothing to delete; Cloudflare was not looked at
    nothing of preview 42 is left outside of zones; deleted 1 thing in 1.2 s; no zone was looked at, as the manifest names none: if it did before, routes and DNS records of preview 42 are still there, and `cloudflare-zone-id` has them looked for
    ");
}

#[test]
fn the_summary_lists_each_thing() {
    let whose = Whose::Noted("eve/app".to_owned());
    let leads = Reason::LeadsTo {
        worker: "api-preview-42".to_owned(),
        whose: Some(whose.clone()),
    };
    let bound = Reason::BoundBy {
        worker: "api-preview-42".to_owned(),
        whose: None,
    };
    let time = Stop::TimeIsUp(Duration::from_mins(8));
    let report = report(vec![
        (RemovalKind::Route, deleted()),
        (RemovalKind::Route, End::Kept(leads)),
        (RemovalKind::Route, End::Kept(Reason::LeadsNowhere)),
        (RemovalKind::Worker, End::Kept(Reason::Foreign(whose))),
        (RemovalKind::Worker, End::Kept(Reason::Unmarked)),
        (RemovalKind::Worker, End::Left(Why::NotTried(Stop::GivenUp(2)))),
        (RemovalKind::Worker, End::Left(Why::NotTried(time))),
        (
            RemovalKind::Worker,
            End::Left(Why::UnderWay(Stop::Cancelled(Interrupt::Int))),
        ),
        (RemovalKind::KvNamespace, End::Kept(bound)),
        (RemovalKind::KvNamespace, End::Kept(Reason::LooksAlike)),
        (RemovalKind::Branch, End::Left(Why::Known(Reason::Protected))),
    ]);
    insta::assert_snapshot!(report.markdown(), @"
    ### ❌ Deleted 1 thing of preview 42, 4 things left; 6 things that look like it stay: route `api-preview-42`, route `api-preview-42`, Worker `api-preview-42`, Worker `api-preview-42`, KV namespace `api-preview-42` and 1 more

    | what | name | outcome | |
    |---|---|---|---|
    | route | `api-preview-42` | deleted |  |
    | route | `api-preview-42` | kept | it leads to Worker `api-preview-42`, which belongs to eve/app |
    | route | `api-preview-42` | kept | it leads to no Worker of this environment |
    | Worker | `api-preview-42` | kept | it belongs to eve/app |
    | Worker | `api-preview-42` | kept | it carries nobody's marker, and a name proves nothing; `adopt: true` deletes it |
    | Worker | `api-preview-42` | **left** | not tried: 2 others of the kind failed before |
    | Worker | `api-preview-42` | **left** | not tried: the time limit of 8 min 0 s was reached |
    | Worker | `api-preview-42` | **left** | it was being deleted when the run was cancelled (SIGINT); it may be gone |
    | KV namespace | `api-preview-42` | kept | it is for Worker `api-preview-42`, which carries nobody's marker |
    | KV namespace | `api-preview-42` | kept | it is named like this environment's, and nothing in the manifest has that name; it has no owner written on it: delete it under Storage &amp; databases → KV, where nobody needs it |
    | branch | `api-preview-42` | **left** | it is protected: take the protection off in Neon's console, then run again |
    ");
    assert_eq!((report.left(), report.head.changed), (4, true));
    insta::assert_snapshot!(render(&report.verdict().unwrap_err()), @"
    cancelled (SIGINT): 4 things of preview 42 left: Worker `api-preview-42`, Worker `api-preview-42`, Worker `api-preview-42`, branch `api-preview-42`
    hint: run cleanup again when the cause is gone: it goes on where it stopped
    ");
}
