use actions_core::runner::Env;

use super::*;
use crate::checks::Unseen;
use crate::finding::{Kind, Place};

const ERROR: Kind = Kind {
    name: "a-made-error",
    severity: Severity::Error,
    what: "It is wrong.",
    why: "It would fail.",
    mend: "Mend it.",
};
const WARNING: Kind = Kind {
    name: "a-made-warning",
    severity: Severity::Warning,
    ..ERROR
};
const NOTE: Kind = Kind {
    name: "a-made-note",
    severity: Severity::Note,
    ..ERROR
};

/// What each text is held against: one finding of each severity, one silenced, two areas unseen.
pub(super) fn judged() -> Judged {
    let place = |file: &str, line| Place {
        file: file.to_owned(),
        line,
        column: 3,
    };
    let unseen = |area| Unseen {
        area,
        why: "`offline` is set",
    };
    Judged {
        told: vec![
            Finding::new(
                &ERROR,
                "services.api",
                "`api` binds KV namespace `0123` of `production`",
                "write the id of the environment's own",
            )
            .at(place("workers/my (api)/wrangler.jsonc", 12)),
            Finding::new(&WARNING, "CLOUDFLARE_API_TOKEN", "the token ends in 3 days", "roll it"),
            Finding::new(&NOTE, "preview", "a | b <c> @d", "see ::error:: and %0A").at(place("codex.toml", 2)),
        ],
        silenced: vec![(
            Finding::new(&WARNING, "services.web", "`web` is old", "raise it").at(place("codex.toml", 7)),
            "until spring".to_owned(),
        )],
        unseen: vec![unseen("cloudflare"), unseen("neon")],
    }
}

#[test]
fn the_summary_links_places_and_names() {
    let env: Env = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_SHA", "5f6e1f0c"),
    ]
    .into_iter()
    .collect();
    insta::assert_snapshot!(markdown::summary(&env, &judged()));
    insta::assert_snapshot!(markdown::summary(&Env::default(), &Judged::default()), @"### ✅ preflight: nothing found in 9 areas");
}

#[test]
fn a_line_names_place_sentence_remedy_and_kind() {
    let lines: Vec<String> = judged().told.iter().map(log::line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    workers/my (api)/wrangler.jsonc:12:3: `api` binds KV namespace `0123` of `production`; write the id of the environment's own [a-made-error]
    CLOUDFLARE_API_TOKEN: the token ends in 3 days; roll it [a-made-warning]
    codex.toml:2:3: a | b <c> @d; see ::error:: and %0A [a-made-note]
    ");
    insta::assert_snapshot!(outcome(&judged()), @"1 error, 1 warning, 1 note in 7 areas; 1 silenced");
}

#[test]
fn a_terminal_shows_a_table() {
    let plain = |width| Terminal { width, colours: false };
    insta::assert_snapshot!("terminal_of_100", plain(100).table(&judged()));
    insta::assert_snapshot!("terminal_of_60", plain(60).table(&judged()));
    insta::assert_snapshot!(plain(80).table(&Judged::default()), @"nothing found in 9 areas");
    let longest = plain(100)
        .table(&judged())
        .lines()
        .map(|line| line.chars().count())
        .max();
    assert!(longest.unwrap() <= 100);
}

#[test]
fn colours_are_only_colours() {
    let coloured = Terminal {
        width: 100,
        colours: true,
    };
    let coloured = coloured.table(&judged());
    assert!(coloured.contains("\u{1b}[31m"));
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare += before;
        rest = after.split_once('m').unwrap().1;
    }
    bare += rest;
    let bare: Vec<&str> = bare.lines().map(str::trim_end).collect();
    let plain = Terminal {
        width: 100,
        colours: false,
    };
    assert_eq!(bare, plain.table(&judged()).lines().collect::<Vec<_>>());
}

#[test]
fn what_was_found_cannot_steer_a_terminal() {
    let found = Finding::new(&ERROR, "s", "red \u{1b}[31m and\nanother line", "mend\u{7}");
    let judged = Judged {
        told: vec![found],
        ..Judged::default()
    };
    let plain = Terminal {
        width: 100,
        colours: false,
    };
    let table = plain.table(&judged);
    assert!(!table.contains('\u{1b}') && !table.contains('\u{7}'), "{table:?}");
}

#[test]
fn sarif_has_what_code_scanning_reads() {
    let mut judged = judged();
    let twice = judged.told[0].clone();
    judged.told.push(twice);
    let sarif = sarif::document(&judged, "codex.toml");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), crate::catalogue::all().count());
    for rule in rules {
        for pointer in [
            "/id",
            "/shortDescription/text",
            "/fullDescription/text",
            "/help/text",
            "/help/markdown",
            "/helpUri",
        ] {
            let text = rule
                .pointer(pointer)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default();
            assert!(!text.is_empty(), "{pointer} of {rule}");
        }
        // GitHub cuts a longer one.
        assert!(
            rule["shortDescription"]["text"].as_str().unwrap().len() <= 1024,
            "{rule}"
        );
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level));
    }
    let results = run["results"].as_array().unwrap();
    let prints: BTreeSet<&str> = results
        .iter()
        .map(|result| {
            result["partialFingerprints"]["primaryLocationLineHash"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(
        (results.len(), prints.len()),
        (4, 4),
        "each result has a print of its own"
    );
    insta::assert_snapshot!(format!("{:#}", run["results"]));
    insta::assert_snapshot!(format!("{:#}", run["invocations"]));
}

#[test]
fn a_secret_that_is_spelled_like_a_word_of_sarif_hides_only_what_is_said() {
    const SPELLED: Kind = Kind {
        name: "spelled-like-a-secret",
        ..WARNING
    };
    let place = Place::of_file("spelled-like-a-secret");
    let finding = Finding::new(&SPELLED, "a", "it is spelled-like-a-secret", "roll it").at(place);
    let judged = Judged {
        told: vec![finding],
        ..judged()
    };
    actions_core::secret::mask("spelled-like-a-secret");
    let document = sarif::document(&judged, "codex.toml");
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "spelled-like-a-secret");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "spelled-like-a-secret"
    );
    assert_eq!(result["message"]["text"], "it is ***; roll it");
}

#[test]
fn a_fingerprint_outlives_moved_lines() {
    let print = |line| {
        let mut judged = judged();
        judged.told[0].place.as_mut().unwrap().line = line;
        let sarif = sarif::document(&judged, "codex.toml");
        sarif["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    assert_eq!(print(12), print(99));
}
