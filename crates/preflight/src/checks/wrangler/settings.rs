//! What each environment's settings leave open. Pure, but for whether a file is there.

use actions_core::manifest::Routing;
use jiff::civil::Date;
use serde_json::Value;
use wrangler::project::durable;

use super::look::{Look, Subject};
use super::told::Told;
use crate::finding::{Kind, Severity};

pub(super) const UNOBSERVED: Kind = Kind {
    name: "observability-off",
    severity: Severity::Warning,
    what: "A Worker keeps no logs: `observability` is not enabled.",
    why: "When it fails nobody can look up why: `wrangler tail` shows only what happens while somebody watches.",
    mend: "Set `observability.enabled` to true at the top level; environments inherit it.",
};

pub(super) const OLD_DATE: Kind = Kind {
    name: "compatibility-date-old",
    severity: Severity::Note,
    what: "The compatibility date is more than two years old.",
    why: "The Worker runs with the runtime's behaviour of that day, without what was mended since.",
    mend: "Read Cloudflare's list of compatibility flags since then, try a later date, and set it.",
};

pub(super) const OPEN: Kind = Kind {
    name: "workers-dev-open",
    severity: Severity::Note,
    what: "A Worker with hostnames of its own also answers at workers.dev.",
    why: "Firewall rules, rate limits and Access of the zone do not hold there.",
    mend: "Set `workers_dev` and `preview_urls` to false, unless that address is used.",
};

pub(super) const NO_MAIN: Kind = Kind {
    name: "main-missing",
    severity: Severity::Error,
    what: "A configuration has neither code nor assets, or its `main` is a source that is not there.",
    why: "wrangler has nothing to bundle.",
    mend: "Correct `main`.",
};

pub(super) const NO_MIGRATION: Kind = Kind {
    name: "durable-object-without-migration",
    severity: Severity::Error,
    what: "A Worker binds a Durable Object class of its own that no migration makes.",
    why: "Cloudflare refuses the first upload of such a Worker, and each preview is one.",
    mend: "Add a migration with the class to `migrations` (`new_sqlite_classes`).",
};

pub(super) const CRONS: Kind = Kind {
    name: "crons-in-previews",
    severity: Severity::Note,
    what: "Previews run on the schedules of the wrangler configuration (`crons = true`).",
    why: "Each open pull request runs them: ten pull requests send ten times the mail.",
    mend: "Leave `crons` out of the environment, unless that is meant.",
};

/// Years after which a date is told.
const OLD: i16 = 2;

pub(super) fn told(look: &Look<'_>, subject: &Subject<'_>) -> Vec<Told> {
    let all = [
        unobserved(subject),
        old_date(look, subject),
        open(subject),
        no_main(look, subject),
        crons(subject),
    ];
    all.into_iter().flatten().chain(no_migration(subject)).collect()
}

fn is_true(value: Option<&Value>) -> bool {
    value == Some(&Value::Bool(true))
}

fn unobserved(subject: &Subject<'_>) -> Option<Told> {
    let settings = &subject.settings;
    let observability = settings.get("observability");
    let logs = observability.and_then(|it| it.get("logs"));
    let enabled = |table: Option<&Value>| is_true(table.and_then(|table| table.get("enabled")));
    let elsewhere =
        settings.is_on("logpush") || settings.has("tail_consumers") || settings.has("streaming_tail_consumers");
    if enabled(observability) || enabled(logs) || elsewhere || settings.text("main").is_none() {
        return None;
    }
    let (said, about) = match observability {
        Some(_) => (
            "`observability` is there and not enabled, so that its logs are not kept",
            "observability",
        ),
        None => ("`observability` is not set, so that its logs are not kept", ""),
    };
    let remedy = if subject.is_toml() {
        "add `[observability]` with `enabled = true` at the top level"
    } else {
        "add `\"observability\": { \"enabled\": true }` at the top level"
    };
    let place = subject.place_in_file(about);
    Some(subject.told(&UNOBSERVED, "", said.to_owned(), remedy.to_owned(), place))
}

fn old_date(look: &Look<'_>, subject: &Subject<'_>) -> Option<Told> {
    let text = subject.settings.text("compatibility_date")?;
    let date: Date = text.parse().ok()?;
    let old = Date::new(look.today.year() - OLD, look.today.month(), look.today.day().min(28)).ok()?;
    (date < old).then(|| {
        let said = format!("its `compatibility_date` is {text}, more than {OLD} years ago");
        let remedy = "try a later one, and set it".to_owned();
        subject.told(&OLD_DATE, "", said, remedy, subject.place("compatibility_date"))
    })
}

/// Of a preview both are closed, whatever the configuration says.
fn open(subject: &Subject<'_>) -> Option<Told> {
    let environment = subject.environment;
    if environment.pull_request.is_some() || environment.routing == Routing::WorkersDev {
        return None;
    }
    let mut keys = ["workers_dev", "preview_urls"].into_iter();
    let key = keys.find(|key| is_true(subject.settings.get(key)))?;
    let said = format!(
        "`{key}` is true, so that it also answers at workers.dev, past the rules of zone `{}`",
        environment.zone
    );
    let remedy = format!("set `{key}` to false, unless that address is used");
    Some(subject.told(&OPEN, key, said, remedy, subject.place(key)))
}

fn no_main(look: &Look<'_>, subject: &Subject<'_>) -> Option<Told> {
    let settings = &subject.settings;
    // A Pages project, and Workers Sites, are told as such.
    if ["assets", "site", "pages_build_output_dir", "previews"]
        .into_iter()
        .any(|key| settings.has(key))
        && settings.text("main").is_none()
    {
        return None;
    }
    let Some(main) = settings.text("main") else {
        let said = "it has neither `main` nor `assets`".to_owned();
        let remedy = "set `main` to the file that exports its handlers".to_owned();
        return Some(subject.told(&NO_MAIN, "", said, remedy, subject.place_in_file("")));
    };
    let file = subject.config.folder().join(main);
    // What is built is not there yet.
    let is_source = [".ts", ".tsx", ".mts", ".jsx", ".py"]
        .into_iter()
        .any(|ending| main.ends_with(ending));
    let builds = subject.service.build.is_some()
        || look.manifest.project.build.is_some()
        || settings
            .get("build")
            .is_some_and(|build| build.get("command").is_some());
    (is_source && !builds && !file.exists()).then(|| {
        let said = format!("`main` is `{main}`, and there is no such file");
        subject.told(
            &NO_MAIN,
            "main",
            said,
            "correct `main`".to_owned(),
            subject.place("main"),
        )
    })
}

fn crons(subject: &Subject<'_>) -> Option<Told> {
    let crons = subject.settings.crons().unwrap_or_default();
    let runs = subject.environment.crons && subject.environment.pull_request.is_some() && !crons.is_empty();
    runs.then(|| {
        let said = format!(
            "each open pull request runs it on {}",
            actions_core::text::quoted_list(&crons)
        );
        let remedy = format!(
            "take `crons` out of `environments.{}`, unless that is meant",
            subject.environment.name
        );
        subject.told(&CRONS, "", said, remedy, subject.place("triggers.crons"))
    })
}

fn no_migration(subject: &Subject<'_>) -> Vec<Told> {
    let settings = &subject.settings;
    let made = durable::classes(settings.migrations());
    let exported: Vec<&String> = durable::exported(settings.get("exports"))
        .map(|(class, _)| class)
        .collect();
    let own = subject.config.names();
    let bindings = settings
        .get("durable_objects")
        .and_then(|it| it.get("bindings")?.as_array());
    let told = bindings.into_iter().flatten().filter_map(|binding| {
        let class = binding["class_name"].as_str()?;
        let script = binding["script_name"].as_str();
        let is_own = script.is_none_or(|script| own.iter().any(|name| name == script));
        let is_made = made.contains(class) || exported.iter().any(|known| *known == class);
        (is_own && !is_made).then(|| {
            let said = format!("no migration makes Durable Object class `{class}`, which it binds");
            let remedy = format!("add `{{ \"tag\": \"v1\", \"new_sqlite_classes\": [\"{class}\"] }}` to `migrations`");
            let remedy = if subject.is_toml() {
                format!("add `[[migrations]]` with `tag = \"v1\"` and `new_sqlite_classes = [\"{class}\"]`")
            } else {
                remedy
            };
            subject.told(&NO_MIGRATION, class, said, remedy, subject.place(class))
        })
    });
    told.collect()
}
