//! One run: what it was given, what it reports.

use std::time::Instant;

use actions_core::neon::{Branch, Connection, Error, Reader, Writer, wait_until_reachable};
use actions_core::reports::{self, Status};
use actions_core::runner::{Runner, Source};
use actions_core::secret::ExposeSecret as _;
use actions_core::{error, http};
use tokio::sync::watch;

use crate::inputs::Inputs;
use crate::pending::Pending;
use crate::report::{self, Report};

pub(crate) struct Session<'a> {
    pub(crate) runner: &'a Runner,
    pub(crate) inputs: &'a Inputs,
    pub(crate) neon: Reader,
    pub(crate) report: Report,
    /// The write that has not been answered yet.
    pending: watch::Sender<Option<Pending>>,
    began: Instant,
}

impl<'a> Session<'a> {
    pub(crate) fn new(runner: &'a Runner, inputs: &'a Inputs) -> anyhow::Result<Self> {
        let access = &inputs.access;
        Ok(Self {
            runner,
            inputs,
            neon: Reader::new(
                http::client()?,
                &access.api_url,
                &access.project_id,
                access.api_key.clone(),
            ),
            report: Report::new(inputs),
            pending: watch::Sender::new(None),
            began: Instant::now(),
        })
    }

    /// What changes things; none in a dry run.
    pub(crate) fn writer(&self) -> Option<Writer> {
        (!self.inputs.dry_run).then(|| self.neon.writer())
    }

    /// Carries out a write; until it is answered, it is known what to look for.
    pub(crate) async fn write<T>(
        &self,
        what: Pending,
        write: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.pending.send_replace(Some(what));
        let outcome = write.await;
        if !outcome.as_ref().is_err_and(Pending::is_open_after) {
            self.pending.send_replace(None);
        }
        outcome
    }

    /// The write that is open, which from now on is nobody's concern.
    pub(crate) fn take_pending(&self) -> Option<Pending> {
        self.pending.send_replace(None)
    }

    /// For waiting until no write is open.
    pub(crate) fn watch_pending(&self) -> watch::Receiver<Option<Pending>> {
        self.pending.subscribe()
    }

    pub(crate) fn say(&self, text: impl AsRef<str>) {
        self.runner.say(text.as_ref());
    }

    /// Something worth knowing that stops nothing.
    pub(crate) fn warn(&mut self, text: String) {
        self.say(format!("warning: {text}"));
        self.report.base.warnings.push(text);
    }

    /// What the run is about. What of it is not known is told.
    pub(crate) async fn source(&mut self) -> Source {
        let source = self.inputs.inquiry.source().await;
        if let Some(unknown) = source
            .unknown
            .clone()
            .filter(|text| !self.report.base.warnings.contains(text))
        {
            self.warn(unknown);
        }
        source
    }

    /// Something at Neon is other than before.
    pub(crate) fn changed(&mut self) {
        self.report.base.head.changed = true;
    }

    /// Reports the branch, and sets the outputs that are no secrets.
    pub(crate) fn tell_branch(&mut self, branch: &Branch, parent: Option<String>, created: bool) -> anyhow::Result<()> {
        let expires_at = branch.expires_at.map(|at| at.to_string());
        for (name, value) in [
            ("branch-id", branch.id.as_str()),
            ("branch-name", &branch.name),
            ("created", if created { "true" } else { "false" }),
            ("expires-at", expires_at.as_deref().unwrap_or_default()),
        ] {
            self.runner.output(name, value)?;
        }
        self.report.base.branch = Some(reports::Branch {
            id: branch.id.clone(),
            name: branch.name.clone(),
            parent,
            created,
            expires_at,
            host: None,
        });
        Ok(())
    }

    /// Sets the outputs that lead to the database. Every secret among them was masked when it was read.
    pub(crate) fn tell_connection(&mut self, connection: &Connection) -> anyhow::Result<()> {
        for (name, value) in [
            ("database-url", connection.direct.expose_secret()),
            ("database-url-pooled", connection.pooled.expose_secret()),
            ("password", connection.password.expose_secret()),
            ("host", &connection.host),
            ("host-pooled", &connection.host_pooled),
        ] {
            self.runner.output(name, value)?;
        }
        if let Some(branch) = &mut self.report.base.branch {
            branch.host = Some(connection.host.clone());
        }
        Ok(())
    }

    /// Waits until somebody can log in at the compute, unless that was switched off.
    pub(crate) async fn wait(&self, connection: &Connection) -> anyhow::Result<()> {
        if let Some(longest) = self.inputs.wait {
            let took = wait_until_reachable(connection, longest)
                .await
                .map_err(|cause| error::fault(report::unreachable()).because(cause))?;
            self.say(report::reachable(took));
        }
        Ok(())
    }

    /// Writes report, outputs and summary, whatever happened.
    pub(crate) fn finish(mut self, done: anyhow::Result<()>) -> anyhow::Result<()> {
        let head = &mut self.report.base.head;
        head.seconds = (self.began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        head.status = match &done {
            Err(_) => Status::Failed,
            Ok(()) if self.inputs.dry_run => Status::Planned,
            Ok(()) => Status::Done,
        };
        head.error = done.as_ref().err().map(error::render);
        let changed = head.changed;
        self.runner.output("changed", if changed { "true" } else { "false" })?;
        self.runner.report(self.report.base.clone())?;
        self.runner.summary(&self.report.markdown(self.inputs.command));
        done
    }
}
