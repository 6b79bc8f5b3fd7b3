//! The production database, as the consumer's own Postgres client sees it.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::cloud::Cloud;
use super::consumer::Consumer;
use super::world::{DB_METHOD, NEON_PROJECT};
use crate::child;

const LIMIT: Duration = Duration::from_mins(1);

/// What an earlier production deploy left: the schema and a few rows.
pub(crate) fn fill(cloud: &Cloud, consumer: &Consumer) -> Result<String> {
    let url = url(cloud)?;
    for script in ["db:migrate", "db:seed"] {
        run(Command::new("npm").args(["run", "--silent", script]), consumer, &url)?;
    }
    Ok("its database has the schema and a few rows, as earlier deploys left it".to_owned())
}

/// How many rows of production the query counts; `$1` in it is `value`.
pub(crate) fn count(cloud: &Cloud, consumer: &Consumer, query: &str, value: &str) -> Result<u64> {
    const PROGRAM: &str = "import { neon, neonConfig } from '@neondatabase/serverless';
        import { configure } from './packages/database/src/endpoints.ts';
        const { DATABASE_URL: url, DB_METHOD: method, QUERY, VALUE } = process.env;
        configure(neonConfig, url, method);
        const [row] = await neon(url).query(QUERY, [VALUE]);
        console.log(Number(row.count));";
    // The platform's own, which reads TypeScript.
    let mut node = Command::new(consumer.folder.join("node_modules/.bin/node"));
    node.args(["--input-type=module", "--eval", PROGRAM])
        .env("QUERY", query)
        .env("VALUE", value);
    let printed = run(&mut node, consumer, &url(cloud)?)?;
    printed
        .trim()
        .parse()
        .with_context(|| format!("the count is no number: {printed}"))
}

/// Neon's own answer to where production is.
fn url(cloud: &Cloud) -> Result<String> {
    let project = format!("{}/projects/{NEON_PROJECT}", cloud.neon);
    let branches = cloud.ask_neon(&format!("{project}/branches"))?;
    let branches = branches["branches"].as_array().map_or(&[][..], Vec::as_slice);
    let production = branches
        .iter()
        .find(|branch| branch["default"] == true)
        .context("no branch is the default")?;
    let id = production["id"].as_str().unwrap_or_default();
    let answer = cloud.ask_neon(&format!(
        "{project}/connection_uri?branch_id={id}&database_name=neondb&role_name=neondb_owner"
    ))?;
    answer["uri"]
        .as_str()
        .map(str::to_owned)
        .context("Neon named no connection string")
}

fn run(command: &mut Command, consumer: &Consumer, database_url: &str) -> Result<String> {
    child::scrub(command);
    let (method, local_proxy) = DB_METHOD;
    command
        .current_dir(&consumer.folder)
        .env("DATABASE_URL", database_url)
        .env(method, local_proxy);
    let done = child::run(command, LIMIT)?;
    if !done.status.success() {
        bail!(
            "`{}` ended with {}\n{}",
            command.get_program().display(),
            done.status,
            done.both()
        );
    }
    Ok(done.stdout)
}
