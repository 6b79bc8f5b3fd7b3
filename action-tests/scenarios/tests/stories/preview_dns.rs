//! Stories of `preview-dns`.

mod cancelled;
mod conflicts;
mod custom_domains;
mod former;
mod inputs;
mod neighbours;
mod official_sdk;
mod records;
mod robustness;
mod verify;
mod waiting;
mod whose;

use scenarios::{Run, Start, World, ids};
use serde_json::{Value, json};

/// Nine services, as the pipeline that this replaces had; hostnames `<service>-preview-42.example.com`.
const NINE: [&str; 9] = [
    "auth", "web", "content", "identity", "payments", "mail", "media", "search", "admin",
];

/// A manifest of nine services; `preview` are more keys of the environment `preview`.
fn manifest(preview: &str) -> String {
    let services = NINE
        .map(|name| format!("[services.{name}]\npath = \"workers/{name}\"\n"))
        .concat();
    format!(
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n\n\
         [environments.preview]\nhostname = \"{{subdomain}}-preview-{{pr}}\"\nworker = \"{{worker}}-preview-{{pr}}\"\n{preview}\n\n\
         [environments.production]\nworker = \"{{worker}}-production\"\nrouting = \"custom-domain\"\n\n{services}"
    )
}

/// A world whose zone has the records of any company, and the manifest of nine services.
async fn nine_services() -> World {
    let world = World::start().await;
    seed_records(
        &world,
        json!([
            {"type": "A", "name": "example.com", "content": "192.0.2.10", "ttl": 3600},
            {"type": "MX", "name": "example.com", "content": "mail.example.net", "priority": 10, "ttl": 3600},
            {"type": "CNAME", "name": "www", "content": "example.com", "ttl": 1, "proxied": true},
        ]),
    )
    .await;
    world.file("codex.toml", &manifest(""));
    world
}

/// Adds records to the zone.
async fn seed_records(world: &World, records: Value) {
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "example.com", "records": records}]}}))
        .await;
}

/// A run of the action with the zone's id.
fn dns<'w>(world: &'w World, command: &str) -> Start<'w> {
    world
        .run("preview-dns")
        .input("command", command)
        .input("cloudflare-zone-id", ids::ZONE)
}

/// A run without a manifest, on hostnames.
fn hosts<'w>(world: &'w World, command: &str, hosts: &str) -> Start<'w> {
    dns(world, command).input("zone", "example.com").input("hosts", hosts)
}

/// The zone's records as the cloud has them.
fn zone(world: &World) -> Vec<Value> {
    world.state()["cloudflare"]["zones"][ids::ZONE]["records"]
        .as_array()
        .unwrap()
        .clone()
}

/// The zone's records, one line each: `TYPE name content [proxied] [comment]`.
fn zone_lines(world: &World) -> Vec<String> {
    let line = |record: &Value| {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let proxied = if record["proxied"] == true { " proxied" } else { "" };
        let comment = if text("comment").is_empty() {
            String::new()
        } else {
            format!(" # {}", text("comment"))
        };
        format!(
            "{} {} {}{proxied}{comment}",
            text("type"),
            text("name"),
            text("content")
        )
    };
    let mut lines: Vec<String> = zone(world).iter().map(line).collect();
    lines.sort();
    lines
}

/// `name: action (detail)` of each record in the report.
fn told(run: &Run) -> String {
    let line = |record: &Value| {
        let text = |key: &str| record[key].as_str().unwrap_or_default();
        let detail = if text("detail").is_empty() {
            String::new()
        } else {
            format!(" ({})", text("detail"))
        };
        format!("{} {}: {}{detail}", text("type"), text("name"), text("action"))
    };
    run.report["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A text without the request ids in it, which differ from run to run.
fn without_rays(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("ray ") {
        plain.push_str(before);
        plain.push_str("ray …");
        rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
    }
    plain + rest
}

/// The requests since `mark`; what is asked for at the same time comes in any order.
fn sorted(world: &World, mark: usize) -> String {
    let mut lines = world.lines_since(mark);
    lines.sort();
    lines.join("\n")
}

#[tokio::test]
async fn nine_hostnames_cost_two_turns_to_make_and_two_to_delete() {
    let world = nine_services().await;
    let before = zone_lines(&world);

    let mark = world.mark();
    let made = dns(&world, "apply").go().await;
    assert_eq!(made.code, 0, "{made}");
    insta::assert_snapshot!(sorted(&world, mark), @"
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records 200
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes 200
    POST /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/batch 200
    ");
    assert_eq!((made.output("changed"), zone(&world).len()), ("true", 12));
    made.assert_no_secret_leaks();

    let mark = world.mark();
    let again = dns(&world, "apply").go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    insta::assert_snapshot!(sorted(&world, mark), @"
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records 200
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes 200
    ");

    let mark = world.mark();
    let gone = dns(&world, "delete").go().await;
    assert_eq!((gone.code, gone.output("changed")), (0, "true"), "{gone}");
    insta::assert_snapshot!(world.lines_since(mark).join("\n"), @r"
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records 200
    POST /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/batch 200
    ");
    assert_eq!(zone_lines(&world), before);

    let mark = world.mark();
    let gone_again = dns(&world, "delete").go().await;
    assert_eq!(
        (gone_again.code, gone_again.output("changed")),
        (0, "false"),
        "{gone_again}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn what_a_user_reads() {
    let world = nine_services().await;
    let run = hosts(&world, "apply", "api, shop\nwww2.example.com").go().await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(run.log(), @r"
    ::group::Plan: 3 to create
    + DNS record api.example.com   AAAA 100:: proxied
    + DNS record shop.example.com  AAAA 100:: proxied
    + DNS record www2.example.com  AAAA 100:: proxied
    ::endgroup::
    DNS records in `example.com`: 3 created
    ");
    insta::assert_snapshot!(run.summary, @"
    ### DNS `apply`: preview of acme/app (pull request #42)

    DNS records in `example.com`: 3 created

    | | name | type | content | |
    |---|---|---|---|---|
    | created | `api.example.com` | AAAA | 100::, proxied |  |
    | created | `shop.example.com` | AAAA | 100::, proxied |  |
    | created | `www2.example.com` | AAAA | 100::, proxied |  |
    ");
    assert_eq!(run.report["action"], "preview-dns");
    assert_eq!(run.report["routing"], "route");
    let records: Value = serde_json::from_str(run.output("records")).unwrap();
    assert_eq!(records, run.report["records"]);
    world.finish().await;
}

#[tokio::test]
async fn a_dry_run_plans_and_touches_nothing() {
    let world = nine_services().await;
    let before = zone_lines(&world);
    let mark = world.mark();
    let run = hosts(&world, "apply", "api\nweb").input("dry-run", "true").go().await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    assert_eq!(run.report["status"], "planned");
    insta::assert_snapshot!(run.summary, @"
    ### DNS `apply`: preview of acme/app (pull request #42)

    dry run, nothing was touched in `example.com`: 2 to create

    | | what | name | detail |
    |---|---|---|---|
    | `+` | DNS record | `api.example.com` | AAAA 100:: proxied |
    | `+` | DNS record | `web.example.com` | AAAA 100:: proxied |
    ");
    world.assert_only_reads_since(mark);
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}
