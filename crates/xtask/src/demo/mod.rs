//! `cargo xtask demo`: a pull request gets its own copy of a five-Worker platform, and loses it again.
//!
//! Three vendors' APIs are local stand-ins; the actions' binaries, wrangler, workerd and Postgres are real.

pub(crate) mod cloud;
pub(crate) mod consumer;
pub(crate) mod event;
mod neighbours;
mod outcome;
mod production;
mod row;
mod runner;
mod sentence;
mod story;
mod told;
pub(crate) mod verify;
mod watch;
pub(crate) mod world;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use self::cloud::Cloud;
use self::consumer::Consumer;
use self::outcome::Outcome;
use self::runner::Runner;
use self::story::{Service, Story};
use self::verify::Inventory;
use self::world::PULL_REQUEST;
use crate::child;
use crate::install::{self, Done};
use crate::say;
use crate::workspace::Workspace;

#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    /// Do not wait for Enter before closing.
    pub(crate) once: bool,
    /// The last line is a JSON object.
    pub(crate) json: bool,
    /// Stop before closing.
    pub(crate) keep: bool,
}

pub(crate) fn run(workspace: &Workspace, options: Options) -> Result<ExitCode> {
    let start = Instant::now();
    told::phase("Getting ready");
    for folder in ["action-tests/runtime", "action-tests/platform"] {
        told::step("npm ci", || {
            Ok(((), format!("in {folder}{}", already(install::npm(workspace, folder)?))))
        })?;
    }
    if !workspace.bin.join("local-cloud").exists() {
        say!("  (a first build takes some minutes)");
    }
    told::step("cargo build", || {
        crate::test::build_binaries(workspace)?;
        Ok(((), "the six actions and local-cloud, without LTO".to_owned()))
    })?;
    let scratch = workspace.scratch("demo")?;
    let cloud = told::step("local-cloud", || {
        let cloud = Cloud::start(workspace)?;
        let what = format!(
            "GitHub, Cloudflare and Neon with workerd and Postgres, edge at {}",
            cloud.edge
        );
        Ok((cloud, what))
    })?;
    let before = told::step("neighbours", || {
        neighbours::move_in(&cloud)?;
        let before = Inventory::of(&cloud.state()?);
        let counts: Vec<_> = before
            .counts()
            .into_iter()
            .map(|(kind, n)| sentence::plural(n, kind))
            .collect();
        Ok((
            before,
            format!("not ours, some with confusable names: {}", counts.join(", ")),
        ))
    })?;
    let mut consumer = told::step("consumer", || {
        let consumer = Consumer::create(workspace, &scratch.path().join("app"), cloud.edge_port())?;
        Ok((consumer, "a checkout of action-tests/platform".to_owned()))
    })?;
    told::step("production", || Ok(((), production::fill(&cloud, &consumer)?)))?;
    consumer.branch_off()?;
    let asked_before = cloud.requests()?.len();
    let runner = Runner::new(
        workspace,
        &scratch.path().join("runner"),
        &consumer.folder,
        &cloud,
        world::GITHUB_TOKEN,
    )?;
    let mut story = Story::new(&cloud, consumer, runner);

    told::phase(&format!("Pull request #{PULL_REQUEST} opened"));
    story.deploy("opened")?;
    let first = Inventory::of(&cloud.state()?);
    told::phase(&format!("Pull request #{PULL_REQUEST}: one more commit pushed"));
    story.consumer.push("Checkout: pay in two currencies")?;
    let services = story.deploy("synchronize")?;
    let again = first.differences(&Inventory::of(&cloud.state()?));
    told::step("a row of its own", || row::is_in_the_preview_only(&story, &services))?;
    keep_alive(&services, options)?;
    if !options.keep {
        told::phase(&format!("Pull request #{PULL_REQUEST} closed"));
        story.close()?;
    }

    told::phase("What is true now");
    let outcome = told::step("look", || Outcome::see(&story, services, again, &before, asked_before))?;
    drop(story);
    told::step("stop", || {
        Ok((cloud.stop()?, "local-cloud and all it started have ended".to_owned()))
    })?;
    drop(scratch);
    let wrong = outcome.wrong(options.keep);
    for problem in &wrong {
        say!("  wrong: {problem}");
    }
    if options.json {
        say!("{}", outcome.summary(start.elapsed()));
    }
    if !wrong.is_empty() {
        bail!("the demo ended, but not as it should");
    }
    Ok(ExitCode::SUCCESS)
}

fn already(done: Done) -> &'static str {
    match done {
        Done::Installed => "",
        Done::AlreadyThere => ": already there",
    }
}

/// Lets a person click through the preview until Enter; goes on at once where there is nobody.
fn keep_alive(services: &[Service], options: Options) -> Result<()> {
    told::phase("The preview is up");
    for service in services {
        say!("  {:<22} {}", service.name, service.url);
    }
    if options.once || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    let then = if options.keep { "end" } else { "close the pull request" };
    say!("\nEnter to {then} …");
    let (sender, enter) = mpsc::channel();
    std::thread::spawn(move || {
        let read = std::io::stdin().read_line(&mut String::new());
        // The receiver is gone after Ctrl-C.
        let _ = sender.send(read.is_ok());
    });
    while enter.recv_timeout(Duration::from_millis(100)) == Err(mpsc::RecvTimeoutError::Timeout) {
        if child::interrupted() {
            bail!("interrupted");
        }
    }
    Ok(())
}
