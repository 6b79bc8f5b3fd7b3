//! Documents as makers send them, and that nothing takes an unhealthy word back.

use super::node::Node;
use super::*;
use crate::health::{Expect, Outcome, Verdict, Warn, judge};

/// One answer, and what is to be said of it.
#[derive(Clone, Copy)]
struct Case {
    path: &'static str,
    kind: &'static str,
    status: u16,
    body: &'static str,
    told: &'static str,
}

const JSON: &str = "application/json";

const fn case(path: &'static str, status: u16, body: &'static str, told: &'static str) -> Case {
    Case {
        path,
        kind: JSON,
        status,
        body,
        told,
    }
}

const fn of_kind(kind: &'static str, case: Case) -> Case {
    Case { kind, ..case }
}

fn answer(case: &Case) -> Answer {
    Answer {
        status: case.status,
        headers: vec![("content-type".to_owned(), case.kind.to_owned())],
        body: case.body.into(),
        path: case.path.to_owned(),
        ..Answer::default()
    }
}

fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Healthy(None) => "healthy".to_owned(),
        Verdict::Healthy(Some(note)) => format!("healthy: {note}"),
        Verdict::NotYet(why) | Verdict::NotEver { why, .. } => why.to_string(),
    }
}

/// Shapes by their makers' documentation or source (bodies in our own words), asked alone with no more said.
const CORPUS: &[Case] = &[
    // Ours: actions/health-check/README.md.
    case(
        "/health",
        200,
        r#"{"status":"healthy","service":"api","checks":{"database":"ok"}}"#,
        "healthy",
    ),
    case(
        "/health",
        503,
        r#"{"status":"unhealthy","checks":{"database":"error","kv":"ok"}}"#,
        "it says it is unhealthy (database: error) (status 503)",
    ),
    // The platform that this is made for.
    case(
        "/health",
        200,
        r#"{"status":"healthy","service":"content-api","version":"1.0.0","timestamp":"2026-01-01T00:00:00Z","checks":{"database":{"status":"ok"},"kv":{"status":"ok","details":[{"name":"CACHE","status":"ok"}]}}}"#,
        "healthy",
    ),
    case(
        "/health",
        503,
        r#"{"status":"unhealthy","version":"1.0.0","checks":{"database":{"status":"error","message":"no connection"},"kv":{"status":"ok"}}}"#,
        "it says it is unhealthy (database: error, no connection) (status 503)",
    ),
    // A 200 that is none.
    case(
        "/health",
        200,
        r#"{"status":"unhealthy","checks":{"database":{"status":"down"}}}"#,
        "it says it is unhealthy (database: down)",
    ),
    case(
        "/health",
        200,
        r#"{"status":"unhealthy","version":3,"checks":[]}"#,
        "it says it is unhealthy",
    ),
    case(
        "/health",
        200,
        "\u{feff}{\"status\":\"unhealthy\"}",
        "it says it is unhealthy",
    ),
    case("/", 200, r#"{"status":"unhealthy"}"#, "it says it is unhealthy"),
    // A bare word, as most people write it first.
    case("/health", 200, r#"{"status":"ok"}"#, "healthy"),
    case("/healthz", 200, r#"{"status":"OK","uptime":12.5}"#, "healthy"),
    case(
        "/health",
        200,
        r#"{"status":"error"}"#,
        "it says it is unhealthy (`error`)",
    ),
    case("/ping", 200, r#"{"ok":true}"#, "healthy"),
    case("/ping", 200, r#"{"ok":false}"#, "it says it is unhealthy (`false`)"),
    of_kind("text/plain", case("/health", 200, "OK\n", "healthy")),
    of_kind(
        "text/plain",
        case(
            "/ping",
            200,
            "pong",
            "healthy: what it says is not understood (`pong`); its status 200 decides",
        ),
    ),
    // health+json: https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06 §3 and §4.
    of_kind(
        "application/health+json",
        case(
            "/",
            200,
            r#"{"status":"pass","version":"1","releaseId":"1.2.2","checks":{"cassandra:responseTime":[{"componentId":"a","componentType":"datastore","observedValue":250,"status":"pass","output":""}]}}"#,
            "healthy",
        ),
    ),
    of_kind(
        "application/health+json",
        case(
            "/",
            200,
            r#"{"status":"warn","checks":{"memory:utilization":[{"status":"warn","output":"85 %"}]}}"#,
            "healthy: it says it is degraded (memory:utilization: warn, 85 %), which counts as healthy",
        ),
    ),
    of_kind(
        "application/health+json; charset=utf-8",
        case(
            "/",
            200,
            r#"{"status":"fail","output":"no disk"}"#,
            "it says it is unhealthy (`fail`)",
        ),
    ),
    // Spring Boot Actuator: https://docs.spring.io/spring-boot/api/rest/actuator/health.html (2.2 and later).
    of_kind(
        "application/vnd.spring-boot.actuator.v3+json",
        case(
            "/manage",
            200,
            r#"{"status":"UP","groups":["liveness","readiness"]}"#,
            "healthy",
        ),
    ),
    case(
        "/actuator/health",
        503,
        r#"{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"no pool"}},"diskSpace":{"status":"UP","details":{"total":1,"exists":true}}}}"#,
        "it says it is unhealthy (db: DOWN) (status 503)",
    ),
    case(
        "/actuator/health/readiness",
        503,
        r#"{"status":"OUT_OF_SERVICE"}"#,
        "it says it is unhealthy (`OUT_OF_SERVICE`) (status 503)",
    ),
    case(
        "/actuator/health",
        200,
        r#"{"status":"UNKNOWN"}"#,
        "healthy: what it says is not understood (`UNKNOWN`); its status 200 decides",
    ),
    // Spring Boot 2.0 and 2.1 had `details`; composites nest.
    case(
        "/actuator/health",
        200,
        r#"{"status":"UP","details":{"db":{"status":"UP","details":{"first":{"status":"DOWN"}}}}}"#,
        "it says it is healthy, but a check is not ok (db.first: DOWN)",
    ),
    // NestJS Terminus: https://docs.nestjs.com/recipes/terminus
    case(
        "/health",
        200,
        r#"{"status":"ok","info":{"database":{"status":"up"}},"error":{},"details":{"database":{"status":"up"}}}"#,
        "healthy",
    ),
    case(
        "/",
        503,
        r#"{"status":"error","info":{"a":{"status":"up"}},"error":{"redis":{"status":"down","message":"no answer"}},"details":{"a":{"status":"up"},"redis":{"status":"down","message":"no answer"}}}"#,
        "it says it is unhealthy (redis: down, no answer) (status 503)",
    ),
    case(
        "/health",
        503,
        r#"{"status":"shutting_down"}"#,
        "it says it is unhealthy (`shutting_down`) (status 503)",
    ),
    // ASP.NET Core: https://learn.microsoft.com/aspnet/core/host-and-deploy/health-checks (plain text by default).
    of_kind("text/plain", case("/healthz", 200, "Healthy", "healthy")),
    of_kind("text/plain", case("/", 200, "Unhealthy", "it says it is unhealthy")),
    of_kind(
        "text/plain",
        case(
            "/healthz",
            200,
            "Degraded",
            "healthy: it says it is degraded, which counts as healthy",
        ),
    ),
    case(
        "/hc",
        503,
        r#"{"status":"Unhealthy","results":{"sql":{"status":"Unhealthy","description":"no login","data":{}}}}"#,
        "it says it is unhealthy (sql: Unhealthy, no login) (status 503)",
    ),
    // AspNetCore.Diagnostics.HealthChecks: UIResponseWriter.
    case(
        "/hc",
        200,
        r#"{"status":"Healthy","totalDuration":"00:00:00.01","entries":{"redis":{"data":{},"duration":"00:00:00.01","status":"Healthy","tags":["ready"]}}}"#,
        "healthy",
    ),
    // Kubernetes: https://kubernetes.io/docs/reference/using-api/health-checks/
    of_kind(
        "text/plain",
        case("/readyz", 200, "[+]ping ok\n[+]etcd ok\nreadyz check passed", "healthy"),
    ),
    of_kind(
        "text/plain",
        case(
            "/",
            500,
            "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed",
            "it says that a check fails (etcd: failed, reason withheld) (status 500)",
        ),
    ),
    // MicroProfile Health (Quarkus, Open Liberty, Helidon): https://github.com/eclipse/microprofile-health
    case(
        "/q/health",
        503,
        r#"{"status":"DOWN","checks":[{"name":"Database","status":"DOWN","data":{"reason":"x"}},{"name":"live","status":"UP"}]}"#,
        "it says it is unhealthy (Database: DOWN) (status 503)",
    ),
    case(
        "/health",
        200,
        r#"{"outcome":"UP","checks":[{"name":"a","state":"UP"}]}"#,
        "healthy",
    ),
    // Micronaut: https://docs.micronaut.io (HealthEndpoint).
    case(
        "/health",
        200,
        r#"{"name":"app","status":"UP","details":{"jdbc":{"name":"app","status":"DOWN"}}}"#,
        "it says it is healthy, but a check is not ok (jdbc: DOWN)",
    ),
    // Dropwizard: https://www.dropwizard.io/en/stable/manual/core.html#health-checks
    case(
        "/healthcheck",
        500,
        r#"{"deadlocks":{"healthy":true},"database":{"healthy":false,"message":"cannot connect"}}"#,
        "it says that a check fails (database: false, cannot connect) (status 500)",
    ),
    // Services of people's own. Which number is good, only their maker knows: neither counts.
    case(
        "/health",
        200,
        r#"{"isHealthy":false}"#,
        "it says it is unhealthy (`false`)",
    ),
    case(
        "/",
        200,
        r#"{"is_healthy":false,"database":{"isUp":false}}"#,
        "it says it is unhealthy (database: false)",
    ),
    case("/health", 200, r#"{"ok":false}"#, "it says it is unhealthy (`false`)"),
    case(
        "/health",
        200,
        r#"{"status":"ok","checks":{"db":0,"cache":1}}"#,
        "healthy",
    ),
    // etcd: https://etcd.io/docs/latest/op-guide/monitoring/
    case("/health", 200, r#"{"health":"true","reason":""}"#, "healthy"),
    case(
        "/health",
        503,
        r#"{"health":"false","reason":"RAFT NO LEADER"}"#,
        "it says it is unhealthy (`false`) (status 503)",
    ),
    // Elasticsearch: GET _cluster/health.
    case(
        "/_cluster/health",
        200,
        r#"{"cluster_name":"x","status":"yellow","timed_out":false,"number_of_nodes":1}"#,
        "healthy: it says it is degraded, which counts as healthy",
    ),
    case(
        "/_cluster/health",
        200,
        r#"{"cluster_name":"x","status":"red"}"#,
        "it says it is unhealthy (`red`)",
    ),
    // Consul: https://developer.hashicorp.com/consul/api-docs/health
    case(
        "/v1/agent/health",
        200,
        r#"[{"Node":"a","CheckID":"b","Name":"api","Status":"critical","Output":"refused"}]"#,
        "it says that a check fails (api: critical, refused)",
    ),
    // Grafana: GET /api/health.
    case(
        "/api/health",
        200,
        r#"{"commit":"abc","database":"ok","version":"11.0.0"}"#,
        "healthy",
    ),
    case(
        "/api/health",
        503,
        r#"{"commit":"abc","database":"failing","version":"11.0.0"}"#,
        "it says that a check fails (database: failing) (status 503)",
    ),
    // SonarQube: api/system/health and api/system/status.
    case(
        "/api/system/health",
        200,
        r#"{"health":"RED","causes":[{"message":"down"}],"nodes":[]}"#,
        "it says it is unhealthy (`RED`)",
    ),
    case(
        "/api/system/status",
        200,
        r#"{"id":"1","version":"10","status":"DB_MIGRATION_RUNNING"}"#,
        "it says it is unhealthy (`DB_MIGRATION_RUNNING`)",
    ),
    // GitLab: https://docs.gitlab.com/administration/monitoring/health_check/
    case(
        "/-/readiness",
        503,
        r#"{"status":"failed","master_check":[{"status":"failed","message":"unexpected"}]}"#,
        "it says it is unhealthy (master_check: failed, unexpected) (status 503)",
    ),
    // hellofresh/health-go (Go).
    case(
        "/status",
        200,
        r#"{"status":"Partially Available","timestamp":"x","failures":{"rabbit":"no channel"},"system":{"goroutines_count":4}}"#,
        "healthy: it says it is degraded, which counts as healthy",
    ),
    case(
        "/status",
        503,
        r#"{"status":"Unavailable","failures":{"mysql":"Timeout during health check"}}"#,
        "it says it is unhealthy (mysql: Timeout during health check) (status 503)",
    ),
    // alexliesenfeld/health (Go).
    case(
        "/health",
        503,
        r#"{"status":"down","details":{"db":{"status":"down","timestamp":"x","error":"refused"}}}"#,
        "it says it is unhealthy (db: down, refused) (status 503)",
    ),
    // gRPC health over HTTP (grpc.health.v1), as gateways have it.
    case(
        "/healthz",
        503,
        r#"{"status":"NOT_SERVING"}"#,
        "it says it is unhealthy (`NOT_SERVING`) (status 503)",
    ),
    // Statuspage: GET /api/v2/status.json.
    case(
        "/api/v2/status.json",
        200,
        r#"{"page":{"id":"x"},"status":{"indicator":"major","description":"Partial System Outage"}}"#,
        "it says it is unhealthy (`major`)",
    ),
    case(
        "/health",
        200,
        r#"{"page":{"id":"x"},"status":{"indicator":"none","description":"All Systems Operational"}}"#,
        "healthy",
    ),
    case(
        "/health",
        200,
        r#"{"status":{"indicator":"critical","description":"x"}}"#,
        "it says it is unhealthy (`critical`)",
    ),
    // Spring Boot 1: the status is an object when the health is one of several.
    case(
        "/health",
        503,
        r#"{"status":{"code":"DOWN","description":""}}"#,
        "it says it is unhealthy (`DOWN`) (status 503)",
    ),
    // Laravel (spatie/laravel-health): https://spatie.be/docs/laravel-health
    case(
        "/health",
        200,
        r#"{"finishedAt":1,"checkResults":[{"name":"UsedDiskSpace","label":"Disk","notificationMessage":"almost full","status":"warning","meta":{}},{"name":"Database","status":"failed","notificationMessage":"no"}]}"#,
        "it says that a check fails (Database: failed, no)",
    ),
    // Liip's monitor bundle (Symfony).
    case(
        "/monitor/health",
        502,
        r#"{"checks":[{"checkName":"Redis","message":"gone","status":1,"status_name":"check_result_critical"}],"globalStatus":"KO"}"#,
        "it says it is unhealthy (`KO`) (status 502)",
    ),
    // django-health-check in JSON.
    case(
        "/health",
        500,
        r#"{"DatabaseBackend":"working","Cache backend: default":"unavailable: no route"}"#,
        "it says that a check fails (Cache backend: default: unavailable: no route) (status 500)",
    ),
    // Kong: GET /status.
    case(
        "/status",
        200,
        r#"{"database":{"reachable":false},"server":{"connections_active":1}}"#,
        "it says that a check fails (database: false)",
    ),
    // Directus: GET /server/health.
    case(
        "/server/health",
        503,
        r#"{"status":"error","checks":{"pg:responseTime":[{"status":"error","componentType":"datastore","output":"x"}]}}"#,
        "it says it is unhealthy (pg:responseTime: error, x) (status 503)",
    ),
    // Meilisearch, CouchDB, godaddy/terminus, lightship.
    case("/health", 200, r#"{"status":"available"}"#, "healthy"),
    case("/_up", 200, r#"{"status":"ok","seeds":{}}"#, "healthy"),
    of_kind(
        "text/plain",
        case(
            "/ready",
            500,
            "SERVER_IS_NOT_READY",
            "it says it is unhealthy (`SERVER_IS_NOT_READY`) (status 500)",
        ),
    ),
    // Ruby on Rails: GET /up is a page, green or red.
    of_kind(
        "text/html; charset=utf-8",
        case(
            "/up",
            200,
            "<!DOCTYPE html><html><body style=\"background-color: green\"></body></html>",
            "healthy",
        ),
    ),
    // Vault tells its state by the status: https://developer.hashicorp.com/vault/api-docs/system/health
    case(
        "/v1/sys/health",
        200,
        r#"{"initialized":true,"sealed":false,"standby":false,"version":"1.2"}"#,
        "healthy",
    ),
    case(
        "/v1/sys/health",
        503,
        r#"{"initialized":true,"sealed":true,"version":"1.2"}"#,
        "it answered 503: the server behind it gives no answer yet",
    ),
    // Words that nobody knows, and HTTP statuses in the document.
    case(
        "/health",
        200,
        r#"{"status":"flooble"}"#,
        "healthy: what it says is not understood (`flooble`); its status 200 decides",
    ),
    case(
        "/health",
        200,
        r#"{"status":"ok","checks":{"queue":"long"}}"#,
        "healthy: what some of its checks say is not understood (`long`)",
    ),
    case("/health", 200, r#"{"status":200,"message":"fine"}"#, "healthy"),
    case("/health", 200, r#"{"status":503}"#, "it says it is unhealthy (`503`)"),
    // JSON that cannot be read is no proof of health.
    case(
        "/health",
        200,
        r#"{"status":"ok","load":NaN}"#,
        "its JSON cannot be read (expected value at line 1 column 23)",
    ),
    case(
        "/",
        200,
        r#"{"status":"unhealthy","load":NaN}"#,
        "its JSON cannot be read (expected value at line 1 column 30)",
    ),
    // No health documents.
    case("/orders/7", 200, r#"{"id":7,"status":"pending"}"#, "healthy"),
    case("/orders/8", 200, r#"{"id":8,"status":"failed","items":[]}"#, "healthy"),
    case("/orders/9/status", 200, r#"{"status":"error"}"#, "healthy"),
    case(
        "/api/items",
        200,
        r#"{"status":"success","data":{"items":[]}}"#,
        "healthy",
    ),
    case("/jobs", 200, r#"[{"name":"a","status":"failed"}]"#, "healthy"),
    case(
        "/",
        200,
        r#"{"openapi":"3.1.0","info":{"version":"1"},"paths":{}}"#,
        "healthy",
    ),
    case("/", 200, "3", "healthy"),
    of_kind("text/html", case("/", 200, "<html>We are unhealthy", "healthy")),
];

#[test]
fn what_makers_answer_is_understood() {
    let mut wrong = Vec::new();
    for case in CORPUS {
        let found = told(&judge(&Expect::default(), &Outcome::Answered(answer(case))));
        if found != case.told {
            wrong.push(format!(
                "{} {}\n  wanted {}\n  found  {found}",
                case.path, case.body, case.told
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn strict() -> Expect {
    Expect {
        document: Reading::Strict,
        ..Expect::default()
    }
}

#[test]
fn no_password_is_told_of_a_message() {
    let body = r#"{"status":"unhealthy","checks":{"db":{"status":"down","error":"cannot reach postgres://me:s3cr3t@db.host/x now"}}}"#;
    let found = told(&judge(
        &Expect::default(),
        &Outcome::Answered(answer(&case("/health", 503, body, ""))),
    ));
    assert_eq!(
        found,
        "it says it is unhealthy (db: down, cannot reach postgres://db.host/x now) (status 503)"
    );
}

#[test]
fn an_environments_contract_is_strict() {
    for (body, wanted) in [
        (r#"{"status":"healthy"}"#, "healthy"),
        (
            r#"{"status":"healthy","version":1,"checks":{"database":{"status":"ok","latencyMs":3},"size":4}}"#,
            "healthy",
        ),
        (
            r#"{"status":"flooble"}"#,
            "it says `flooble` of itself, which is not understood",
        ),
        (
            r#"{"status":"healthy","checks":{"kv":"slow"}}"#,
            "it says `slow` of a check, which is not understood",
        ),
        (
            r#"{"service":"api"}"#,
            "it answered 200, but not with a health document",
        ),
        ("OK", "it answered 200, but not with a health document"),
        (
            r#"{"status":"#,
            "its JSON cannot be read (EOF while parsing a value at line 1 column 10)",
        ),
    ] {
        let found = told(&judge(
            &strict(),
            &Outcome::Answered(answer(&case("/health", 200, body, ""))),
        ));
        assert_eq!(found, wanted, "{body}");
    }
}

#[test]
fn what_is_expected_outranks_what_is_read() {
    let body = r#"{"status":"degraded","checks":{"kv":"warn"}}"#;
    let degraded = || Outcome::Answered(answer(&case("/health", 200, body, "")));
    let mut expect = Expect::default();
    assert_eq!(
        told(&judge(&expect, &degraded())),
        "healthy: it says it is degraded (kv: warn), which counts as healthy"
    );
    expect.warn = Warn::Fail;
    assert_eq!(told(&judge(&expect, &degraded())), "it says it is degraded (kv: warn)");

    let down = || Outcome::Answered(answer(&case("/health", 503, r#"{"status":"unhealthy"}"#, "")));
    expect.status = "503".parse().unwrap();
    assert_eq!(told(&judge(&expect, &down())), "it says it is unhealthy");
    expect.document = Reading::Told;
    assert_eq!(
        told(&judge(&expect, &down())),
        "healthy: it says it is unhealthy, but what is expected decides"
    );
    expect.document = Reading::None;
    assert_eq!(told(&judge(&expect, &down())), "healthy");
}

fn print(node: &Node) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match node {
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Number(number) => number.to_string(),
        Node::Text(text) => quoted(text),
        Node::List(items) => format!("[{}]", items.iter().map(print).collect::<Vec<_>>().join(",")),
        Node::Map(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}:{}", quoted(key), print(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn parse(text: &str) -> Node {
    serde_json::from_str(text).unwrap()
}

/// Documents of which one word says `#BAD#`.
const SEEDS: &[&str] = &[
    r##"{"status":"#BAD#"}"##,
    r##"{"status":"#BAD#","checks":{"database":"ok"}}"##,
    r##"{"status":"healthy","checks":{"database":"#BAD#","kv":"ok"}}"##,
    r##"{"status":"healthy","version":"1","checks":{"database":{"status":"#BAD#","message":"x"}}}"##,
    r##"{"status":"ok","checks":[{"name":"a","status":"#BAD#"},{"name":"b","status":"ok"}]}"##,
    r##"{"status":"UP","components":{"a":{"status":"UP","components":{"b":{"status":"#BAD#"}}}}}"##,
    r##"{"status":"ok","info":{},"error":{"a":{"status":"#BAD#"}},"details":{"a":{"status":"#BAD#"}}}"##,
    r##"{"status":"pass","checks":{"a:b":[{"status":"pass"},{"status":"#BAD#"}]}}"##,
    r##"{"status":"Healthy","entries":{"sql":{"status":"#BAD#","data":{}}}}"##,
    r##"{"state":{"code":"#BAD#"}}"##,
    r##"{"database":"ok","kv":"#BAD#","status":"ok"}"##,
];

/// Values of each type, words of health among them.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "200",
    "503",
    "-1.5e3",
    "18446744073709551615",
    r#""""#,
    r#""healthy""#,
    r#""ok""#,
    r#""UP""#,
    r#""down""#,
    r#""flooble""#,
    r#""\n\u0000[+]ok""#,
    "[]",
    "{}",
    r#"["ok"]"#,
    r#"[[["ok"]]]"#,
    r#"[{"name":"database","status":"ok"}]"#,
    r#"{"status":"healthy"}"#,
    r#"{"database":"ok","a":{"status":"ok"}}"#,
    r#"{"status":{"status":"ok"}}"#,
];
/// Keys that something is put under.
const KEYS: &[&str] = &[
    "status",
    "Status",
    "state",
    "ok",
    "healthy",
    "checks",
    "components",
    "details",
    "error",
    "version",
    "service",
    "a",
    "database",
    "name",
    "id",
    "message",
    "",
];

/// Every document that comes of putting one value at one place beside the bad word.
fn disturbed(node: &Node, values: &[Node], bad: &str) -> Vec<Node> {
    let mut all = Vec::new();
    let holds_bad = |node: &Node| print(node).contains(bad);
    match node {
        Node::Map(members) => {
            for value in values {
                for key in KEYS {
                    for at in [0, members.len()] {
                        let mut with = members.clone();
                        with.insert(at, ((*key).to_owned(), value.clone()));
                        all.push(Node::Map(with));
                    }
                }
            }
            for (at, (key, child)) in members.iter().enumerate() {
                let mut put = |child: Node| {
                    let mut with = members.clone();
                    with[at] = (key.clone(), child);
                    all.push(Node::Map(with));
                };
                if !holds_bad(child) {
                    values.iter().cloned().for_each(&mut put);
                }
                disturbed(child, values, bad).into_iter().for_each(&mut put);
            }
        }
        Node::List(items) => {
            for value in values {
                for at in [0, items.len()] {
                    let mut with = items.clone();
                    with.insert(at, value.clone());
                    all.push(Node::List(with));
                }
            }
            for (at, child) in items.iter().enumerate() {
                for child in disturbed(child, values, bad) {
                    let mut with = items.clone();
                    with[at] = child;
                    all.push(Node::List(with));
                }
            }
        }
        _ => {}
    }
    all
}

fn at_health(node: &Node) -> Outcome {
    let mut answer = answer(&case("/health", 200, "", ""));
    answer.body = print(node).into_bytes();
    Outcome::Answered(answer)
}

#[test]
fn no_value_at_any_place_takes_an_unhealthy_word_back() {
    let values: Vec<Node> = VALUES.iter().map(|value| parse(value)).collect();
    let mut tried = 0;
    for (bad, seeds) in [("unhealthy", SEEDS), ("DOWN", &SEEDS[..3]), ("fail", &SEEDS[2..4])] {
        for seed in seeds {
            let seed = parse(&seed.replace("#BAD#", bad));
            for node in std::iter::once(seed.clone()).chain(disturbed(&seed, &values, bad)) {
                for expect in [Expect::default(), strict()] {
                    let verdict = judge(&expect, &at_health(&node));
                    assert!(!verdict.is_healthy(), "{}: {verdict:?}", print(&node));
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 50_000, "{tried}");
}

/// The same, several values at once, by a fixed sequence of chances.
#[test]
fn nor_do_several_values_together() {
    let values: Vec<Node> = VALUES.iter().map(|value| parse(value)).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(n).unwrap()).unwrap()
    };
    for _ in 0..300 {
        let mut node = parse(&SEEDS[below(SEEDS.len())].replace("#BAD#", "unhealthy"));
        for _ in 0..3 {
            let value = [values[below(values.len())].clone()];
            let mut all = disturbed(&node, &value, "unhealthy");
            node = all.swap_remove(below(all.len()));
            for expect in [Expect::default(), strict()] {
                let verdict = judge(&expect, &at_health(&node));
                assert!(!verdict.is_healthy(), "{}: {verdict:?}", print(&node));
            }
        }
    }
}

/// A word that only health has is enough, wherever it was found.
#[test]
fn nor_where_only_the_word_tells_that_it_is_one() {
    let values: Vec<Node> = VALUES.iter().map(|value| parse(value)).collect();
    for seed in [
        r#"{"status":"unhealthy"}"#,
        r#"{"status":"unhealthy","checks":{"a":"ok"}}"#,
        r#"{"healthy":false}"#,
    ] {
        for node in disturbed(
            &parse(seed),
            &values,
            if seed.contains("false") { "false" } else { "unhealthy" },
        ) {
            let Outcome::Answered(mut answer) = at_health(&node) else {
                unreachable!()
            };
            answer.path = "/".to_owned();
            let verdict = judge(&Expect::default(), &Outcome::Answered(answer));
            assert!(!verdict.is_healthy(), "{}: {verdict:?}", print(&node));
        }
    }
}
