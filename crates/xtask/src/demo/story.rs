//! The pull request's life: what a workflow would run, in its order.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::cloud::Cloud;
use super::consumer::Consumer;
use super::runner::{Done, Event, Runner};
use super::told;
use super::world::{self, PULL_REQUEST};
use super::{event, sentence, verify};

pub(crate) struct Story<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) consumer: Consumer,
    pub(crate) runner: Runner<'a>,
    /// Workflow runs so far.
    runs: u64,
    /// What the steps reported, for the scan at the end.
    pub(crate) reports: Vec<String>,
}

/// A service of the preview as the demo itself sees it, by asking its URL.
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) hostname: String,
    pub(crate) healthy: bool,
}

type Inputs = BTreeMap<&'static str, String>;

impl<'a> Story<'a> {
    pub(crate) fn new(cloud: &'a Cloud, consumer: Consumer, runner: Runner<'a>) -> Self {
        Self {
            cloud,
            consumer,
            runner,
            runs: 0,
            reports: Vec::new(),
        }
    }

    /// A push to the pull request: everything that gives it a preview. Answers the deployed services.
    pub(crate) fn deploy(&mut self, action: &str) -> Result<Vec<Service>> {
        let event = self.event(action)?;
        let none = Inputs::new();

        let create = with(world::neon(self.cloud), &[("command", "create")]);
        let branch = self.action("neon-branch create", &event, &create, &none)?;
        let direct = Inputs::from([("DATABASE_URL", branch.output("database-url")?.to_owned())]);

        told::step("drizzle-kit migrate", || {
            let done = self
                .runner
                .script("npm", &["run", "--silent", "db:migrate"], &event, &direct)?;
            Ok((
                (),
                format!(
                    "`npm run db:migrate` on the branch, as the consumer's own step; {}",
                    last_line(&done.stdout)
                ),
            ))
        })?;

        let apply = with(world::cloudflare(self.cloud), &[("command", "apply")]);
        self.action("preview-dns apply", &event, &apply, &none)?;

        // Each request of a Worker opens a connection of its own: those go through the pooler.
        let mut secrets = Inputs::from([("DATABASE_URL", branch.output("database-url-pooled")?.to_owned())]);
        secrets.extend(world::SERVICE_SECRETS.map(|(name, value)| (name, value.to_owned())));
        let deploy = with(world::cloudflare(self.cloud), &[("command", "deploy")]);
        let deployed = self.action("deploy-workers deploy", &event, &deploy, &secrets)?;

        self.action("health-check", &event, &Inputs::new(), &none)?;
        self.comment(&event)?;
        let report = deployed.report()?;
        told::step("visit", || self.visit(&report))
    }

    /// The pull request was closed: everything that removes its preview.
    pub(crate) fn close(&mut self) -> Result<()> {
        let event = self.event("closed")?;
        let mut inputs = world::cloudflare(self.cloud);
        inputs.extend(world::neon(self.cloud));
        self.action("cleanup", &event, &inputs, &Inputs::new())?;
        self.comment(&event)
    }

    /// Of what the steps before it in the job have left.
    fn comment(&mut self, event: &Event) -> Result<()> {
        let inputs = world::github(self.cloud);
        self.action("pr-comment", event, &inputs, &Inputs::new())?;
        let state = self.cloud.state()?;
        match verify::own_comments(&state, PULL_REQUEST)[..] {
            [comment] => told::quoted(comment["body"].as_str().unwrap_or_default()),
            ref comments => bail!("pull request #{PULL_REQUEST} has {} comments of ours", comments.len()),
        }
        Ok(())
    }

    /// Runs one action as a told step and keeps its report.
    fn action(&mut self, name: &str, event: &Event, inputs: &Inputs, env: &Inputs) -> Result<Done> {
        let action = name.split(' ').next().unwrap_or(name);
        // An action without commands has no such input; what the workflow would not write is not passed.
        told::step(name, || {
            let done = self.runner.action(action, event, inputs, env)?;
            let report = done.output("report")?.to_owned();
            let what = sentence::of(&done.report()?);
            self.reports.push(report);
            Ok((done, what))
        })
    }

    /// Asks each service of the preview itself: through the edge, at its host name, the health document. The web
    /// app must show what was pushed.
    fn visit(&self, report: &Value) -> Result<(Vec<Service>, String)> {
        let services = report["services"]
            .as_array()
            .context("deploy-workers reported no services")?;
        let mut seen = Vec::new();
        for service in services {
            let text = |key: &str| service[key].as_str().unwrap_or_default().to_owned();
            let (name, hostname) = (text("service"), text("hostname"));
            let answer = self.cloud.visit("GET", &hostname, "/health", None)?;
            let document: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let healthy = answer.status == 200
                && document["status"] == "healthy"
                // As the Worker calls itself: by its base name, which need not be the service's key.
                && (document["service"] == name || document["service"] == format!("{name}-worker"))
                && document["checks"]["database"]["status"] == "ok";
            seen.push(Service {
                name,
                url: text("url"),
                hostname,
                healthy,
            });
        }
        let web = seen
            .iter()
            .find(|service| service.name == "web")
            .context("there is no service `web`")?;
        let page = self.cloud.visit("GET", &web.hostname, "/", None)?;
        if !page.body.contains(&self.consumer.offers) {
            bail!("{} does not show what was pushed (status {})", web.url, page.status);
        }
        let healthy = seen.iter().filter(|service| service.healthy).count();
        let what = format!(
            "{healthy} of {} services answer in workerd, with `database: ok` by Neon's serverless driver; the page shows “{}”",
            seen.len(),
            self.consumer.offers
        );
        Ok((seen, what))
    }

    /// Starts the next workflow run: the event as GitHub sends it, and GitHub's own view of the pull request.
    fn event(&mut self, action: &str) -> Result<Event> {
        self.runs += 1;
        let pull = event::pull_request(&self.consumer, action);
        self.cloud.post("seed", &event::seed(&pull))?;
        Ok(Event {
            payload: event::payload(action, &pull),
            job: event::of(&self.consumer, action)
                .job()
                // Each event starts a workflow run of its own; a newer one has a higher id.
                .set("GITHUB_RUN_ID", (1000 + self.runs).to_string())
                // GitHub's test merge; any commit that is not the head shows who confuses the two.
                .set("GITHUB_SHA", &self.consumer.base_sha),
        })
    }
}

fn with(mut inputs: Inputs, more: &[(&'static str, &str)]) -> Inputs {
    inputs.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    inputs
}

/// What a terminal would show last: a spinner writes its line over and over.
fn last_line(text: &str) -> &str {
    let line = text.trim_end().lines().last().unwrap_or_default();
    line.rsplit("\x1b[1G").next().unwrap_or_default().trim()
}
