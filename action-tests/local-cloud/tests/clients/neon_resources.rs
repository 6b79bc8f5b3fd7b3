//! What is in a Neon project besides branches: computes, roles, databases, schemas, operations, keys.

use serde_json::{Value, json};

use crate::neon_world::{KEY, PROJECT, branch, call, call_as, done, get, id, seed, settings, wait};
use crate::world::World;

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
