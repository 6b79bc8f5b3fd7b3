//! Carries a plan out, one wave after another; tells what was done even when a later wave fails.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actions_core::cloudflare::{Attached, Upload as Form, WorkersDev, Writer};
use actions_core::error::fault;
use actions_core::runner::Runner;
use actions_core::secret::ExposeSecret as _;
use actions_core::wrangler::Sandbox;
use actions_core::wrangler::uploader::ToUpload;
use futures_util::{StreamExt as _, future, stream};
use indexmap::IndexMap;
use serde_json::{Map, json};

use crate::by_wrangler::Handed;
use crate::facts::Facts;
use crate::gate::{self, Asked, Awaited};
use crate::hostnames::Step;
use crate::inputs::{Inputs, Origin};
use crate::plan::{self, Plan, ServicePlan, Upload};
use crate::project::Built;
use crate::render::Rendered;
use crate::report;
use crate::rollback::PutBack;
use crate::{claims, fingerprint, rollout};

/// Uploads at once: a wave of many services stays below Cloudflare's burst limit.
const AT_ONCE: usize = 4;
/// Settings of a Worker that its versions do not hold.
const UNVERSIONED: [&str; 3] = ["logpush", "observability", "tail_consumers"];

/// What became of one service.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The version that serves now, when this run knows it.
    pub(crate) version: Option<String>,
    /// Code was sent: from then on another version may serve than before.
    pub(crate) uploaded: bool,
    /// Code or hostname differ from before.
    pub(crate) changed: bool,
    /// Why it failed, as a person reads it.
    pub(crate) failed: Option<String>,
    /// What the rollback made of it.
    pub(crate) put_back: Option<PutBack>,
    pub(crate) took: Duration,
    /// Where a new Worker's versions have URLs of their own; of others the plan knows.
    pub(crate) version_urls: Option<String>,
}

/// What was done.
#[derive(Default)]
pub(crate) struct Done {
    /// Services that were come to, by key.
    pub(crate) services: IndexMap<String, Outcome>,
    /// KV namespaces that were made.
    pub(crate) kv: Vec<String>,
    /// Why the run ended early.
    pub(crate) error: Option<anyhow::Error>,
}

impl Done {
    pub(crate) fn changed(&self) -> bool {
        !self.kv.is_empty() || self.services.values().any(|outcome| outcome.changed)
    }
}

/// What is carried out, and with what.
pub(crate) struct Work<'a> {
    pub(crate) writer: Writer,
    pub(crate) inputs: &'a Inputs,
    pub(crate) plan: &'a Plan,
    pub(crate) facts: &'a Facts,
    pub(crate) built: &'a IndexMap<String, Built>,
    /// Where wrangler runs, for services that it uploads.
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) runner: &'a Runner,
    /// Kept up to date while it is carried out, so that a cancelled run knows how far it came.
    pub(crate) journal: RefCell<IndexMap<String, Outcome>>,
}

/// Makes the KV namespaces that are missing; returns their ids by title.
pub(crate) async fn kv(
    writer: &Writer,
    titles: &[String],
    made: &mut Vec<String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut ids = BTreeMap::new();
    let mut namespaces = stream::iter(titles)
        .map(|title| writer.create_kv_namespace(title))
        .buffer_unordered(AT_ONCE);
    while let Some(namespace) = namespaces.next().await {
        let namespace = namespace?;
        made.push(namespace.title.clone());
        ids.insert(namespace.title, namespace.id);
    }
    Ok(ids)
}

impl Work<'_> {
    /// Deploys wave after wave. A wave that fails, or does not become healthy, is the last.
    pub(crate) async fn waves(&self, rendered: &BTreeMap<String, Rendered>) -> anyhow::Result<()> {
        let waves = self.plan.waves.len();
        for (number, wave) in self.plan.waves.iter().enumerate() {
            if waves > 1 {
                self.runner.say(&report::wave(number + 1, waves, wave));
            }
            let services = wave
                .iter()
                .filter_map(|key| Some((self.plan.services.get(key)?, self.built.get(key)?, rendered.get(key)?)));
            stream::iter(services)
                .map(|(service, built, rendered)| self.service(service, built, rendered))
                .buffer_unordered(AT_ONCE)
                .collect::<()>()
                .await;
            report::wave_ended(number + 1, waves, &self.journal.borrow())?;
            self.roll_out(wave).await?;
            let (healthy, ()) = future::join(self.gate(wave, Asked::Serving), self.new_version_urls(wave)).await;
            healthy?;
        }
        Ok(())
    }

    pub(crate) async fn gate(&self, wave: &[String], asked: Asked) -> anyhow::Result<()> {
        let Some(schedule) = &self.inputs.health else {
            return Ok(());
        };
        let services: Vec<_> = wave
            .iter()
            .filter_map(|key| {
                let service = self.inputs.environment.service(key)?;
                let plan = self.plan.services.get(key)?;
                let journal = self.journal.borrow();
                let outcome = journal.get(key)?;
                let url = outcome
                    .version
                    .as_deref()
                    .and_then(|version| plan.version_url(version, outcome.version_urls.as_deref()));
                Some(Awaited {
                    service,
                    version: outcome.version.clone(),
                    replaced: plan.upload == Upload::Again,
                    version_url: url,
                })
            })
            .collect();
        gate::wait(&self.inputs.environment, &services, asked, schedule, self.runner).await
    }

    pub(crate) fn note(&self, service: &ServicePlan, change: impl FnOnce(&mut Outcome)) {
        change(self.journal.borrow_mut().entry(service.key.clone()).or_default());
    }

    async fn service(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) {
        let started = Instant::now();
        self.note(service, |outcome| outcome.version.clone_from(&service.previous));
        let done = self.carry_out(service, built, rendered).await;
        self.note(service, |outcome| {
            outcome.failed = done.err().map(|error| actions_core::error::render(&error));
            outcome.took = started.elapsed();
        });
        if let Some(outcome) = self.journal.borrow().get(&service.key) {
            self.runner.say(&report::service(service, outcome));
        }
    }

    /// The code first; then what leads to it, all at once; the tags last.
    async fn carry_out(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) -> anyhow::Result<()> {
        if service.upload != Upload::No {
            self.upload(service, built, rendered).await?;
        }
        // Each to its end: a failure of one is no reason to leave another half-done.
        let (steps, workers_dev, crons) = future::join3(
            self.steps(service),
            self.workers_dev(service, built),
            self.crons(service),
        )
        .await;
        steps.and(workers_dev).and(crons)?;
        if let Some(tags) = &service.tags {
            self.tag(&service.worker, tags).await?;
            self.changed(service);
        }
        Ok(())
    }

    fn changed(&self, service: &ServicePlan) {
        self.note(service, |outcome| outcome.changed = true);
    }

    async fn steps(&self, service: &ServicePlan) -> anyhow::Result<()> {
        for step in &service.steps {
            self.step(service, step).await?;
            self.changed(service);
        }
        Ok(())
    }

    async fn crons(&self, service: &ServicePlan) -> anyhow::Result<()> {
        if let Some(crons) = &service.crons {
            self.writer.set_schedules(&service.worker, crons).await?;
            self.changed(service);
        }
        Ok(())
    }

    /// Last of all: a hostname is claimed once it is attached, and no longer once it is detached. What a killed run has
    /// left out, the next one sees and does.
    async fn tag(&self, worker: &str, tags: &[String]) -> anyhow::Result<()> {
        let mut settings = Map::new();
        settings.insert("tags".to_owned(), json!(tags));
        Ok(self.writer.patch_settings(worker, &settings).await?)
    }

    async fn upload(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) -> anyhow::Result<()> {
        let (environment, worker) = (&self.inputs.environment, &service.worker);
        let Some(subject) = environment.service(&service.key) else {
            return Err(fault(format!("there is no service `{}`", service.key)).into());
        };
        let tag = plan::tag(environment, subject, built, rendered);
        let message = message(&self.inputs.origin);
        if let Some(handed) = &built.handed {
            return self.by_wrangler(service, handed, rendered, &tag, &message).await;
        }
        let mut metadata = plan::metadata(built, rendered);
        if let Some(files) = &built.assets {
            let (token, _) = self
                .writer
                .upload_assets(worker, &files.assets, |asset| files.content(asset))
                .await?;
            let assets = json!({"jwt": token.expose_secret(), "config": files.config});
            metadata.insert("assets".to_owned(), assets);
        }
        if let Some(sha) = &self.inputs.origin.sha {
            metadata.insert("annotations".to_owned(), json!({"workers/commit_sha": sha}));
        }
        if service.upload == Upload::First || service.migrations.is_some() {
            if let Some(migrations) = &service.migrations {
                metadata.insert("migrations".to_owned(), migrations.clone());
            }
            metadata.insert("tags".to_owned(), json!(service.all_tags));
            let form = Form::new(metadata, plan::modules(built), &tag, &message);
            self.note(service, |outcome| (outcome.uploaded, outcome.changed) = (true, true));
            let version = self.writer.upload_worker(worker, &form).await?;
            self.note(service, |outcome| outcome.version = Some(version));
            return Ok(());
        }
        let form = Form::new(metadata, plan::modules(built), &tag, &message);
        let version = self.writer.upload_version(worker, &form).await?;
        // Before the version serves: a run that is killed in between leaves a difference that the next one sees.
        self.settings(worker, rendered).await?;
        let new = Some(version.clone());
        self.note(service, |outcome| {
            (outcome.uploaded, outcome.changed, outcome.version) = (true, true, new);
        });
        let share = self.inputs.rollout.first().copied().unwrap_or(100);
        let shares = rollout::shares(&version, service.previous.as_deref(), share);
        self.writer.deploy(worker, &shares, &message, false).await?;
        Ok(())
    }

    /// Lets the project's wrangler upload. It may have deployed before it failed, so the rollback looks in any case.
    async fn by_wrangler(
        &self,
        service: &ServicePlan,
        handed: &Handed,
        rendered: &Rendered,
        tag: &str,
        message: &str,
    ) -> anyhow::Result<()> {
        let environment = &self.inputs.environment;
        let (Some(subject), Some(access)) = (environment.service(&service.key), &self.inputs.cloudflare) else {
            return Err(fault(format!("service `{}` cannot be uploaded", service.key)).into());
        };
        let secrets = subject.secrets.iter().filter_map(|secret| {
            let value = self.inputs.secrets.get(&secret.variable)?;
            Some((secret.name.clone(), value.clone()))
        });
        let what = ToUpload {
            folder: &handed.folder,
            config_folder: handed.config.folder(),
            config: &handed.configuration(environment, subject, &rendered.metadata),
            secrets: &secrets.collect::<Vec<_>>(),
            token: &access.token,
            account: &access.account_id,
            tag,
            message,
        };
        let content = fingerprint::content(tag);
        // After a rollback the same content may be uploaded again: until that ends well, it has not.
        let live = self.facts.live.get(&service.key);
        let before = live.map(|live| &live.tags[..]).unwrap_or_default();
        if content.is_some_and(|content| claims::is_uploaded(before, content)) {
            self.tag(&service.worker, &claims::uploaded(before, None)).await?;
        }
        self.note(service, |outcome| (outcome.uploaded, outcome.changed) = (true, true));
        let uploaded = handed.tool.upload(self.sandbox, &what).await;
        let version = uploaded.map_err(|failed| report::wrangler_failed(self.runner, service, failed))?;
        self.note(service, |outcome| outcome.version = Some(version));
        // wrangler writes tags of its own.
        self.tag(&service.worker, &claims::uploaded(&service.all_tags, content))
            .await
    }

    /// What a first upload sets along with the code, and a later version does not hold.
    async fn settings(&self, worker: &str, rendered: &Rendered) -> anyhow::Result<()> {
        let mut settings = rendered.metadata.clone();
        settings.retain(|key, _| UNVERSIONED.contains(&key.as_str()));
        if !settings.is_empty() {
            self.writer.patch_settings(worker, &settings).await?;
        }
        Ok(())
    }

    async fn step(&self, service: &ServicePlan, step: &Step) -> anyhow::Result<()> {
        let worker = &service.worker;
        let no_zone = || {
            fault(format!(
                "could not attach a hostname to Worker `{worker}`: its zone is not known"
            ))
        };
        let zone = self.facts.zone.as_ref().ok_or_else(no_zone)?;
        let taken = |owner: String| {
            fault(format!("could not attach `{}` to Worker `{worker}`", service.hostname))
                .because(fault(format!("it became {owner} meanwhile")))
        };
        match step {
            Step::CreateRoute(pattern) => match self.writer.create_route(zone, pattern, worker).await? {
                Attached::Done(_) => {}
                Attached::Taken(owner) => return Err(taken(owner).into()),
            },
            Step::MoveRoute(route) => self.writer.move_route(zone, route, worker).await?,
            Step::DeleteRoute(route) => {
                self.writer.delete_route(zone, route).await?;
            }
            Step::AttachDomain(hostname) => match self.writer.attach_domain(zone, hostname, worker).await? {
                Attached::Done(_) => {}
                Attached::Taken(owner) => {
                    let fault = taken(owner).hint("a custom domain makes its own DNS record: delete the one that is there, or use `routing = \"route\"`");
                    return Err(fault.into());
                }
            },
            Step::DetachDomain(domain) => {
                self.writer.detach_domain(domain).await?;
            }
        }
        Ok(())
    }

    /// A preview is reached by its hostname only; whether a new Worker is at workers.dev depends on the account.
    async fn workers_dev(&self, service: &ServicePlan, built: &Built) -> anyhow::Result<()> {
        let new_preview = service.upload == Upload::First && self.inputs.environment.pull_request.is_some();
        if !new_preview && !service.workers_dev_off {
            return Ok(());
        }
        let at = self.writer.set_workers_dev(&service.worker, false).await?;
        self.changed(service);
        if new_preview {
            self.versions_answer_at(service, built, at);
        }
        Ok(())
    }

    /// Notes where the versions of a Worker that this run made have URLs of their own.
    fn versions_answer_at(&self, service: &ServicePlan, built: &Built, at: Option<WorkersDev>) {
        let subject = self.inputs.environment.service(&service.key);
        let account = self.facts.workers_dev.as_deref();
        let urls = subject.and_then(|subject| plan::version_urls(subject, built, at, account));
        self.note(service, |outcome| outcome.version_urls = urls);
    }

    /// The same of new Workers that are no previews. Only the report needs it, so it is asked beside the gate.
    async fn new_version_urls(&self, wave: &[String]) {
        if self.inputs.environment.pull_request.is_some() || self.inputs.health.is_none() {
            return;
        }
        let new = wave.iter().filter_map(|key| {
            let service = self.plan.services.get(key)?;
            Some((service, self.built.get(key)?)).filter(|_| service.upload == Upload::First)
        });
        let asked = new.map(|(service, built)| async move {
            if let Ok(at) = self.writer.reader().workers_dev(&service.worker).await {
                self.versions_answer_at(service, built, at);
            }
        });
        future::join_all(asked).await;
    }
}

/// Which commit, for which pull request, by which run and whom. With the tag it names an upload of this run.
pub(crate) fn message(origin: &Origin) -> String {
    let parts = [
        origin.sha.as_ref().map(|sha| sha.chars().take(12).collect()),
        origin.pull_request.map(|number| format!("pull request #{number}")),
        origin.run.as_ref().map(|run| format!("run {run}")),
        origin.actor.as_ref().map(|actor| format!("by {actor}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "codex-actions".to_owned()
    } else {
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_where_it_comes_from() {
        let origin = Origin {
            sha: Some("6dcb09b5b57875f334f61aebed695e2e4193db5e".to_owned()),
            pull_request: Some(42),
            run: Some("1001.1".to_owned()),
            actor: Some("octocat".to_owned()),
        };
        assert_eq!(
            message(&origin),
            "6dcb09b5b578, pull request #42, run 1001.1, by octocat"
        );
        assert_eq!(message(&Origin::default()), "codex-actions");
    }
}
