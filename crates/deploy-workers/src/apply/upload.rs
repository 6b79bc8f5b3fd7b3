//! Brings a service's code to Cloudflare, by our own client or by the project's wrangler.

use actions_core::cloudflare::Upload as Form;
use actions_core::error::fault;
use actions_core::secret::ExposeSecret as _;
use actions_core::wrangler::uploader::ToUpload;
use serde_json::json;

use crate::apply::Work;
use crate::apply::rollout;
use crate::inputs::Origin;
use crate::plan::claims;
use crate::plan::content;
use crate::plan::fingerprint;
use crate::plan::{ServicePlan, Upload};
use crate::project::Built;
use crate::project::by_wrangler::Handed;
use crate::project::render::Rendered;
use crate::report;

impl Work<'_> {
    pub(crate) async fn upload(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) -> anyhow::Result<()> {
        let (environment, worker) = (&self.inputs.environment, &service.worker);
        let Some(subject) = environment.service(&service.key) else {
            return Err(fault(format!("there is no service `{}`", service.key)).into());
        };
        let tag = service.tag.clone();
        let tag = tag.unwrap_or_else(|| content::tag(environment, subject, built, rendered));
        let message = message(&self.inputs.origin);
        if let Some(handed) = &built.handed {
            return self.by_wrangler(service, handed, rendered, &tag, &message).await;
        }
        let mut metadata = content::metadata(built, rendered);
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
            let form = Form::new(metadata, content::modules(built), &tag, &message);
            self.note(service, |outcome| (outcome.uploaded, outcome.changed) = (true, true));
            let version = self.writer.upload_worker(worker, &form).await?;
            self.note(service, |outcome| outcome.version = Some(version));
            return Ok(());
        }
        let form = Form::new(metadata, content::modules(built), &tag, &message);
        let version = self.writer.upload_version(worker, &form).await?;
        // Before the version serves: a run that is killed in between leaves a difference that the next one sees.
        self.settings(service).await?;
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
        let before = live.map(|live| &live.settings.tags[..]).unwrap_or_default();
        if content.is_some_and(|content| claims::is_uploaded(before, content)) {
            self.tag(&service.worker, &claims::uploaded(before, None)).await?;
        }
        self.note(service, |outcome| (outcome.uploaded, outcome.changed) = (true, true));
        match handed.tool.upload(self.sandbox, &what).await {
            Ok(version) => self.note(service, |outcome| outcome.version = Some(version)),
            Err(failed) => {
                let serves = self.writer.reader().serving(&service.worker, tag, message).await;
                if let Ok(Some(version)) = serves {
                    self.note(service, |outcome| outcome.version = Some(version));
                }
                return Err(report::wrangler_failed(self.runner, service, failed));
            }
        }
        // wrangler writes tags of its own.
        self.tag(&service.worker, &claims::uploaded(&service.all_tags, content))
            .await
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
