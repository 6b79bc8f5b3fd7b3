//! What Neon's API does to a client: locks, operations, races, refusals, expiry.

use serde_json::{Value, json};

use crate::neon_world::{PRODUCTION, branch, call, done, get, id, names, seed, settings, wait};
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
