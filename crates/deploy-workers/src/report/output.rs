//! What comes after a run: the output `report`, the other outputs, and the summary.

use std::time::{Duration, Instant};

use actions_core::environment::Service as Subject;
use actions_core::markdown::{link, text_cell};
use actions_core::reports::{Command, DeployWorkers, Head, Service, ServiceState, Status};
use actions_core::runner::Runner;
use actions_core::text::{bytes, count, elapsed, quoted_list};
use serde_json::{Map, Value};

use super::describe::{Described, described_markdown};
use crate::apply::outcome::{Code, Did, Journal, Outcome};
use crate::apply::rollback::PutBack;
use crate::inputs::Inputs;
use crate::plan::addresses;
use crate::plan::hostnames::Step;
use crate::plan::{Plan, ServicePlan};
use wrangler::project::Size;

/// Milliseconds are enough.
pub(super) fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

pub(super) fn head(inputs: &Inputs, command: Command, seconds: f64) -> Head {
    Head {
        command,
        environment: inputs.environment.name.clone(),
        pull_request: inputs.environment.pull_request,
        status: Status::Done,
        seconds: rounded(seconds),
        ..Head::default()
    }
}

/// Whose code is as it was before, and whose is not, by the services' keys.
#[derive(Default)]
pub(crate) struct Back<'a> {
    pub(crate) put_back: Vec<&'a str>,
    /// They have, or may have, what the run that failed has deployed.
    pub(crate) not_put_back: Vec<&'a str>,
}

/// Writes the outputs.
pub(crate) fn outputs(runner: &Runner, json: &DeployWorkers, back: &Back<'_>) -> anyhow::Result<()> {
    let by_service = |value: fn(&Service) -> Value| -> String {
        let all: Map<String, Value> = json
            .services
            .iter()
            .map(|service| (service.service.clone(), value(service)))
            .collect();
        Value::Object(all).to_string()
    };
    runner.output("urls", &by_service(|service| service.url.clone().into()))?;
    runner.output("versions", &by_service(|service| service.version_id.clone().into()))?;
    runner.output("changed", if json.head.changed { "true" } else { "false" })?;
    runner.output("rolled-back", &serde_json::json!(back.put_back).to_string())?;
    runner.output("not-put-back", &serde_json::json!(back.not_put_back).to_string())?;
    runner.report(json.clone())
}

/// What a deployment tells the next actions, and the run's summary.
pub(crate) struct Report<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) plan: &'a Plan,
    pub(crate) journal: &'a Journal,
    /// Why the run ended early.
    pub(crate) error: Option<&'a anyhow::Error>,
    /// What each Worker gets, as it was printed before.
    pub(crate) described: &'a [Described],
    pub(crate) seconds: f64,
}

impl Report<'_> {
    fn status(&self) -> Status {
        match self.error {
            Some(_) => Status::Failed,
            None if self.inputs.dry_run => Status::Planned,
            None => Status::Done,
        }
    }

    fn service(&self, plan: &ServicePlan) -> Service {
        let outcome = self.journal.services.get(&plan.key);
        let put_back = outcome.and_then(|outcome| outcome.put_back.as_ref());
        let state = match (outcome, put_back) {
            _ if self.inputs.dry_run => ServiceState::Planned,
            (_, Some(PutBack::Back(_) | PutBack::Removed)) => ServiceState::RolledBack,
            (_, Some(PutBack::Failed(_) | PutBack::Bound(_) | PutBack::Unanswered)) => ServiceState::Failed,
            (None, _) => ServiceState::Skipped,
            (Some(outcome), _) if outcome.failed.is_some() => ServiceState::Failed,
            (Some(outcome), _) if outcome.cut && !outcome.changed() => ServiceState::Skipped,
            (Some(outcome), _) if outcome.cut || outcome.on_its_way => ServiceState::Failed,
            (Some(outcome), _) if outcome.changed() => ServiceState::Deployed,
            (Some(_), _) => ServiceState::Unchanged,
        };
        // First, as readers of a comment see its beginning.
        let gone = outcome.and_then(|outcome| super::given_up(plan, outcome));
        let failed = outcome.and_then(|outcome| outcome.failed.clone());
        let mut details: Vec<String> = gone.into_iter().chain(failed).collect();
        details.extend(
            outcome
                .filter(|outcome| outcome.cut)
                .map(|outcome| super::cut(outcome).to_owned()),
        );
        match put_back {
            Some(PutBack::Left(why)) => details.push(format!("not put back: {why}")),
            Some(PutBack::Failed(why) | PutBack::Bound(why)) => details.push(format!("could not be put back: {why}")),
            Some(PutBack::Unanswered) => details.push(format!("perhaps not put back: {}", super::OUT_OF_TIME)),
            _ => {}
        }
        let undone = outcome.map(|outcome| super::undone(&outcome.undone));
        details.extend(undone.filter(|undone| !undone.is_empty()));
        // Of unchanged code nothing is put back, whatever became of its hostnames.
        let stays = |outcome: &&Outcome| put_back.is_some() || self.error.is_some() && outcome.code == Code::Kept;
        details.extend(outcome.filter(stays).and_then(|outcome| not_undone(plan, outcome)));
        if let (Some(first), Some(made)) = (&plan.first, outcome.and_then(|outcome| outcome.first.as_ref())) {
            let is_first = |version: Option<&String>| version == Some(made);
            let whole = !outcome.is_some_and(|it| is_first(it.new.as_ref()) || is_first(it.version.as_ref()));
            details.push(super::in_two_steps(first, whole));
        }
        details.extend(outcome.iter().flat_map(|outcome| outcome.warnings.clone()));
        details.extend(plan.notes.iter().cloned());
        let version = outcome.map_or_else(|| plan.previous.clone(), |outcome| outcome.version.clone());
        let new_urls = outcome.and_then(|outcome| outcome.version_urls.as_deref());
        Service {
            service: plan.key.clone(),
            worker: plan.worker.clone(),
            url: plan.url.clone(),
            hostname: plan.hostname.clone(),
            hostnames: self.hostnames(plan),
            version_url: version
                .as_deref()
                .and_then(|version| plan.version_url(version, new_urls)),
            version_id: version,
            previous_version_id: plan.previous.clone(),
            state,
            detail: Some(details.join("; ")).filter(|details| !details.is_empty()),
            size: Some(plan.size.raw),
            gzip: Some(plan.size.gzip),
            previous_size: plan.live_size.map(|size| size.raw),
            previous_gzip: plan.live_size.map(|size| size.gzip),
            seconds: rounded(outcome.map_or(0.0, |outcome| outcome.took.as_secs_f64())),
        }
    }

    /// The hostnames that lead to the Worker now; with `dry-run`, those that are to.
    fn hostnames(&self, plan: &ServicePlan) -> Vec<String> {
        let outcome = self.journal.services.get(&plan.key);
        let done = |step: &Step| outcome.is_some_and(|outcome| outcome.did.contains(&Did::Step(step.clone())));
        // A step that found its end reached is done, and no change.
        let is_whole = outcome.is_some_and(|outcome| outcome.failed.is_none() && !outcome.cut);
        let removed = outcome.is_some_and(|outcome| outcome.put_back == Some(PutBack::Removed));
        let undone = |hostname: &str| {
            let mut undone = outcome.into_iter().flat_map(|outcome| &outcome.undone);
            removed || undone.any(|undone| undone.led(hostname))
        };
        let open = |hostname: &str| {
            let steps = plan.steps.iter().filter(|step| step.leads_to(hostname));
            steps.clone().count() > 0 && !steps.clone().any(done)
        };
        let all = plan.hostnames.iter();
        all.filter(|hostname| self.inputs.dry_run || !undone(hostname) && (is_whole || !open(hostname)))
            .cloned()
            .collect()
    }

    fn json(&self) -> DeployWorkers {
        let head = Head {
            status: self.status(),
            changed: self.journal.changed(),
            error: self.error.map(actions_core::error::render),
            ..head(self.inputs, Command::Deploy, self.seconds)
        };
        DeployWorkers {
            head,
            services: self.plan.services.values().map(|plan| self.service(plan)).collect(),
        }
    }

    fn markdown(&self) -> String {
        let title = self.inputs.environment.title();
        let changed = self
            .journal
            .services
            .values()
            .filter(|outcome| outcome.changed())
            .count();
        let head = match self.status() {
            Status::Failed => format!("### Workers of {title}: failed\n"),
            Status::Planned => format!(
                "### Workers of {title}: planned, nothing was touched\n\n{}\n",
                self.plan.changes().markdown().trim_end()
            ),
            _ if changed == 0 => format!("### Workers of {title}: unchanged\n"),
            _ => format!("### Workers of {title}: {} deployed\n", count(changed, "service")),
        };
        let rows: String = self
            .plan
            .services
            .values()
            .map(|plan| row(&self.service(plan), &delta(plan.size, plan.live_size)))
            .collect();
        let details = if self.inputs.dry_run {
            described_markdown(self.inputs, self.described)
        } else {
            String::new()
        };
        let back = if self.journal.services.values().any(|outcome| outcome.put_back.is_some()) {
            NOT_PUT_BACK
        } else {
            ""
        };
        let namespaces = self.namespaces();
        format!(
            "{head}{back}{namespaces}\n| | service | version | size | time | |\n|---|---|---|---|---|---|\n{rows}{details}"
        )
    }

    /// The KV namespaces of a run that failed: no row tells of them.
    fn namespaces(&self) -> String {
        let told = |said: &str, titles: &[String]| match titles {
            [] => String::new(),
            titles => format!("\nKV namespaces that {said}: {}.\n", quoted_list(titles)),
        };
        if self.error.is_none() {
            return String::new();
        }
        let open: Vec<String> = self.journal.kv_open.iter().cloned().collect();
        told("were made", &self.journal.kv) + &told("may have been made", &open)
    }

    /// Writes the outputs.
    pub(crate) fn outputs(&self, runner: &Runner) -> anyhow::Result<()> {
        let not_put_back = self.error.map(|_| self.journal.not_put_back());
        let back = Back {
            put_back: self.journal.put_back(),
            not_put_back: not_put_back.unwrap_or_default(),
        };
        outputs(runner, &self.json(), &back)
    }

    /// Writes outputs and summary. Where nothing was begun, the error says all that there is to say.
    pub(crate) fn write(&self, runner: &Runner) -> anyhow::Result<()> {
        if self.error.is_none() || !self.journal.services.is_empty() || self.journal.changed() {
            runner.summary(&self.markdown());
        }
        self.outputs(runner)
    }
}

/// The outputs of a run that ended before it knew what to do: every service as it was.
pub(crate) fn untouched(
    runner: &Runner,
    inputs: &Inputs,
    command: Command,
    error: &anyhow::Error,
    started: Instant,
) -> anyhow::Result<()> {
    let chosen = inputs.environment.services.iter();
    let chosen = chosen.filter(|service| inputs.chosen.contains(&service.key));
    let service = |service: &Subject| Service {
        service: service.key.clone(),
        worker: service.worker.clone(),
        url: service.url.clone(),
        hostname: service.hostname.clone(),
        state: ServiceState::Skipped,
        ..Service::default()
    };
    let json = DeployWorkers {
        head: Head {
            status: Status::Failed,
            error: Some(actions_core::error::render(error)),
            ..head(inputs, command, started.elapsed().as_secs_f64())
        },
        services: chosen.map(service).collect(),
    };
    outputs(runner, &json, &Back::default())
}

/// What no version holds, so no rollback brings back.
pub(super) const NOT_PUT_BACK: &str = "\nPut back is the code with its bindings and secrets. Hostnames, schedules, settings that no version holds, and data stay as they are now.\n";

/// What this run changed about a service whose code is as before, beside the code.
fn not_undone(plan: &ServicePlan, outcome: &Outcome) -> Option<String> {
    let removed = outcome.put_back == Some(PutBack::Removed);
    let left = outcome.did.iter().filter_map(|did| match did {
        Did::Step(done) if outcome.undone.iter().any(|undone| undone.undoes(done)) => None,
        // They are told first.
        Did::Step(done) if plan.former.contains(done) => None,
        Did::Step(done) => Some(step(done)),
        Did::Record(name) => Some(format!("our DNS record `{name}` was deleted")),
        // They went with it.
        _ if removed => None,
        Did::Schedules => Some("its schedules".to_owned()),
        Did::Settings => Some("its settings".to_owned()),
        Did::Migrations => Some("its Durable Object migrations".to_owned()),
        Did::WorkersDevOff => Some("workers.dev was switched off".to_owned()),
        Did::Addresses(at) => Some(format!("workers.dev was switched {}", addresses::said(*at))),
        // They say whose it is, which does not change.
        Did::Tags => None,
    });
    let left: Vec<String> = left.collect();
    (!left.is_empty()).then(|| format!("changed by this run, and not put back: {}", left.join(", ")))
}

fn step(step: &Step) -> String {
    match step {
        Step::CreateRoute { pattern, .. } => format!("route `{pattern}` was made"),
        Step::MoveRoute(route) => format!("route `{}` was moved to it", route.pattern),
        Step::DeleteRoute(route) => format!("route `{}` was deleted", route.pattern),
        Step::AttachDomain(attachment) => format!("custom domain `{}` was attached", attachment.hostname),
        Step::DetachDomain(domain) => format!("custom domain `{}` was detached", domain.hostname),
    }
}

/// `110.0 KiB, 25.9 KiB compressed (+1.2 KiB)`
fn delta(now: Size, live: Option<Size>) -> String {
    let now_text = super::size(now);
    match live {
        Some(live) if live.gzip < now.gzip => format!("{now_text} (+{})", bytes(now.gzip - live.gzip)),
        Some(live) if live.gzip > now.gzip => format!("{now_text} (−{})", bytes(live.gzip - now.gzip)),
        _ => now_text,
    }
}

pub(super) fn row(service: &Service, size: &str) -> String {
    let mark = match service.state {
        ServiceState::Deployed => "✅",
        ServiceState::Unchanged => "➖",
        ServiceState::Failed => "❌",
        ServiceState::RolledBack => "↩️",
        ServiceState::Planned => "📝",
        ServiceState::Skipped | ServiceState::Unknown => "⏭️",
    };
    let version = service.version_id.as_deref().map_or_else(String::new, |id| {
        let short = format!("`{}`", actions_core::text::shorten(id, 9));
        match &service.version_url {
            Some(url) => format!("[{short}]({url})"),
            None => short,
        }
    });
    let time = match service.state {
        ServiceState::Planned | ServiceState::Skipped | ServiceState::Unknown => String::new(),
        // Nobody measured it.
        _ if service.seconds == 0.0 => String::new(),
        _ => elapsed(Duration::from_secs_f64(service.seconds)),
    };
    let detail = service.detail.as_deref().map(text_cell).unwrap_or_default();
    let name = text_cell(&service.service);
    let name = link(&name, &service.url);
    format!("| {mark} | {name} | {version} | {size} | {time} | {detail} |\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_with_their_change() {
        let size = |gzip| Size { raw: 112_640, gzip };
        assert_eq!(
            delta(size(26_500), Some(size(25_300))),
            "110.0 KiB, 25.9 KiB compressed (+1.2 KiB)"
        );
        assert_eq!(
            delta(size(900), Some(size(1000))),
            "110.0 KiB, 900 B compressed (−100 B)"
        );
        assert_eq!(delta(size(900), None), "110.0 KiB, 900 B compressed");
        assert_eq!(bytes(5 << 20), "5.0 MiB");
    }
}
