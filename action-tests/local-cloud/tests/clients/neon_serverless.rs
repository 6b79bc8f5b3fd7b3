//! Neon's serverless driver against real branches: SQL over HTTP and `WebSocket`s, from Node and from Workers; and a
//! plain Postgres client over TLS.

use std::fs;

use serde_json::{Value, json};

use crate::http;
use crate::neon_world::{PRODUCTION, branch, call, get, id};
use crate::npm;
use crate::world::{ACCOUNT, TOKEN, World};

/// The start of every script: as a team sets the driver up for a proxy on its own machine.
const HEAD: &str = r#"
import { createRequire } from "node:module";
const require = createRequire(process.argv[2]);
const { neon, neonConfig, Pool } = require("@neondatabase/serverless");
const pg = require("pg");
const url = process.argv[3];
const { port, hostname } = new URL(url);
neonConfig.webSocketConstructor = require("ws");
neonConfig.fetchEndpoint = () => `https://localhost:${port}/sql`;
neonConfig.wsProxy = (host) => `localhost:${port}/v2?address=${host}:${port}`;
const out = {};
const refused = ({ name, message, code, severity, position, routine }) => ({ name, message, code, severity, position, routine });
"#;

async fn run(world: &World, uri: &str, script: &str) -> Value {
    world.write(
        "script.mjs",
        &format!("{HEAD}\n{script}\nconsole.log(JSON.stringify(out));\n"),
    );
    let file = world.directory.path().join("script.mjs");
    let main = npm::runtime().join("main.mjs");
    let ended = world.node(&file, &[main.to_str().unwrap(), uri], "", &file).await.ok();
    serde_json::from_str(&ended.stdout).unwrap()
}

async fn uri(world: &World, branch: &str, pooled: bool) -> String {
    let path =
        format!("/connection_uri?database_name=neondb&role_name=neondb_owner&branch_id={branch}&pooled={pooled}");
    get(world, &path).await["uri"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn sql_over_http_has_values_batches_and_errors_as_neon_has_them() {
    let world = World::with_runtime_and_front().await;
    let script = r#"
        const sql = neon(url);
        out.values = await sql`SELECT ${41}::int + 1 AS n, ${"x"} AS text, ${[1, 2]}::int[] AS list, '{"a": [1]}'::jsonb AS doc, NULL AS nothing, true AS yes`;
        out.full = await neon(url, { fullResults: true, arrayMode: true })`SELECT 1::int4 AS n`;
        out.command = await sql.query("CREATE TABLE t (n int UNIQUE)", [], { fullResults: true }).then(({ command, rowCount }) => [command, rowCount]);
        out.batch = await sql.transaction([sql`INSERT INTO t VALUES (1), (2)`, sql`SELECT sum(n)::int AS sum FROM t`], { fullResults: true }).then((all) => all.map(({ command, rowCount, rows }) => [command, rowCount, rows]));
        out.failed = await sql.transaction([sql`INSERT INTO t VALUES (3)`, sql`SELECT 1/0`]).catch(refused);
        out.after = await sql`SELECT count(*)::int AS n FROM t`;
        out.readOnly = await sql.transaction([sql`INSERT INTO t VALUES (4)`], { readOnly: true, isolationLevel: "Serializable", deferrable: true }).catch(refused);
        out.level = await sql.transaction([sql`SHOW transaction_isolation`, sql`SHOW transaction_deferrable`, sql`SHOW transaction_read_only`], { isolationLevel: "RepeatableRead" });
        out.missing = await sql`SELECT * FROM nowhere`.catch(refused);
        out.twice = await sql`INSERT INTO t VALUES (1)`.catch(({ code, constraint, table, schema, detail }) => ({ code, constraint, table, schema, detail }));
        out.password = await neon(url.replace(/:[^:@]+@/, ":wrong@"))`SELECT 1`.catch(({ message, code }) => [message, code ?? null]);
        out.endpoint = await neon(url.replace(/@ep-/, "@ep-not-"))`SELECT 1`.catch(({ message }) => message);
        out.database = await neon(url.replace("/neondb?", "/other?"))`SELECT 1`.catch(({ message, code }) => [message, code]);
    "#;
    let out = run(&world, &uri(&world, PRODUCTION, true).await, script).await;
    assert_eq!(
        out["values"],
        json!([{"n": 42, "text": "x", "list": [1, 2], "doc": {"a": [1]}, "nothing": null, "yes": true}])
    );
    let full = &out["full"];
    assert_eq!(full["rows"], json!([[1]]));
    assert_eq!((&full["command"], &full["rowCount"]), (&json!("SELECT"), &json!(1)));
    assert_eq!(
        full["fields"],
        json!([{"name": "n", "dataTypeID": 23, "tableID": 0, "columnID": 0, "dataTypeSize": 4, "dataTypeModifier": -1, "format": "text"}])
    );
    assert_eq!(out["command"], json!(["CREATE", null]));
    assert_eq!(out["batch"], json!([["INSERT", 2, []], ["SELECT", 1, [{"sum": 3}]]]));
    assert_eq!(
        out["failed"],
        json!({"name": "NeonDbError", "message": "division by zero", "code": "22012", "severity": "ERROR", "routine": "int4div"})
    );
    assert_eq!(out["after"], json!([{"n": 2}]));
    assert_eq!(out["readOnly"]["code"], "25006");
    assert_eq!(
        out["level"],
        json!([[{"transaction_isolation": "repeatable read"}], [{"transaction_deferrable": "off"}], [{"transaction_read_only": "off"}]])
    );
    assert_eq!(
        out["missing"],
        json!({"name": "NeonDbError", "message": "relation \"nowhere\" does not exist", "code": "42P01", "severity": "ERROR", "position": "15", "routine": "parserOpenTable"})
    );
    assert_eq!(
        out["twice"],
        json!({"code": "23505", "constraint": "t_n_key", "table": "t", "schema": "public", "detail": "Key (n)=(1) already exists."})
    );
    assert_eq!(
        out["password"],
        json!(["password authentication failed for user 'neondb_owner'", null])
    );
    assert!(
        out["endpoint"].as_str().unwrap().contains("could not be found"),
        "{out}"
    );
    assert_eq!(out["database"], json!(["database \"other\" does not exist", "3D000"]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn websockets_and_plain_connections_lead_to_the_branch_and_end_with_its_compute() {
    let world = World::with_runtime_and_front().await;
    let made = branch(&world, "one").await;
    let uri = uri(&world, &id(&made), false).await;
    assert!(uri.contains(".localhost:") && uri.contains("sslmode=require"), "{uri}");
    let script = r#"
        const pool = new Pool({ connectionString: url });
        const client = await pool.connect();
        await client.query("CREATE TABLE t (n int)");
        await client.query("BEGIN");
        await client.query("INSERT INTO t SELECT generate_series(1, 20000)");
        await client.query("COMMIT");
        out.rows = (await client.query("SELECT n FROM t ORDER BY n")).rows.length;
        out.error = await client.query("SELECT nothing").catch(refused);
        client.release();
        await pool.end();
        const wrong = new Pool({ connectionString: url.replace(/:[^:@]+@/, ":wrong@") });
        out.password = await wrong.query("SELECT 1").catch(({ code }) => code);
        const plain = new pg.Client({ connectionString: url.split("?")[0].replace(hostname, "127.0.0.1"), ssl: { servername: hostname } });
        await plain.connect();
        out.plain = (await plain.query("SELECT count(*)::int AS n FROM t")).rows;
        await plain.end();
    "#;
    let out = run(&world, &uri, script).await;
    assert_eq!(out["rows"], 20000);
    assert_eq!(out["error"]["code"], "42703");
    assert_eq!(out["password"], "28P01");
    assert_eq!(out["plain"], json!([{"n": 20000}]));

    // A session ends with its compute.
    world.write(
        "sleep.mjs",
        &format!(
            "{HEAD}
        const client = await new Pool({{ connectionString: url }}).connect();
        client.on('error', () => {{}});
        console.log(await client.query('SELECT pg_sleep(60)').catch(({{ code }}) => code ?? 'closed'));
        process.exit(0);"
        ),
    );
    let endpoint = made["endpoints"][0]["id"].as_str().unwrap().to_owned();
    let file = world.directory.path().join("sleep.mjs");
    let main = npm::runtime().join("main.mjs");
    let asleep = async {
        let arguments = [main.to_str().unwrap(), uri.as_str()];
        world.node(&file, &arguments, "", &file).await.stdout
    };
    let suspend = async {
        while get(&world, &format!("/endpoints/{endpoint}")).await["endpoint"]["current_state"] != "active"
            || world
                .cloud
                .state()
                .unwrap()
                .to_string()
                .matches("\"connections\":1")
                .count()
                == 0
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        call(&world, "POST", &format!("/endpoints/{endpoint}/suspend"), json!({})).await
    };
    let (said, _) = tokio::join!(asleep, suspend);
    assert_eq!(said.trim(), "57P01");
    world.cloud.stop().await;
}

/// Uses the driver as it comes: its own endpoints, on their usual ports.
const WORKER: &str = r#"
import { neon, Pool } from "./driver.mjs";
export default {
  async fetch(request, env) {
    const sql = neon(env.DATABASE_URL);
    await sql`CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now())`;
    await sql`INSERT INTO visits DEFAULT VALUES`;
    const pool = new Pool({ connectionString: env.DATABASE_URL });
    const { rows } = await pool.query("SELECT count(*)::int AS n FROM visits");
    await pool.end();
    return Response.json({ url: request.url, rows });
  },
};
"#;

#[tokio::test]
async fn a_worker_uses_the_driver_as_it_comes() {
    let world = World::with_runtime_and_front().await;
    let uri = uri(&world, PRODUCTION, true).await;
    let driver = npm::runtime().join("node_modules/@neondatabase/serverless/index.mjs");
    let metadata = json!({
        "main_module": "index.js", "compatibility_date": "2026-07-01",
        "bindings": [{"type": "secret_text", "name": "DATABASE_URL", "text": uri}],
    });
    let field = |name: &str, kind: &str, text: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{text}\r\n"
        )
    };
    let esm = "application/javascript+module";
    let body = [
        field("metadata", "application/json", &metadata.to_string()),
        field("index.js", esm, WORKER),
        field("driver.mjs", esm, &fs::read_to_string(driver).unwrap()),
        "--x--\r\n".to_owned(),
    ];
    let url = format!("{}/accounts/{ACCOUNT}/workers/scripts/api", world.cloud.cloudflare);
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    assert_eq!(
        http::send("PUT", &url, &headers, body.concat()).await.unwrap().status,
        200
    );
    let subdomain = format!("/accounts/{ACCOUNT}/workers/scripts/api/subdomain");
    world.api("POST", &subdomain, &json!({"enabled": true})).await;
    for n in [1, 2] {
        let answer = world.visit("api.acme.workers.dev", "/").await;
        assert_eq!(answer.json()["rows"], json!([{"n": n}]), "{}", answer.text());
    }

    // The edge speaks TLS, too, on the same port: with a certificate for whatever name is asked for.
    let port = world.cloud.edge.rsplit(':').next().unwrap().to_owned();
    let script = format!(
        r#"
        const https = await import("node:https");
        const ask = (servername) => new Promise((resolve, reject) => https.get(
          {{ host: "127.0.0.1", port: {port}, path: "/x", servername, headers: {{ host: servername }} }},
          async (response) => resolve([response.statusCode, (await response.toArray()).join("")])).on("error", reject));
        const [status, text] = await ask("api.acme.workers.dev");
        out.answer = [status, JSON.parse(text).url];
        out.nowhere = await ask("a.b.nothing.localhost");
    "#
    );
    let out = run(&world, &uri, &script).await;
    assert_eq!(out["answer"], json!([200, "https://api.acme.workers.dev/x"]));
    assert_eq!(out["nowhere"], json!([530, "error code: 1016"]));
    let ca = world.admin("GET", "/ca.pem", &Value::Null).await;
    assert_eq!(ca.text(), world.cloud.ca);
    world.cloud.stop().await;
}
