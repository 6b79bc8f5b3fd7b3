//! Branches on the runtime: real databases, reached by a real Postgres client.

use serde_json::{Value, json};

use crate::neon_world::{PRODUCTION, branch, call, done, get, id, seed, wait};
use crate::npm;
use crate::world::World;

/// Runs one statement per connection string; prints the rows, or the code of the error.
const SCRIPT: &str = r#"
import { createRequire } from "node:module";
const pg = createRequire(process.argv[2])("pg");
let input = "";
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const [uri, sql] of JSON.parse(input)) {
  const client = new pg.Client(uri);
  client.on("error", () => {});
  try {
    await client.connect();
    answers.push((await client.query(sql)).rows);
  } catch (error) {
    answers.push(error.code);
  } finally {
    await client.end().catch(() => {});
  }
}
console.log(JSON.stringify(answers));
"#;

async fn sql(world: &World, statements: &[(&str, &str)]) -> Value {
    world.write("query.mjs", SCRIPT);
    let script = world.directory.path().join("query.mjs");
    let main = npm::runtime().join("main.mjs");
    let input = json!(statements).to_string();
    let arguments = [main.to_str().unwrap()];
    let ended = world.node(&script, &arguments, &input, &script).await.ok();
    serde_json::from_str(&ended.stdout).unwrap()
}

fn uri(created: &Value) -> String {
    created["connection_uris"][0]["connection_uri"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn uri_of(world: &World, branch: &str, pooled: bool) -> String {
    let path =
        format!("/connection_uri?database_name=neondb&role_name=neondb_owner&branch_id={branch}&pooled={pooled}");
    get(world, &path).await["uri"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn branches_are_isolated_copies() {
    let world = World::with_runtime().await;
    let production = uri_of(&world, PRODUCTION, false).await;
    let table = "create table orders (id serial primary key, item text); insert into orders (item) values ('tea')";
    sql(&world, &[(&production, table)]).await;
    let (one, other) = (branch(&world, "one").await, branch(&world, "other").await);
    let count = "select count(*)::int as n from orders";
    let rows = sql(
        &world,
        &[
            (&uri(&one), "insert into orders (item) values ('coffee')"),
            (&uri(&other), "delete from orders"),
            (&uri(&one), count),
            (&uri(&other), count),
            (&production, count),
            (&uri_of(&world, &id(&one), true).await, count),
        ],
    )
    .await;
    let n = |n: u32| json!([{"n": n}]);
    assert_eq!(rows, json!([[], [], n(2), n(0), n(1), n(2)]));

    // The migrations of a branch show in its schema, not in its parent's.
    sql(&world, &[(&uri(&one), "alter table orders add column price int")]).await;
    let diff = get(&world, &format!("/branches/{}/compare_schema?db_name=neondb", id(&one))).await;
    assert!(diff["diff"].as_str().unwrap().contains("+    price integer"), "{diff}");

    // A reset takes the parent's rows back, at the same address.
    let path = format!("/branches/{}", id(&other));
    done(
        &world,
        "POST",
        &format!("{path}/restore"),
        json!({"source_branch_id": one["branch"]["parent_id"]}),
    )
    .await;
    assert_eq!(sql(&world, &[(&uri(&other), count)]).await, json!([n(1)]));

    // A schema-only branch has the tables and none of the rows.
    let body = json!({"branch": {"init_source": "schema-only"}, "endpoints": [{"type": "read_write"}]});
    let empty = done(&world, "POST", "/branches", body).await;
    assert_eq!(sql(&world, &[(&uri(&empty), count)]).await, json!([n(0)]));

    done(&world, "DELETE", &path, Value::Null).await;
    assert_eq!(sql(&world, &[(&uri(&other), count)]).await, json!(["ECONNREFUSED"]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn each_branch_has_passwords_of_its_own() {
    let world = World::with_runtime().await;
    let created = branch(&world, "a").await;
    let (uri, path) = (uri(&created), format!("/branches/{}", id(&created)));
    let who = "select current_user as who";
    let wrong = uri.replace(":npg_", ":wrong_");
    let nowhere = uri.replace("/neondb?", "/shop?");
    assert_eq!(
        sql(&world, &[(&wrong, who), (&nowhere, who)]).await,
        json!(["28P01", "3D000"])
    );
    let role = done(
        &world,
        "POST",
        &format!("{path}/roles"),
        json!({"role": {"name": "app"}}),
    )
    .await;
    let password = role["role"]["password"].as_str().unwrap();
    let (_, at) = uri.split_once('@').unwrap();
    let as_app = format!("postgresql://app:{password}@{at}");
    assert_eq!(sql(&world, &[(&as_app, who)]).await, json!([[{"who": "app"}]]));

    let reset = call(
        &world,
        "POST",
        &format!("{path}/roles/neondb_owner/reset_password"),
        Value::Null,
    )
    .await;
    wait(&world, &reset.json()).await;
    let fresh = uri_of(&world, &id(&created), false).await;
    let production = uri_of(&world, PRODUCTION, false).await;
    let answers = sql(&world, &[(&uri, who), (&fresh, who), (&production, who)]).await;
    let owner = json!([{"who": "neondb_owner"}]);
    assert_eq!(answers, json!(["28P01", owner, owner]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn an_expired_branch_takes_its_database_and_its_address_along() {
    let world = World::with_runtime().await;
    seed(
        &world,
        json!({"branches": [{"name": "short", "expires_in_seconds": 3600}]}),
    )
    .await;
    let found = get(&world, "/branches?search=short").await;
    let uri = uri_of(&world, found["branches"][0]["id"].as_str().unwrap(), false).await;
    let databases = "select count(*)::int as n from pg_database where datname like 'branch_database_%'";
    assert_eq!(sql(&world, &[(&uri, databases)]).await, json!([[{"n": 2}]]));
    world.cloud.advance(3601).await.unwrap();
    let production = uri_of(&world, PRODUCTION, false).await;
    let answers = sql(&world, &[(&uri, databases), (&production, databases)]).await;
    assert_eq!(answers, json!(["ECONNREFUSED", [{"n": 1}]]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn production_goes_back_to_what_it_was_and_keeps_what_it_became() {
    let world = World::with_runtime().await;
    let production = uri_of(&world, PRODUCTION, false).await;
    let table = "create table orders (id serial primary key); insert into orders default values";
    sql(&world, &[(&production, table)]).await;
    seed(&world, json!({"remember": ["production"]})).await;
    world.cloud.advance(60).await.unwrap();
    let then = world.admin("GET", "/clock", &Value::Null).await.json()["now"].clone();
    world.cloud.advance(60).await.unwrap();
    sql(
        &world,
        &[(&production, "insert into orders select from generate_series(1, 9)")],
    )
    .await;

    let path = format!("/branches/{PRODUCTION}/restore");
    let body = json!({"source_branch_id": PRODUCTION, "source_timestamp": then, "preserve_under_name": "before"});
    let restored = done(&world, "POST", &path, body).await;
    let kept = restored["branch"]["parent_id"].as_str().unwrap();
    let compute = json!({"endpoint": {"branch_id": kept, "type": "read_write"}});
    done(&world, "POST", "/endpoints", compute).await;
    let count = "select count(*)::int as n from orders";
    let answers = sql(
        &world,
        &[(&production, count), (&uri_of(&world, kept, false).await, count)],
    )
    .await;
    assert_eq!(answers, json!([[{"n": 1}], [{"n": 10}]]));
    world.cloud.stop().await;
}
