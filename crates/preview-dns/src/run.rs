//! The action from beginning to end: inputs, zone, plan, changes, wait, report.

use std::pin::pin;
use std::time::{Duration, Instant};

use actions_core::cloudflare::certificates::covers;
use actions_core::cloudflare::{DnsRecord, Error, Reader};
use actions_core::error::render;
use actions_core::manifest::Routing;
use actions_core::runner::signal::Interrupts;
use actions_core::runner::{Runner, command};
use tokio::time::timeout;

use crate::converge::{self, Converged, Limits, Scope, Writes, converge};
use crate::domains::{self, Host};
use crate::hostname::depth;
use crate::inputs::{Command, Inputs};
use crate::plan::{self, Decision, Rules};
use crate::report;
use crate::routes;
use crate::wait;
use crate::zone::Found;

/// Runs the action. Report and outputs are written whether it succeeds or not.
pub(crate) async fn run(runner: &Runner) -> anyhow::Result<()> {
    let start = Instant::now();
    let inputs = Inputs::read(&runner.env).await?;
    let mut interrupts = Interrupts::listen()?;
    let http = actions_core::http::client()?;
    let reader = inputs.access.reader_of(http.clone(), runner.action, inputs.writes());
    let mut session = Session {
        inputs,
        reader,
        http,
        zone: String::new(),
        converged: Converged::default(),
        waited: None,
        writes: Writes::default(),
    };
    let ended = session.until_cancelled(&mut interrupts).await;
    let error = ended.as_ref().err().map(render);
    let report = report::report(&session, error, start.elapsed());
    runner.output("changed", if report.head.changed { "true" } else { "false" })?;
    runner.output("records", &serde_json::to_string(&report.records)?)?;
    runner.report(report.clone())?;
    runner.summary(&report::summary(&session, &report));
    if ended.is_ok() {
        runner.say(&report::ending(&session, &report));
    }
    ended
}

/// One run, and what is known of it so far.
pub(crate) struct Session {
    pub inputs: Inputs,
    reader: Reader,
    http: reqwest::Client,
    /// The zone's name, once it is known.
    pub zone: String,
    pub converged: Converged,
    /// How long the records took to answer, when that was waited for.
    pub waited: Option<wait::Answered>,
    writes: Writes,
}

impl Session {
    /// All of it. When the run is cancelled nothing more is written, and what is on its way is waited for a while.
    async fn until_cancelled(&mut self, interrupts: &mut Interrupts) -> anyhow::Result<()> {
        let writes = self.writes.clone();
        let (ended, signal) = {
            let mut work = pin!(self.carry_out());
            tokio::select! {
                ended = &mut work => (Some(ended), None),
                signal = interrupts.next() => {
                    writes.stop(signal);
                    // Reads and waiting are given up at once; a write is not.
                    let rest = if writes.under_way() { signal.last_answer() } else { Duration::ZERO };
                    (timeout(rest, work).await.ok(), Some(signal))
                }
            }
        };
        match (ended, signal) {
            (Some(Err(error)), None) => Err(self.diagnosed(error).await),
            (Some(ended), _) => ended,
            (None, signal) => {
                let unclear = self.writes.under_way();
                // What may have been changed is told as changed.
                self.converged.changed |= unclear;
                Err(report::cancelled(signal, unclear).into())
            }
        }
    }

    async fn carry_out(&mut self) -> anyhow::Result<()> {
        if self.inputs.needs_no_zone() {
            return self.may_make().await;
        }
        self.zone = self.inputs.zone.name.clone().unwrap_or_default();
        let (found, made) = tokio::join!(Found::find(&self.reader, &self.inputs.zone), self.may_make());
        made?;
        let mut found = found?;
        self.zone.clone_from(&found.zone.name);
        if self.inputs.zone.name.is_none() {
            // Only now is it known what is in the zone and what is not.
            let problems = self.inputs.problems_in_zone(&self.zone);
            if !problems.is_empty() {
                return Err(report::not_in_zone(&problems).into());
            }
        }
        if !["", "active"].contains(&found.zone.status.as_str()) {
            command::warning("preview-dns", &report::zone_not_active(&found.zone));
        }
        if self.inputs.command == Command::Delete {
            return self.delete(&mut found).await;
        }
        self.bring_about(&mut found).await?;
        if self.inputs.command == Command::Verify {
            report::verified(&self.converged, &self.inputs)?;
        }
        self.check_certificates(&found).await;
        self.wait(&mut found).await
    }

    /// Nothing is made for a pull request that is closed.
    async fn may_make(&self) -> anyhow::Result<()> {
        if !self.inputs.makes() {
            return Ok(());
        }
        let source = self.inputs.inquiry.source().await;
        source.may_make()?;
        if let Some(unknown) = &source.unknown {
            command::warning("preview-dns", unknown);
        }
        Ok(())
    }

    /// Where the token was refused, asks whether it is alive at all: Cloudflare's codes do not tell.
    async fn diagnosed(&self, error: anyhow::Error) -> anyhow::Error {
        let refusal = match error.downcast::<Error>() {
            Ok(refusal) if refusal.is_forbidden() => refusal,
            Ok(other) => return other.into(),
            Err(error) => return error,
        };
        let error: anyhow::Error = refusal.into();
        match self.reader.verify_token().await {
            Ok(token) if token.is_active() => error,
            Ok(token) => report::dead_token(&error, &format!("is {}", token.status)),
            Err(verdict) if verdict.is_forbidden() => {
                report::dead_token(&error, "is not valid (revoked, or cut when it was copied)")
            }
            // Not asked is not answered: the refusal stands for itself.
            Err(_) => error,
        }
    }

    /// `apply` and `verify`.
    async fn bring_about(&mut self, found: &mut Found) -> anyhow::Result<()> {
        let inputs = &self.inputs;
        let verify = inputs.command == Command::Verify;
        let wanted = inputs.wanted(&self.zone);
        // The account's list tells whose custom domain it is; without an account the records must do.
        let by_domain = inputs.hosts.iter().any(|host| host.routing == Routing::CustomDomain);
        let with_domains = by_domain && !self.reader.account().is_empty();
        let by_route = |host: &Host| host.routing == Routing::Route && host.worker.is_some();
        // A record that is only verified brings nobody's site up; one that is made may.
        let makes = !verify || inputs.create_missing;
        let with_routes = makes && (by_domain || inputs.hosts.iter().any(by_route));
        let (zone, reader) = (found.zone.clone(), &self.reader);
        let (first, domains, routes) = tokio::join!(
            converge::read(reader, found, &Scope::Zone),
            async {
                if with_domains {
                    reader.custom_domains(&zone).await.map(Some)
                } else {
                    Ok(None)
                }
            },
            async {
                if with_routes {
                    reader.routes(&zone).await.map(Some)
                } else {
                    Ok(None)
                }
            },
        );
        let (first, mut domains) = (first?, domains?);
        // A hostname that is still a custom domain, and is to have a route: whose it is decides.
        let of_domain = |record: &DnsRecord| {
            let at_host = |host: &Host| by_route(host) && host.name == record.name;
            record.meta.origin_worker_id.is_some() && inputs.hosts.iter().any(at_host)
        };
        if domains.is_none() && !self.reader.account().is_empty() && first.iter().any(of_domain) {
            domains = Some(reader.custom_domains(&zone).await?);
        }
        // A token for DNS alone need not see routes; who deploys there is told of them in any case.
        let routes = match routes {
            Err(error) if error.is_forbidden() => {
                tracing::info!("{}", report::routes_unseen());
                None
            }
            routes => routes?,
        };
        let kept = domains::served_by_route(&inputs.hosts, routes.as_deref());
        let routes = routes.unwrap_or_default();
        let rules = Rules {
            owner: &inputs.owner,
            zone: &self.zone,
            kept: &kept,
            adopt: inputs.adopt,
            prune: inputs.prune && !verify,
            accept_foreign: verify,
        };
        let decide = |records: &[DnsRecord]| {
            let decision = plan::decide(&wanted, records, rules);
            let decision = domains::give_way(&inputs.hosts, domains.as_deref().unwrap_or_default(), decision);
            let decision = domains::decide(&inputs.hosts, records, domains.as_deref(), rules, decision);
            routes::decide(&inputs.hosts, &routes, decision)
        };
        let limits = Limits {
            max_deletes: inputs.max_deletes,
            dry_run: inputs.dry_run,
            only_look: verify && (inputs.dry_run || !inputs.create_missing),
            writes: &self.writes,
        };
        converge(
            &self.reader,
            found,
            &Scope::Zone,
            first,
            limits,
            decide,
            &mut self.converged,
        )
        .await
    }

    async fn delete(&mut self, found: &mut Found) -> anyhow::Result<()> {
        let inputs = &self.inputs;
        let names = inputs.names_to_delete(&self.zone);
        let decide = |records: &[DnsRecord]| -> Decision { plan::deletions(records, &inputs.owner, names.as_deref()) };
        let limits = Limits {
            max_deletes: inputs.max_deletes,
            dry_run: inputs.dry_run,
            only_look: false,
            writes: &self.writes,
        };
        let scope = Scope::Marked(inputs.owner.clone());
        let first = converge::read(&self.reader, found, &scope).await?;
        converge(&self.reader, found, &scope, first, limits, decide, &mut self.converged).await
    }

    /// Warns of hostnames that no certificate covers: HTTPS fails there, whatever DNS says.
    async fn check_certificates(&self, found: &Found) {
        let wanted = self.inputs.wanted(&self.zone);
        let mut deep: Vec<String> = wanted
            .into_iter()
            .filter(|wanted| wanted.proxied && depth(&wanted.name, &self.zone) > 1)
            .map(|wanted| wanted.name)
            .collect();
        if deep.is_empty() {
            return;
        }
        match self.reader.certificate_hosts(&found.zone).await {
            Ok(hosts) => {
                deep.retain(|name| !covers(&hosts, name));
                if !deep.is_empty() {
                    command::warning("preview-dns", &report::uncovered(&deep, &self.zone));
                }
            }
            Err(error) => command::warning("preview-dns", &report::certificates_unknown(&deep, &error)),
        }
    }

    async fn wait(&mut self, found: &mut Found) -> anyhow::Result<()> {
        let Some(wait) = self.inputs.wait.clone().filter(|_| !self.inputs.dry_run) else {
            return Ok(());
        };
        let wanted = self.inputs.wanted(&self.zone);
        if wanted.is_empty() {
            return Ok(());
        }
        if wait.resolver == wait::Resolver::Authoritative {
            found.complete(&self.reader).await?;
        }
        match wait::until_answered(&self.http, &found.zone, &wanted, &wait.resolver, wait.timeout).await {
            Ok(answered) => {
                self.waited = Some(answered);
                Ok(())
            }
            Err(missing) => Err(report::not_answered(&missing, wait.timeout).into()),
        }
    }
}
