//! What Neon's API does to a client: locks, operations, races, refusals, expiry.

use serde_json::{Value, json};

use crate::neon_world::{KEY, PRODUCTION, PROJECT, branch, call, call_as, done, get, id, names, seed, settings, wait};
use crate::world::World;

#[tokio::test]
async fn running_operations_lock_the_project_until_they_have_finished() {
    let world = World::new().await;
    let body = json!({"branch": {"name": "preview-pr-42"}, "endpoints": [{"type": "read_write"}], "annotation_value": {"pr": "42"}});
    let created = call(&world, "POST", "/branches", body).await;
    assert_eq!(created.status, 201);
    let created = created.json();
    let statuses: Vec<_> = created["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["status"])
        .collect();
    assert_eq!(statuses, ["running", "scheduling"]);
    let locked = call(&world, "POST", "/branches", json!({"branch": {"name": "other"}})).await;
    assert_eq!(locked.status, 423);
    assert!(
        locked.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("project already has running")
    );
    wait(&world, &created).await;
    let path = format!("/branches/{}", id(&created));
    let read = get(&world, &path).await;
    assert_eq!(
        (&read["branch"]["current_state"], &read["annotation"]["value"]),
        (&json!("ready"), &json!({"pr": "42"}))
    );
    let taken = call(
        &world,
        "POST",
        "/branches",
        json!({"branch": {"name": "preview-pr-42"}}),
    )
    .await;
    assert_eq!(taken.status, 409);
    assert_eq!(
        taken.json()["message"],
        "branch with the provided name \"preview-pr-42\" already exists"
    );
    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 200);
    // Neon's own upkeep locks, too.
    seed(
        &world,
        json!({"operations": [{"action": "check_availability", "ms": 3000}]}),
    )
    .await;
    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 423);
    world.cloud.advance(4).await.unwrap();
    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 204);
    world.cloud.stop().await;
}

#[tokio::test]
async fn without_a_branch_a_connection_leads_to_production() {
    let world = World::new().await;
    let created = branch(&world, "preview-pr-42").await;
    let query = "/connection_uri?database_name=neondb&role_name=neondb_owner";
    let host = created["endpoints"][0]["host"].as_str().unwrap();
    let direct = get(&world, &format!("{query}&branch_id={}", id(&created))).await;
    assert_eq!(direct["uri"], created["connection_uris"][0]["connection_uri"]);
    let pooled = get(&world, &format!("{query}&branch_id={}&pooled=true", id(&created))).await;
    let pooled_host = created["connection_uris"][0]["connection_parameters"]["pooler_host"]
        .as_str()
        .unwrap();
    assert_eq!(pooled_host, host.replacen('.', "-pooler.", 1));
    assert!(pooled["uri"].as_str().unwrap().contains(pooled_host));
    let silent = get(&world, query).await;
    assert!(silent["uri"].as_str().unwrap().contains("ep-quiet-sun-a1b2c3d4"));
    for wrong in [
        "/connection_uri?database_name=neondb",
        "/connection_uri?role_name=neondb_owner",
    ] {
        assert_eq!(call(&world, "GET", wrong, Value::Null).await.status, 400);
    }
    // A second role: which one a connection is for, nobody can say.
    done(
        &world,
        "POST",
        &format!("/branches/{PRODUCTION}/roles"),
        json!({"role": {"name": "app"}}),
    )
    .await;
    let created = branch(&world, "preview-pr-43").await;
    assert!(created.get("connection_uris").is_none());
    assert_eq!(created["roles"].as_array().unwrap().len(), 2);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_new_branch_may_be_unknown_for_a_moment() {
    let world = World::new().await;
    settings(&world, json!({"not_found_after_create": 1})).await;
    let path = format!("/branches/{}", id(&branch(&world, "a").await));
    assert_eq!(call(&world, "GET", &path, Value::Null).await.status, 404);
    assert_eq!(call(&world, "GET", &path, Value::Null).await.status, 200);
    world.cloud.stop().await;
}

#[tokio::test]
async fn branches_vanish_when_their_time_has_come() {
    let world = World::new().await;
    seed(
        &world,
        json!({"branches": [
            {"name": "short", "expires_in_seconds": 3600},
            {"name": "parent"},
            {"name": "child", "parent": "parent"},
            {"name": "keeper", "protected": true},
        ]}),
    )
    .await;
    let list = get(&world, "/branches?search=short").await;
    let short = &list["branches"][0];
    assert_eq!(short["ttl_interval_seconds"], 3600);
    // A minute later a reset starts the hour again.
    world.cloud.advance(60).await.unwrap();
    let path = format!("/branches/{}", short["id"].as_str().unwrap());
    let reset = done(
        &world,
        "POST",
        &format!("{path}/restore"),
        json!({"source_branch_id": PRODUCTION}),
    )
    .await;
    assert_ne!(reset["branch"]["expires_at"], short["expires_at"]);
    let parent = |it: &str| format!("/branches?search={it}");
    for (name, wanted) in [
        ("parent", "child branches"),
        ("keeper", "protected"),
        ("production", "default"),
    ] {
        let found = get(&world, &parent(name)).await;
        let path = format!("/branches/{}", found["branches"][0]["id"].as_str().unwrap());
        let in_an_hour = reset["branch"]["expires_at"].clone();
        let expiring = call(&world, "PATCH", &path, json!({"branch": {"expires_at": in_an_hour}})).await;
        assert_eq!(expiring.status, 422, "{name}");
        let deleting = call(&world, "DELETE", &path, Value::Null).await;
        assert_eq!(deleting.status, 422, "{name}");
        assert!(
            deleting.json()["message"].as_str().unwrap().contains(wanted),
            "{}",
            deleting.text()
        );
    }
    let refused = [
        (json!({"parent_id": short["id"], "name": "x"}), 422),
        (json!({"expires_at": "2020-01-01T00:00:00Z"}), 400),
        (json!({"expires_at": "2099-01-01T00:00:00Z"}), 400),
        (
            json!({"expires_at": reset["branch"]["expires_at"], "protected": true}),
            422,
        ),
    ];
    for (fields, status) in refused {
        let answer = call(&world, "POST", "/branches", json!({"branch": fields})).await;
        assert_eq!(answer.status, status, "{fields}");
    }
    for path in [format!("{path}/set_as_default"), path.clone()] {
        let (method, body) = if path.ends_with("default") {
            ("POST", Value::Null)
        } else {
            ("PATCH", json!({"branch": {"protected": true}}))
        };
        assert_eq!(call(&world, method, &path, body).await.status, 422);
    }
    world.cloud.advance(3601).await.unwrap();
    assert_eq!(names(&world).await, ["child", "keeper", "parent", "production"]);
    assert_eq!(get(&world, "/branches/count").await["count"], 4);
    world.cloud.stop().await;
}

#[tokio::test]
async fn plans_have_limits_with_codes() {
    let world = World::new().await;
    settings(
        &world,
        json!({"plan": "free", "branches_limit": 3, "active_endpoints_limit": 1}),
    )
    .await;
    assert_eq!(
        get(&world, "").await["project"]["owner"]["subscription_type"],
        "free_v3"
    );
    let create = async |body: Value| {
        let answer = call(&world, "POST", "/branches", body).await;
        if answer.status == 201 {
            wait(&world, &answer.json()).await;
        }
        (
            answer.status,
            answer.json()["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let compute = json!([{"type": "read_write"}]);
    assert_eq!(
        create(json!({"endpoints": [{"type": "read_write", "suspend_timeout_seconds": 300}]})).await,
        (412, String::new())
    );
    assert_eq!(
        create(json!({"branch": {"protected": true}})).await,
        (422, "BRANCHES_PROTECTED_LIMIT_EXCEEDED".to_owned())
    );
    assert_eq!(create(json!({"endpoints": compute})).await.0, 201);
    assert_eq!(
        create(json!({"endpoints": compute})).await,
        (422, "ACTIVE_ENDPOINTS_LIMIT_EXCEEDED".to_owned())
    );
    settings(&world, json!({"root_branches_limit": 1, "active_endpoints_limit": 20})).await;
    assert_eq!(
        create(json!({"branch": {"init_source": "schema-only"}, "endpoints": compute})).await,
        (422, "ROOT_BRANCHES_LIMIT_EXCEEDED".to_owned())
    );
    assert_eq!(create(Value::Null).await.0, 201);
    assert_eq!(create(json!({})).await, (422, "BRANCHES_LIMIT_EXCEEDED".to_owned()));
    world.cloud.stop().await;
}

#[tokio::test]
async fn the_past_is_open_for_the_restore_window_alone() {
    let world = World::new().await;
    let created = branch(&world, "a").await;
    let history = format!("/branches/{}/restore", id(&created));
    // Times as the cloud prints them: an hour ago, two days ago.
    let now = get(&world, &format!("/branches/{}", id(&created))).await["branch"]["parent_timestamp"].clone();
    world.cloud.advance(2 * 86_400).await.unwrap();
    for (body, status) in [
        (json!({"branch": {"parent_timestamp": now}}), 422),
        (json!({"branch": {"parent_timestamp": "2099-01-01T00:00:00Z"}}), 422),
        (json!({"branch": {"parent_timestamp": "yesterday"}}), 400),
        (json!({"branch": {"parent_lsn": "0/1"}}), 422),
        (json!({"branch": {"parent_lsn": "0/1", "parent_timestamp": now}}), 400),
        (json!({"branch": {"parent_lsn": "latest"}}), 400),
    ] {
        assert_eq!(
            call(&world, "POST", "/branches", body.clone()).await.status,
            status,
            "{body}"
        );
    }
    settings(&world, json!({"history_retention_seconds": 7 * 86_400})).await;
    let body = json!({"branch": {"name": "then", "parent_timestamp": now}});
    let then = done(&world, "POST", "/branches", body).await;
    assert_eq!(then["branch"]["parent_timestamp"], now);
    let again = json!({"branch": {"name": "lsn", "parent_lsn": then["branch"]["parent_lsn"]}});
    let again = done(&world, "POST", "/branches", again).await;
    assert_eq!(again["branch"]["parent_timestamp"], now);
    let own = json!({"source_branch_id": id(&created), "source_timestamp": now});
    assert_eq!(call(&world, "POST", &history, own.clone()).await.status, 400);
    let mut named = own;
    named["preserve_under_name"] = json!("a_old");
    let restored = done(&world, "POST", &history, named).await;
    let old = get(&world, "/branches?search=a_old").await;
    assert_eq!(restored["branch"]["parent_id"], old["branches"][0]["id"]);
    world.cloud.stop().await;
}

#[tokio::test]
async fn computes_start_stop_and_go() {
    let world = World::new().await;
    let created = done(&world, "POST", "/branches", json!({"branch": {"name": "bare"}})).await;
    assert_eq!(created["endpoints"], json!([]));
    let body = json!({"endpoint": {"branch_id": id(&created), "type": "read_write", "name": "main"}});
    let endpoint = done(&world, "POST", "/endpoints", body.clone()).await["endpoint"].clone();
    assert_eq!(call(&world, "POST", "/endpoints", body).await.status, 409);
    let path = format!("/endpoints/{}", endpoint["id"].as_str().unwrap());
    let state = async || get(&world, &path).await["endpoint"]["current_state"].clone();
    assert_eq!(state().await, "active");
    done(&world, "POST", &format!("{path}/suspend"), Value::Null).await;
    assert_eq!(state().await, "idle");
    done(&world, "POST", &format!("{path}/start"), Value::Null).await;
    assert_eq!(state().await, "active");
    done(&world, "POST", &format!("{path}/restart"), Value::Null).await;
    assert_eq!(state().await, "active");
    world.cloud.advance(301).await.unwrap();
    assert_eq!(state().await, "idle", "nobody was connected");
    let changes = json!({"endpoint": {"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 2, "suspend_timeout_seconds": -1}});
    let answer = done(&world, "PATCH", &path, changes).await;
    assert_eq!(answer["endpoint"]["autoscaling_limit_max_cu"], 2.0);
    let nil = json!({"endpoint": {"settings": {}}});
    assert_eq!(
        call(&world, "PATCH", &path, nil).await.json()["message"],
        "settings must not be nil"
    );
    assert_eq!(
        get(&world, "/endpoints").await["endpoints"].as_array().unwrap().len(),
        2
    );
    done(&world, "DELETE", &path, Value::Null).await;
    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 204);
    let of_branch = format!("/branches/{}/endpoints", id(&created));
    assert_eq!(get(&world, &of_branch).await["endpoints"], json!([]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn roles_databases_and_schemas() {
    let world = World::new().await;
    seed(
        &world,
        json!({"branches": [{"name": "a", "schema": "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n"}]}),
    )
    .await;
    let found = get(&world, "/branches?search=a&sort_by=name").await["branches"].clone();
    let path = format!(
        "/branches/{}",
        found.as_array().unwrap().iter().find(|it| it["name"] == "a").unwrap()["id"]
            .as_str()
            .unwrap()
    );
    let role = done(
        &world,
        "POST",
        &format!("{path}/roles"),
        json!({"role": {"name": "app"}}),
    )
    .await;
    let revealed = get(&world, &format!("{path}/roles/app/reveal_password")).await;
    assert_eq!(revealed["password"], role["role"]["password"]);
    let reset = call(&world, "POST", &format!("{path}/roles/app/reset_password"), Value::Null)
        .await
        .json();
    let still = get(&world, &format!("{path}/roles/app/reveal_password")).await;
    assert_eq!(still, revealed, "valid until the operations have finished");
    wait(&world, &reset).await;
    let then = get(&world, &format!("{path}/roles/app/reveal_password")).await;
    assert_eq!(then["password"], reset["role"]["password"]);
    assert!(
        get(&world, &format!("{path}/roles")).await["roles"][0]
            .get("password")
            .is_none()
    );
    settings(&world, json!({"store_passwords": false})).await;
    let hidden = call(&world, "GET", &format!("{path}/roles/app/reveal_password"), Value::Null).await;
    assert_eq!(hidden.status, 412);

    let shop = json!({"database": {"name": "shop", "owner_name": "app"}});
    done(&world, "POST", &format!("{path}/databases"), shop.clone()).await;
    assert_eq!(
        call(&world, "POST", &format!("{path}/databases"), shop).await.status,
        409
    );
    assert_eq!(
        call(&world, "DELETE", &format!("{path}/roles/app"), Value::Null)
            .await
            .status,
        422
    );
    done(
        &world,
        "PATCH",
        &format!("{path}/databases/shop"),
        json!({"database": {"name": "store"}}),
    )
    .await;
    done(&world, "DELETE", &format!("{path}/databases/store"), Value::Null).await;
    assert_eq!(
        call(&world, "DELETE", &format!("{path}/databases/store"), Value::Null)
            .await
            .status,
        204
    );
    done(&world, "DELETE", &format!("{path}/roles/app"), Value::Null).await;

    let schema = get(&world, &format!("{path}/schema?db_name=neondb")).await;
    assert!(schema["sql"].as_str().unwrap().contains("CREATE TABLE a"));
    let diff = get(&world, &format!("{path}/compare_schema?db_name=neondb")).await;
    assert_eq!(
        diff["diff"],
        "--- production\n+++ a\n@@ -1,0 +1,2 @@\n+CREATE TABLE a (id int);\n+CREATE TABLE b (id int);\n"
    );
    assert_eq!(
        call(&world, "GET", &format!("{path}/schema"), Value::Null).await.status,
        400
    );
    assert_eq!(
        call(&world, "GET", &format!("{path}/schema?db_name=no"), Value::Null)
            .await
            .status,
        404
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn keys_open_what_they_are_for() {
    let world = World::new().await;
    seed(
        &world,
        json!({
            "projects": [{"id": "late-lake-87654321", "name": "other"}],
            "api_keys": [
                {"key": "revoked", "valid": false},
                {"key": "scoped", "project": "late-lake-87654321"},
                {"key": "org", "organization": true},
            ],
        }),
    )
    .await;
    let ask = async |key: &str, path: &str| call_as(&world, key, "GET", path, &Value::Null).await;
    let ours = format!("/projects/{PROJECT}/branches");
    assert_eq!(ask("revoked", &ours).await.status, 401);
    assert_eq!(ask("", &ours).await.status, 401);
    assert_eq!(ask("scoped", &ours).await.status, 404);
    assert_eq!(ask("scoped", "/projects/late-lake-87654321/branches").await.status, 200);
    assert_eq!(ask("scoped", "/projects").await.status, 403);
    assert_eq!(ask("org", "/auth").await.json()["auth_method"], "api_key_org");
    assert_eq!(ask("org", "/users/me").await.status, 404);
    assert_eq!(ask(KEY, "/users/me").await.status, 200);
    let first = ask(KEY, "/projects?limit=1").await.json();
    assert_eq!(first["projects"][0]["id"], PROJECT);
    let cursor = first["pagination"]["cursor"].as_str().unwrap();
    let second = ask(KEY, &format!("/projects?limit=1&cursor={cursor}")).await.json();
    assert_eq!(second["projects"][0]["id"], "late-lake-87654321");
    let unknown = ask(KEY, "/projects/nowhere-1/branches").await;
    assert_eq!(
        (unknown.status, &unknown.json()["message"]),
        (404, &json!("project not found"))
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn operations_are_listed_by_pages() {
    let world = World::new().await;
    settings(&world, json!({"operation_ms": 0})).await;
    for name in ["a", "b"] {
        branch(&world, name).await;
    }
    let mut path = "/operations?limit=3".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = get(&world, &path).await;
        let operations = page["operations"].as_array().unwrap();
        if operations.is_empty() {
            break;
        }
        seen.extend(operations.iter().map(|it| it["action"].as_str().unwrap().to_owned()));
        let cursor = page["pagination"]["cursor"].as_str().unwrap();
        path = format!("/operations?limit=3&cursor={}", cursor.replace('#', "%23"));
    }
    assert_eq!(
        seen,
        ["start_compute", "create_branch", "start_compute", "create_branch"]
    );
    world.cloud.stop().await;
}
