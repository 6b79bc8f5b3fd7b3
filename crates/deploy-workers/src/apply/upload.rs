//! Brings a service's code to Cloudflare, by our own client or by the project's wrangler.

use actions_core::cloudflare::versions::binds_to_nothing;
use actions_core::cloudflare::{Share, Upload as Form};
use actions_core::error::fault;
use actions_core::secret::ExposeSecret as _;
use serde_json::json;
use wrangler::uploader::ToUpload;

use crate::apply::Work;
use crate::apply::outcome::{Code, Did, Outcome};
use crate::apply::rollout;
use crate::plan::addresses;
use crate::plan::claims;
use crate::plan::content;
use crate::plan::fingerprint;
use crate::plan::first;
use crate::plan::{ServicePlan, Upload};
use crate::report;
use wrangler::project::Built;
use wrangler::project::by_wrangler::Handed;
use wrangler::project::render::Rendered;

impl Work<'_> {
    /// Uploads a service as it is to be.
    pub(crate) async fn upload(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) -> anyhow::Result<()> {
        if let Some(first) = &service.first {
            self.log_lists(service, first, rendered).await?;
        }
        let whole = async || match &service.tag {
            Some(tag) => self.upload_tagged(service, built, rendered, tag).await,
            None => self.upload_as(service, built, rendered).await,
        };
        let refused = match whole().await {
            Err(error) if service.upload == Upload::First && error.downcast_ref().is_some_and(binds_to_nothing) => {
                error
            }
            other => return other,
        };
        // A Worker that binds itself may have to be there first.
        let Some(first) = first::of_itself(&service.worker, rendered) else {
            return Err(refused);
        };
        self.first_version(service, &first, built, rendered).await?;
        self.log_lists(service, &first, rendered).await?;
        whole().await
    }

    /// Uploads it as it is rendered.
    pub(crate) async fn upload_as(
        &self,
        service: &ServicePlan,
        built: &Built,
        rendered: &Rendered,
    ) -> anyhow::Result<()> {
        let environment = &self.inputs.environment;
        let Some(subject) = environment.service(&service.key) else {
            return Err(fault(format!("there is no service `{}`", service.key)).into());
        };
        let tag = content::tag(environment, subject, built, rendered);
        self.upload_tagged(service, built, rendered, &tag).await
    }

    async fn upload_tagged(
        &self,
        service: &ServicePlan,
        built: &Built,
        rendered: &Rendered,
        tag: &str,
    ) -> anyhow::Result<()> {
        let worker = &service.worker;
        let message = self.message(service);
        if let Some(handed) = &built.handed {
            return self.by_wrangler(service, built, handed, rendered, tag, &message).await;
        }
        let mut metadata = content::metadata(built, rendered);
        if let Some(dropped) = &service.dropped {
            dropped.leave_out(&mut metadata);
        }
        if let Some(files) = &built.assets {
            self.stop.check()?;
            let (token, _) = self
                .writer()
                .upload_assets(worker, &files.assets, |asset| files.content(asset))
                .await?;
            let assets = json!({"jwt": token.expose_secret(), "config": files.config});
            metadata.insert("assets".to_owned(), assets);
        }
        if let Some(sha) = &self.inputs.origin.sha {
            metadata.insert("annotations".to_owned(), json!({"workers/commit_sha": sha}));
        }
        // A Worker that has its first version already is there, migrations and all; one that exports its Durable Objects
        // is always put as a whole.
        let made = |outcome: &Outcome| outcome.first.is_some();
        let made = self.journal.borrow().services.get(&service.key).is_some_and(made);
        if service.by_put && (!made || content::exports_objects(&metadata)) {
            let migrations = service.migrations.as_ref().filter(|_| !made);
            if let Some(migrations) = migrations {
                metadata.insert("migrations".to_owned(), migrations.clone());
            }
            metadata.insert("tags".to_owned(), json!(service.all_tags));
            let form = Form::new(metadata, content::modules(built), tag, &message);
            let writer = self.writer();
            let version = self.sending(service, writer.upload_worker(worker, &form)).await?;
            self.note(service, |outcome| {
                (outcome.new, outcome.version) = (Some(version.clone()), Some(version));
                if migrations.is_some() {
                    outcome.did.push(Did::Migrations);
                }
            });
            return Ok(());
        }
        let form = Form::new(metadata, content::modules(built), tag, &message);
        let version = self.version(service, &form).await?;
        // Before the version serves: a run that is killed in between leaves a difference that the next one sees.
        self.settings(service).await?;
        let share = self.inputs.rollout.first().copied().unwrap_or(100);
        let shares = rollout::shares(&version, service.previous.as_deref(), share);
        self.let_serve(service, &shares).await
    }

    /// Uploads a version that serves nobody yet.
    async fn version(&self, service: &ServicePlan, form: &Form) -> anyhow::Result<String> {
        self.stop.check()?;
        let writer = self.writer();
        // A first version serves already.
        let before = self
            .journal
            .borrow()
            .services
            .get(&service.key)
            .map(|outcome| outcome.code);
        let before = before.unwrap_or_default();
        let uploaded = if before == Code::Serves { before } else { Code::Uploaded };
        self.note(service, |outcome| outcome.code = uploaded);
        match writer.upload_version(&service.worker, form).await {
            Ok(version) => {
                self.note(service, |outcome| outcome.new = Some(version.clone()));
                Ok(version)
            }
            Err(error) => {
                if !error.is_unclear() {
                    self.note(service, |outcome| outcome.code = before);
                }
                Err(error.into())
            }
        }
    }

    /// Gives versions their shares of the traffic.
    pub(crate) async fn let_serve(&self, service: &ServicePlan, shares: &[Share]) -> anyhow::Result<()> {
        let message = self.message(service);
        let writer = self.writer();
        self.sending(service, writer.deploy(&service.worker, shares, &message, false))
            .await?;
        if let [one] = shares {
            self.note(service, |outcome| outcome.version = Some(one.version_id.clone()));
        }
        Ok(())
    }

    /// Lets the project's wrangler upload. It may have deployed before it failed, so the rollback looks in any case.
    async fn by_wrangler(
        &self,
        service: &ServicePlan,
        built: &Built,
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
        let live = self.facts.live.get(&service.key);
        // What the hash does not cover: as it is, where the configuration does not say.
        let mut config = handed.configuration(environment, subject, rendered);
        addresses::kept(environment, built, live.and_then(|live| live.workers_dev), &mut config);
        let what = ToUpload {
            folder: &handed.folder,
            config_folder: handed.config.folder(),
            config: &config,
            secrets: &secrets.collect::<Vec<_>>(),
            token: &access.token,
            account: &access.account_id,
            tag,
            message,
        };
        let content = fingerprint::content(tag);
        // After a rollback the same content may be uploaded again: until that ends well, it has not.
        let before = live.map(|live| &live.settings.tags[..]).unwrap_or_default();
        if content.is_some_and(|content| claims::is_uploaded(before, content)) {
            self.tag(&service.worker, &claims::uploaded(before, None)).await?;
        }
        let upload = async {
            let uploaded = handed.tool.upload(self.sandbox, &what).await;
            uploaded.map_err(|failed| report::wrangler_failed(self.runner, service, failed))
        };
        // wrangler writes tags of its own, also when it fails after that: nobody would know whose the Worker is.
        match self.sending(service, upload).await {
            Ok(version) => {
                self.note(service, |outcome| {
                    (outcome.new, outcome.version) = (Some(version.clone()), Some(version));
                });
                let tags = claims::uploaded(&service.all_tags, content);
                self.tag(&service.worker, &tags).await
            }
            Err(error) => {
                if let Ok(Some(version)) = self.writer().reader().serving(&service.worker, tag, message).await {
                    self.note(service, |outcome| {
                        (outcome.new, outcome.version) = (Some(version.clone()), Some(version));
                        outcome.code = Code::Serves;
                    });
                    // The upload's own failure is told.
                    let _ = self
                        .tag(&service.worker, &claims::uploaded(&service.all_tags, None))
                        .await;
                }
                Err(error)
            }
        }
    }
}
