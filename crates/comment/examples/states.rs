//! Prints, as JSON, what the comment says in each state (`states`) and of hostile reports (`hostile`), for the programs
//! in `action-tests/comment`: one takes pictures, one holds that nothing of a stranger's comes out.

use std::io::Write as _;

use actions_comment::document::{Document, MAIN, NOW, Section};
use actions_comment::render::{Frame, Job, UNTIL_THEN, cut, render, start};
use actions_core::reports::Report;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

fn main() -> std::io::Result<()> {
    let all = json!({ "states": states(), "hostile": hostile() });
    writeln!(std::io::stdout(), "{all:#}")
}

fn frame() -> Frame {
    Frame {
        environment: "preview".to_owned(),
        sha: Some("6dcb09b5b57875f334f61aebed695e2e4193db5e".to_owned()),
        repository_url: Some("https://github.com/acme/shop".to_owned()),
        run_url: Some("https://github.com/acme/shop/actions/runs/1001".to_owned()),
        front: Some("web".to_owned()),
        ..Frame::default()
    }
}

fn told(frame: &Frame, reports: &[Value]) -> String {
    let reports: Vec<Report> = reports
        .iter()
        .filter_map(|report| Report::of(report.clone()).ok())
        .collect();
    assert!(!reports.is_empty(), "no report could be read");
    render(frame, &reports)
}

const SERVICES: [&str; 5] = [
    "identity-api",
    "content-api",
    "notifications",
    "media-processing-api",
    "web",
];

fn branch() -> Value {
    json!({"action": "neon-branch", "command": "create", "environment": "preview", "pull-request": 42, "status": "done",
        "branch": {"id": "br-a-b-c", "name": "preview-pr-42", "parent": "production", "created": true,
            "expires-at": "2026-11-30T22:15:00Z"},
        "schema-diff": {"added": 3, "removed": 0,
            "text": "--- production\n+++ preview-pr-42\n+CREATE TABLE public.notes (\n+    id integer\n+);\n"}})
}

fn dns() -> Value {
    let records: Vec<Value> = SERVICES
        .iter()
        .map(|name| json!({"name": format!("{name}-preview-42.example.com"), "type": "AAAA", "action": "created"}))
        .collect();
    json!({"action": "preview-dns", "command": "apply", "environment": "preview", "status": "done",
        "zone": "example.com", "records": records})
}

fn service(name: &str, state: &str) -> Value {
    json!({"service": name, "worker": format!("{name}-preview-42"), "hostname": format!("{name}-preview-42.example.com"),
        "url": format!("https://{name}-preview-42.example.com"), "version-id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "state": state, "seconds": 2.34, "gzip": 131_744, "previous-gzip": 129_800})
}

fn deploy(states: [&str; 5]) -> Value {
    let services: Vec<Value> = SERVICES
        .iter()
        .zip(states)
        .map(|(name, state)| service(name, state))
        .collect();
    json!({"action": "deploy-workers", "command": "deploy", "environment": "preview", "status": "done",
        "services": services})
}

fn check(sick: Option<&str>) -> Value {
    let endpoints: Vec<Value> = SERVICES
        .iter()
        .map(|name| {
            let path = if *name == "web" { "/" } else { "/health" };
            let url = format!("https://{name}-preview-42.example.com{path}");
            if sick == Some(name) {
                json!({"name": name, "url": url, "state": "unhealthy", "attempts": 9, "seconds": 61.2,
                    "detail": "answered 503: database `error: too many connections for role \"neondb_owner\"`"})
            } else if *name == "web" {
                json!({"name": name, "url": url, "state": "healthy", "attempts": 1, "seconds": 0.3})
            } else {
                json!({"name": name, "url": url, "state": "healthy", "attempts": 2, "seconds": 0.3,
                    "checks": {"database": "ok", "kv": "ok"}})
            }
        })
        .collect();
    let status = if sick.is_some() { "failed" } else { "done" };
    json!({"action": "health-check", "command": "check", "environment": "preview", "status": status,
        "healthy": sick.is_none(), "endpoints": endpoints,
        "error": sick.map(|name| format!("1 of 5 endpoints not healthy: `{name}`\nhint: look at its logs: `npx wrangler tail {name}-preview-42`"))})
}

fn failed(action: &str, command: &str, error: &str) -> Value {
    json!({"action": action, "command": command, "environment": "preview", "pull-request": 42, "status": "failed",
        "error": error})
}

fn removed(results: &Value, left: usize, kept: usize) -> Value {
    json!({"action": "cleanup", "environment": "preview", "pull-request": 42, "left": left, "kept": kept,
        "status": if left > 0 { "failed" } else { "done" }, "results": results,
        "error": (left > 0).then_some("1 thing of preview 42 is left\nhint: run cleanup again")})
}

fn gone() -> Value {
    let of = |kind: &str, name: &str| json!({"kind": kind, "name": name, "outcome": "deleted"});
    SERVICES
        .iter()
        .flat_map(|name| {
            let host = format!("{name}-preview-42.example.com");
            [
                of("route", &format!("{host}/*")),
                of("worker", &format!("{name}-preview-42")),
                of("dns-record", &host),
            ]
        })
        .chain([of("branch", "preview-pr-42")])
        .collect()
}

fn section(name: &str, text: &str) -> Section {
    Section {
        name: name.to_owned(),
        run: None,
        text: text.trim().to_owned(),
    }
}

fn states() -> Value {
    let deployed = ["deployed"; 5];
    let ready = told(&frame(), &[branch(), dns(), deploy(deployed), check(None)]);
    let since: Timestamp = "2026-11-28T14:03:00Z".parse().unwrap_or_default();
    let mut running = Document::default();
    running.put(section(NOW, &format!("{}\n{UNTIL_THEN}", start(&frame(), since))));
    running.put(section(MAIN, &ready));
    let mut sections = Document::default();
    sections.put(section(MAIN, &ready));
    sections.put(section("e2e", "#### End to end\n\n12 passed, 1 skipped, in 2 min 3 s"));
    sections.put(section(
        "size",
        "#### Bundle size\n\n| file | size | |\n|---|--:|--:|\n| app.js | 31 kB | +0.4 kB |",
    ));
    let production = Frame {
        environment: "production".to_owned(),
        ..frame()
    };
    let in_production = |mut report: Value| {
        report["environment"] = "production".into();
        report["pull-request"] = Value::Null;
        report
    };
    let mut checkpoint = in_production(branch());
    checkpoint["command"] = "checkpoint".into();
    checkpoint["branch"]["name"] = "checkpoint-2026-11-28".into();
    let at = |job| Frame { job, ..frame() };
    let mut back = deploy(["rolled-back", "failed", "skipped", "skipped", "skipped"]);
    back["status"] = "failed".into();
    back["services"][1]["detail"] = "answered 500: `TypeError: cannot read properties of undefined`".into();
    back["error"] = "content-api did not become healthy in 60 s; identity-api is back at its version before\n\
        caused by: https://content-api-preview-42.example.com/health answered 500\n\
        hint: look at its logs: `npx wrangler tail content-api-preview-42`"
        .into();
    let evicted = Frame {
        body: Some(
            "It made room for newer previews: at most 20 are alive at once, and this one was pushed to least \
             recently. To get it back, push a commit or run the workflow again."
                .to_owned(),
        ),
        ..frame()
    };
    let left = json!([
        {"kind": "worker", "name": "content-api-preview-42", "outcome": "failed", "detail": "Cloudflare answered 500"},
        {"kind": "worker", "name": "web-preview-42", "outcome": "deleted"}]);
    json!({
        "01 starting": start(&frame(), since),
        "02 running": running.body("k"),
        "03 ready": ready,
        "04 failed build": told(&at(Job::Failed), &[branch(), failed("deploy-workers", "deploy",
            "could not bundle `content-api`\ncaused by: `npx wrangler deploy --dry-run` ended with 1\ncaused by: ✘ [ERROR] Could not resolve \"./missing\"\n\n    src/index.ts:3:22:\n      3 │ import { missing } from './missing';\nhint: run `npx wrangler deploy --dry-run` in `workers/content-api`")]),
        "05 failed migration": told(&at(Job::Failed), &[failed("neon-branch", "run",
            "`npm run db:migrate` ended with 1 on a copy of `production`\ncaused by: error: relation \"public.users\" does not exist\nhint: the migration was not run on `production`; mend it and push again")]),
        "06 unhealthy": told(&at(Job::Failed), &[branch(), dns(), deploy(deployed), check(Some("content-api"))]),
        "07 put back": told(&at(Job::Failed), &[branch(), dns(), back]),
        "08 evicted": told(&evicted, &[removed(&gone(), 0, 0)]),
        "09 removed": told(&frame(), &[removed(&gone(), 0, 0)]),
        "10 not all removed": told(&frame(), &[removed(&left, 1, 0)]),
        "11 production": told(&production, &[checkpoint, in_production(deploy(deployed)), in_production(check(None))]),
        "12 sections": sections.body("k"),
        "13 cut": cut(frame().run_url.as_deref()),
        "14 a step of one's own": told(&at(Job::Failed), &[branch()]),
    })
}

/// What a pull request, a repository or a vendor's error may hold.
const CORPUS: &[&str] = &[
    "@octocat and @acme/team",
    "#1 GH-1 acme/shop#1 acme/shop@6dcb09b",
    "closes #1, fixes GH-1, resolves https://github.com/acme/shop/issues/1",
    "https://evil.example/x http://evil.example ftp://evil.example www.evil.example WWW.EVIL.EXAMPLE",
    "mailto:eve@evil.example xmpp:eve@evil.example eve@evil.example <https://evil.example> <eve@evil.example>",
    "[x](https://evil.example) ![x](https://evil.example/x.png) [x]: https://evil.example",
    "<img src=https://evil.example/x.png onerror=alert(1)> <script>alert(1)</script> <a href=//evil.example>x</a>",
    "</td></tr></table></details></sub><h1>big</h1>",
    "<!-- codex-actions:k hash=0 run=9999.1 -->",
    "<!-- codex-actions-section:e2e run=9999.1 -->",
    "<!-- never ended",
    "``` ` `` ```` ~~~~",
    "`code` with `a|b` | c || d \\| e \\",
    "a ` b @octocat ` c ` https://evil.example",
    "`` @octocat ` https://evil.example ``",
    "\\`@octocat\\` \\[x](https://evil.example) \\\\[x](https://evil.example)",
    "**bold** __bold__ *it* _it_ ~~gone~~ ~gone~",
    "line\n# heading\n> quote\n- item\n1. item\n---\n===\n| a | b |\n|---|---|\n\n    code\n[!CAUTION]",
    "# heading",
    "> [!CAUTION]",
    "- [ ] task",
    "1. item",
    "$x$ $$y$$ $`z`$ :octocat: :+1:",
    "&lt;img src=x&gt; &#60;img src=x&#62; &amp;lt;",
    "[^1] [^1]: https://evil.example",
    "\u{202e}gnp.exe\u{200f}\u{0} \u{1b}[31m",
    "![](//evil.example) [](javascript:alert(1)) [x]\n\n[x]: javascript:alert(1)",
    "https&#58;//evil.example www&#46;evil.example",
    "****[x](https://evil.example)****",
    "```\n</details>\n<img src=https://evil.example>\n```",
    "hint: [x](https://evil.example)",
    "<https://evil.example/`x`>",
    "a\u{a0}|\u{2028}# b\u{2029}> c\u{b}# d\u{c}# e\r# f",
];

/// Each of the corpus in every place of every report that a stranger's text can come into.
fn hostile() -> Value {
    let mut all = Map::new();
    for (n, text) in CORPUS.iter().enumerate() {
        let service = json!({"service": text, "worker": text, "hostname": text, "url": text, "version-id": text,
            "version-url": text, "state": "failed", "detail": text});
        let told = |what: &str| {
            json!({"action": what, "environment": text, "status": "failed",
                "error": format!("{text}\ncaused by: {text}\nhint: {text}"), "truncated": [{"of": text, "state": text, "count": 1}]})
        };
        let with = |mut report: Value, fields: &Value| {
            for (name, value) in fields.as_object().into_iter().flatten() {
                report[name] = value.clone();
            }
            report
        };
        let reports = [
            with(
                told("neon-branch"),
                &json!({"command": "create", "branch": {"name": text, "parent": text, "expires-at": text},
                "plan": [text], "warnings": [text], "deleted": [text],
                "schema-diff": {"added": 1, "removed": 1, "text": text}}),
            ),
            with(
                told("preview-dns"),
                &json!({"command": "apply", "zone": text, "records": [{"name": text, "content": text, "detail": text}]}),
            ),
            with(told("deploy-workers"), &json!({"services": [service]})),
            with(
                told("health-check"),
                &json!({"endpoints": [{"name": format!("{text} 2"), "url": text, "state": "unhealthy", "detail": text},
                {"name": format!("{text} 3"), "url": text, "state": "healthy", "checks": {(*text): text}}]}),
            ),
            told(text),
        ];
        let frame = Frame {
            title: Some((*text).to_owned()),
            environment: (*text).to_owned(),
            ..Frame::default()
        };
        let cleanup = with(
            told("cleanup"),
            &json!({"left": 1, "kept": 1, "unseen": text, "results": [
            {"kind": "worker", "name": text, "outcome": "failed", "detail": text},
            {"kind": "worker", "name": text, "outcome": "kept", "detail": text},
            {"kind": "worker", "name": text, "outcome": "deleted", "detail": text}]}),
        );
        all.insert(format!("{n} state"), self::told(&frame, &reports).into());
        all.insert(format!("{n} removal"), self::told(&frame, &[cleanup]).into());
    }
    all.into()
}
