use super::*;

fn owner(id: Option<u64>, name: &str, pull_request: Option<u64>) -> Owner {
    Owner {
        repository: Repository {
            id,
            name: name.to_owned(),
        },
        project: "codex".to_owned(),
        environment: "preview".to_owned(),
        pull_request,
    }
}

fn verdict(owner: &Owner, text: &str) -> String {
    match owner.verdict_of([text]) {
        Verdict::Ours => "ours".to_owned(),
        Verdict::Unmarked => "unmarked".to_owned(),
        Verdict::Foreign(whose) => whose.to_string(),
    }
}

#[test]
fn a_marker_names_its_owner_and_nobody_else() {
    let ours = owner(Some(1_296_269), "acme/app", Some(4));
    assert_eq!(ours.marker(), "codex-actions:1296269:acme/app:codex:preview:4");
    let told = |text: &str| verdict(&ours, text);
    insta::assert_snapshot!(
        [
            ours.marker().as_str(),
            " CODEX-ACTIONS:1296269:acme/app:codex:preview:4",
            "codex-actions:1296269:acme/app:codex:preview:42",
            "codex-actions:1296269:acme/app:codex:preview",
            "codex-actions:1296269:acme/app:other:preview:4",
            "codex-actions:7:acme/app:codex:preview:4",
            "codex-actions:-:acme/apps:codex:preview:4",
            "codex-actions:-:Acme/App:codex:preview:4",
            "codex-actions:acme/app:codex:preview:4",
            "codex-actions:1296269:acme/app:codex:preview:04",
            "codex-actions:1296269:acme/app:codex:preview:4:5",
            "codex-actions:0:acme/app:codex:preview:4",
            "codex-actions:",
            "codex-actionsx:1296269:acme/app:codex:preview:4",
            "made by hand",
            "",
        ]
        .map(|text| format!("{text:60} {}", told(text)))
        .join("\n"),
        @"
    codex-actions:1296269:acme/app:codex:preview:4               ours
     CODEX-ACTIONS:1296269:acme/app:codex:preview:4              an environment that cannot be read from `CODEX-ACTIONS:1296269:acme/app:codex:preview:4`
    codex-actions:1296269:acme/app:codex:preview:42              preview 42 of codex in this repository
    codex-actions:1296269:acme/app:codex:preview                 preview of codex in this repository
    codex-actions:1296269:acme/app:other:preview:4               preview 4 of other in this repository
    codex-actions:7:acme/app:codex:preview:4                     preview 4 of codex in acme/app (7)
    codex-actions:-:acme/apps:codex:preview:4                    preview 4 of codex in acme/apps
    codex-actions:-:Acme/App:codex:preview:4                     ours
    codex-actions:acme/app:codex:preview:4                       an environment that cannot be read from `codex-actions:acme/app:codex:preview:4`
    codex-actions:1296269:acme/app:codex:preview:04              an environment that cannot be read from `codex-actions:1296269:acme/app:codex:preview:04`
    codex-actions:1296269:acme/app:codex:preview:4:5             an environment that cannot be read from `codex-actions:1296269:acme/app:codex:preview:4:5`
    codex-actions:0:acme/app:codex:preview:4                     an environment that cannot be read from `codex-actions:0:acme/app:codex:preview:4`
    codex-actions:                                               an environment that cannot be read from `codex-actions:`
    codex-actionsx:1296269:acme/app:codex:preview:4              unmarked
    made by hand                                                 unmarked
                                                                 unmarked
    "
    );
}

#[test]
fn a_renamed_repository_keeps_its_things_and_a_newcomer_gets_none() {
    let before = owner(Some(7), "acme/app", Some(4)).marker();
    assert!(
        owner(Some(7), "acme/platform", Some(4))
            .verdict_of([before.as_str()])
            .is_ours()
    );
    let newcomer = owner(Some(8), "acme/app", Some(4));
    assert_eq!(verdict(&newcomer, &before), "preview 4 of codex in acme/app (7)");
    // Outside GitHub Actions the name is all there is.
    assert!(owner(None, "acme/app", Some(4)).verdict_of([before.as_str()]).is_ours());
}

#[test]
fn what_is_long_is_shortened_and_still_tells_two_apart() {
    for id in [None, Some(1_234_567_890)] {
        let long = |c: &str| owner(id, &format!("{}/{}", c.repeat(39), c.repeat(100)), Some(42));
        let (a, b) = (long("a"), long("b"));
        assert!(a.marker().chars().count() <= marker::LONGEST, "{}", a.marker());
        assert!(a.marker().ends_with(":codex:preview:42"), "{}", a.marker());
        assert!(a.verdict_of([a.marker().as_str()]).is_ours(), "{}", a.marker());
        if id.is_none() {
            assert!(b.verdict_of([a.marker().as_str()]).foreign().is_some());
        }
    }
    let mut all_long = owner(Some(1_234_567_890), &"a/".repeat(60), Some(12345));
    all_long.project = "p".repeat(80);
    all_long.environment = "e".repeat(80);
    let marker = all_long.marker();
    assert!(marker.chars().count() <= marker::LONGEST, "{marker}");
    assert!(all_long.verdict_of([marker.as_str()]).is_ours(), "{marker}");
    let other = Owner {
        project: "q".repeat(80),
        ..all_long.clone()
    };
    assert!(other.verdict_of([marker.as_str()]).foreign().is_some());
}

#[test]
fn an_owner_is_read_back_from_its_marker() {
    let here = owner(Some(7), "acme/app", Some(4));
    let mut long = here.clone();
    long.project = "p".repeat(80);
    let mut nameless = here.clone();
    nameless.project = String::new();
    for made in [here.clone(), owner(Some(7), "acme/app", None), long, nameless] {
        let marker = read(&made.marker()).unwrap().unwrap();
        let found = marker.owner_in(&here.repository).unwrap();
        assert!(found.verdict_of([made.marker().as_str()]).is_ours(), "{found:?}");
        assert_eq!(found.pull_request, made.pull_request);
        // What was hashed is itself, and no other name.
        let mut other = made.clone();
        other.project.push('x');
        assert!(!found.verdict_of([other.marker().as_str()]).is_ours(), "{found:?}");
        assert_eq!(marker.owner_in(&owner(Some(8), "acme/app", None).repository), None);
    }
}

#[test]
fn no_part_can_pass_for_two() {
    let mut tricky = owner(Some(7), "acme/app", None);
    tricky.environment = "preview:42".to_owned();
    let plain = owner(Some(7), "acme/app", Some(42));
    assert_eq!(tricky.marker(), "codex-actions:7:acme/app:codex:preview%3A42");
    assert!(tricky.verdict_of([tricky.marker().as_str()]).is_ours());
    assert!(!plain.verdict_of([tricky.marker().as_str()]).is_ours());
    tricky.environment = "vorschau für ~alle, 100%".to_owned();
    assert!(
        tricky.verdict_of([tricky.marker().as_str()]).is_ours(),
        "{}",
        tricky.marker()
    );
}

#[test]
fn two_owners_at_once_are_a_strangers() {
    let ours = owner(Some(7), "acme/app", Some(4));
    let theirs = owner(Some(8), "eve/app", Some(4));
    let tags = [ours.marker(), theirs.marker()];
    let verdict = ours.verdict_of(tags.iter().map(String::as_str));
    assert_eq!(
        verdict.foreign().unwrap().to_string(),
        "preview 4 of codex in eve/app (8)"
    );
    assert!(ours.verdict_of(["cf:service=api", &ours.marker()]).is_ours());
}

#[test]
fn a_peers_note_tells_of_the_repository_only() {
    let ours = owner(Some(7), "acme/app", Some(4));
    let noted = |repository: &str| {
        ours.verdict([Claim::Noted {
            repository: repository.to_owned(),
        }])
    };
    assert_eq!(noted("Acme/app"), Verdict::Unmarked);
    assert_eq!(noted("eve/app").foreign().unwrap().to_string(), "eve/app");
}
