//! What is played: calls with `{placeholders}`, and what sweeps up after them.

use serde_json::{Value, json};

/// How much of an answer is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Its status and whole body.
    Whole,
    /// Its status, keys and types: the answer is about what was there before.
    Shape,
}

pub(crate) enum Body {
    None,
    Json(Value),
    /// The upload form of a Worker with one module.
    Worker,
}

pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Body,
    pub(crate) look: Look,
    /// Values for later placeholders, each by its pointer into the body.
    pub(crate) keep: &'static [(&'static str, &'static str)],
    /// Whether something is there afterwards that was not before.
    pub(crate) makes: bool,
    /// Asked again until the pointer has the value.
    pub(crate) until: Option<(&'static str, &'static str)>,
}

/// Lists, and deletes what bears the throw-away name: an answer that was lost has made something, too.
pub(crate) struct Sweep {
    pub(crate) list: &'static str,
    pub(crate) items: &'static str,
    pub(crate) id: &'static str,
    /// Needed before the deletion.
    pub(crate) before: Option<(&'static str, Value)>,
    pub(crate) delete: &'static str,
}

pub(crate) struct Scenario {
    pub(crate) provider: &'static str,
    pub(crate) steps: Vec<Step>,
    pub(crate) sweeps: Vec<Sweep>,
}

pub(crate) fn step(name: &'static str, method: &'static str, path: &'static str, body: Body) -> Step {
    Step {
        name,
        method,
        path,
        body,
        look: Look::Whole,
        keep: &[],
        makes: false,
        until: None,
    }
}

impl Step {
    fn shape(mut self) -> Self {
        self.look = Look::Shape;
        self
    }

    fn keep(mut self, values: &'static [(&'static str, &'static str)]) -> Self {
        self.keep = values;
        self
    }

    pub(crate) fn makes(mut self) -> Self {
        self.makes = true;
        self
    }

    fn until(mut self, pointer: &'static str, value: &'static str) -> Self {
        self.until = Some((pointer, value));
        self
    }
}

pub(crate) fn all() -> [Scenario; 3] {
    [cloudflare(), neon(), github()]
}

fn cloudflare() -> Scenario {
    const RECORDS: &str = "/zones/{zone_id}/dns_records";
    const RECORD: &str = "/zones/{zone_id}/dns_records/{record}";
    const KV: &str = "/accounts/{account}/storage/kv/namespaces";
    const NAMESPACE: &str = "/accounts/{account}/storage/kv/namespaces/{namespace}";
    const SCRIPT: &str = "/accounts/{account}/workers/scripts/{name}";
    let record = || Body::Json(json!({"type": "TXT", "name": "{name}.{zone}", "content": "\"verify\"", "ttl": 60}));
    let title = || Body::Json(json!({"title": "{name}"}));
    Scenario {
        provider: "cloudflare",
        steps: vec![
            step("zone", "GET", "/zones?name={zone}", Body::None)
                .shape()
                .keep(&[("zone_id", "/result/0/id")]),
            step("make a record", "POST", RECORDS, record())
                .makes()
                .keep(&[("record", "/result/id")]),
            step("make it again", "POST", RECORDS, record()),
            step(
                "find it",
                "GET",
                "/zones/{zone_id}/dns_records?name={name}.{zone}",
                Body::None,
            ),
            step(
                "change it",
                "PATCH",
                RECORD,
                Body::Json(json!({"content": "\"changed\""})),
            ),
            step("delete it", "DELETE", RECORD, Body::None),
            step("delete it again", "DELETE", RECORD, Body::None),
            step("make a namespace", "POST", KV, title())
                .makes()
                .keep(&[("namespace", "/result/id")]),
            step("make it again", "POST", KV, title()),
            step("delete the namespace", "DELETE", NAMESPACE, Body::None),
            step("delete it again", "DELETE", NAMESPACE, Body::None),
            step("upload a Worker", "PUT", SCRIPT, Body::Worker).makes(),
            step(
                "its settings",
                "GET",
                "/accounts/{account}/workers/scripts/{name}/settings",
                Body::None,
            ),
            step(
                "its deployments",
                "GET",
                "/accounts/{account}/workers/scripts/{name}/deployments",
                Body::None,
            ),
            step("delete the Worker", "DELETE", SCRIPT, Body::None),
            step(
                "settings of no Worker",
                "GET",
                "/accounts/{account}/workers/scripts/{name}/settings",
                Body::None,
            ),
        ],
        sweeps: vec![
            Sweep {
                list: "/zones/{zone_id}/dns_records?per_page=100&name={name}.{zone}",
                items: "/result",
                id: "/id",
                before: None,
                delete: "/zones/{zone_id}/dns_records/{id}",
            },
            Sweep {
                list: "/accounts/{account}/storage/kv/namespaces?per_page=100",
                items: "/result",
                id: "/id",
                before: None,
                delete: "/accounts/{account}/storage/kv/namespaces/{id}",
            },
            Sweep {
                list: "/accounts/{account}/workers/scripts",
                items: "/result",
                id: "/id",
                before: None,
                delete: "/accounts/{account}/workers/scripts/{id}",
            },
        ],
    }
}

fn neon() -> Scenario {
    const BRANCHES: &str = "/projects/{project}/branches";
    const BRANCH: &str = "/projects/{project}/branches/{branch}";
    const OPERATION: &str = "/projects/{project}/operations/{operation}";
    const DONE: (&str, &str) = ("/operation/status", "finished");
    let branch = || Body::Json(json!({"branch": {"name": "{name}"}}));
    Scenario {
        provider: "neon",
        steps: vec![
            step("project", "GET", "/projects/{project}", Body::None).shape(),
            step("make a branch", "POST", BRANCHES, branch())
                .makes()
                .keep(&[("branch", "/branch/id"), ("operation", "/operations/0/id")]),
            step("wait for it", "GET", OPERATION, Body::None).until(DONE.0, DONE.1),
            step("make it again", "POST", BRANCHES, branch()),
            step(
                "find it",
                "GET",
                "/projects/{project}/branches?search={name}",
                Body::None,
            )
            .shape(),
            step(
                "rename it",
                "PATCH",
                BRANCH,
                Body::Json(json!({"branch": {"name": "{name}-new"}})),
            ),
            step(
                "its databases",
                "GET",
                "/projects/{project}/branches/{branch}/databases",
                Body::None,
            )
            .shape(),
            step("delete it", "DELETE", BRANCH, Body::None).keep(&[("operation", "/operations/0/id")]),
            step("wait for that", "GET", OPERATION, Body::None).until(DONE.0, DONE.1),
            step("look for it", "GET", BRANCH, Body::None),
        ],
        sweeps: vec![Sweep {
            list: "/projects/{project}/branches?search={name}",
            items: "/branches",
            id: "/id",
            before: None,
            delete: "/projects/{project}/branches/{id}",
        }],
    }
}

fn github() -> Scenario {
    const DEPLOYMENTS: &str = "/repos/{repository}/deployments";
    const DEPLOYMENT: &str = "/repos/{repository}/deployments/{deployment}";
    const STATUSES: &str = "/repos/{repository}/deployments/{deployment}/statuses";
    const COMMENT: &str = "/repos/{repository}/issues/comments/{comment}";
    let state = |state: &str| Body::Json(json!({"state": state, "environment_url": "https://example.com"}));
    let deployment = json!({
        "ref": "{branch}", "environment": "{name}", "auto_merge": false, "required_contexts": [], "transient_environment": true,
    });
    Scenario {
        provider: "github",
        steps: vec![
            step("repository", "GET", "/repos/{repository}", Body::None)
                .shape()
                .keep(&[("branch", "/default_branch")]),
            step(
                "comment",
                "POST",
                "/repos/{repository}/issues/{issue}/comments",
                Body::Json(json!({"body": "{name}"})),
            )
            .shape()
            .makes()
            .keep(&[("comment", "/id")]),
            step(
                "change it",
                "PATCH",
                COMMENT,
                Body::Json(json!({"body": "{name} changed"})),
            )
            .shape(),
            step("delete it", "DELETE", COMMENT, Body::None),
            step("delete it again", "DELETE", COMMENT, Body::None),
            step("make a deployment", "POST", DEPLOYMENTS, Body::Json(deployment))
                .shape()
                .makes()
                .keep(&[("deployment", "/id")]),
            step("it succeeds", "POST", STATUSES, state("success")).shape(),
            step("delete it while active", "DELETE", DEPLOYMENT, Body::None),
            step("it ends", "POST", STATUSES, state("inactive")).shape(),
            step("its statuses", "GET", STATUSES, Body::None).shape(),
            step("delete it", "DELETE", DEPLOYMENT, Body::None),
            step("look for it", "GET", DEPLOYMENT, Body::None),
        ],
        sweeps: vec![
            Sweep {
                list: "/repos/{repository}/issues/{issue}/comments?per_page=100",
                items: "",
                id: "/id",
                before: None,
                delete: "/repos/{repository}/issues/comments/{id}",
            },
            Sweep {
                list: "/repos/{repository}/deployments?environment={name}",
                items: "",
                id: "/id",
                before: Some((
                    "/repos/{repository}/deployments/{id}/statuses",
                    json!({"state": "inactive"}),
                )),
                delete: "/repos/{repository}/deployments/{id}",
            },
            Sweep {
                list: "/repos/{repository}/environments?per_page=100",
                items: "/environments",
                id: "/name",
                before: None,
                delete: "/repos/{repository}/environments/{id}",
            },
        ],
    }
}
