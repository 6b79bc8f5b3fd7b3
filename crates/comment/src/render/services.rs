//! The services: what was deployed, where it answers, and whether it is well.

use std::time::Duration;

use actions_core::reports::{Endpoint, Health, Report, Service, ServiceState};
use actions_core::text::{bytes, count, elapsed, shorten};

use super::not_listed;
use actions_core::markdown::{code_cell, inline, link, text_cell};

/// A reason in the table; the whole of it stands under what failed.
const LONGEST_DETAIL: usize = 80;
/// The characters of a version id that tell it apart, as Cloudflare's dashboard shows them.
const VERSION: usize = 8;

/// More lines than these are shown only where something is to be said.
const MOST_ROWS: usize = 25;

/// One line of the table: a service, its endpoint, or both.
struct Row<'a> {
    environment: &'a str,
    name: &'a str,
    url: &'a str,
    service: Option<&'a Service>,
    endpoint: Option<&'a Endpoint>,
}

impl Row<'_> {
    /// Whether it may be that environment's; a report need not name one.
    fn is_in(&self, environment: &str) -> bool {
        self.environment == environment || self.environment.is_empty() || environment.is_empty()
    }

    fn is_of(&self, environment: &str, name: &str) -> bool {
        self.is_in(environment) && self.name == name
    }

    /// Whether the endpoint is the service's own, or a later answer of its endpoint.
    fn takes(&self, environment: &str, endpoint: &Endpoint) -> bool {
        self.is_of(environment, &endpoint.name) && self.endpoint.is_none_or(|known| known.url == endpoint.url)
    }

    /// Whether it holds an earlier answer of the same endpoint.
    fn was(&self, environment: &str, endpoint: &Endpoint) -> bool {
        let same = |known: &Endpoint| known.url == endpoint.url && known.name == endpoint.name;
        self.is_in(environment) && self.endpoint.is_some_and(same)
    }

    /// Where its link leads; a report of an older version may still have credentials in it.
    fn target(&self) -> String {
        if self.url.contains(['?', '#', '@']) {
            actions_core::credential::shown(self.url)
        } else {
            self.url.to_owned()
        }
    }

    /// What failed comes before what follows from that, and what is well comes last.
    fn place(&self) -> u8 {
        let follows = self
            .service
            .is_some_and(|service| matches!(service.state, ServiceState::RolledBack | ServiceState::Skipped));
        match (self.is_good(), follows) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    /// Whether there is something at its URL: a link that leads nowhere yet is worse than none.
    fn leads_somewhere(&self) -> bool {
        let nothing_there = self
            .service
            .is_some_and(|service| matches!(service.state, ServiceState::Skipped | ServiceState::Planned));
        !self.url.is_empty() && (!nothing_there || self.endpoint.is_some())
    }

    /// Whether there is nothing to say of it but that it is well.
    fn is_good(&self) -> bool {
        let well = self.endpoint.is_none_or(|endpoint| endpoint.state == Health::Healthy);
        let there = self
            .service
            .is_none_or(|service| matches!(service.state, ServiceState::Deployed | ServiceState::Unchanged));
        well && there
    }
}

fn rows(reports: &[Report]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for report in reports {
        if let Report::DeployWorkers(deploy) = report {
            for service in &deploy.services {
                let row = Row {
                    environment: &deploy.head.environment,
                    name: &service.service,
                    url: &service.url,
                    service: Some(service),
                    endpoint: None,
                };
                // A later report of the same service (a second deploy in one run) takes the earlier one's place.
                match rows.iter_mut().find(|earlier| earlier.is_of(row.environment, row.name)) {
                    Some(earlier) => *earlier = row,
                    None => rows.push(row),
                }
            }
        }
    }
    let checks = reports.iter().filter_map(|report| match report {
        Report::HealthCheck(check) => Some(check),
        _ => None,
    });
    // Each has one line: of two answers under one service, the second must not hide the first.
    let mut rest: Vec<(&str, &Endpoint)> = Vec::new();
    for (environment, endpoint) in checks.flat_map(|check| {
        check
            .endpoints
            .iter()
            .map(|endpoint| (check.head.environment.as_str(), endpoint))
    }) {
        let named = rows.iter_mut().find(|row| row.takes(environment, endpoint));
        match named {
            Some(row) => row.endpoint = Some(endpoint),
            None => rest.push((environment, endpoint)),
        }
    }
    for (environment, endpoint) in rest {
        let again = rows.iter().position(|row| row.was(environment, endpoint));
        match again.or_else(|| under(&rows, environment, endpoint)) {
            Some(at) => rows[at].endpoint = Some(endpoint),
            None => rows.push(Row {
                environment,
                name: &endpoint.name,
                url: &endpoint.url,
                service: None,
                endpoint: Some(endpoint),
            }),
        }
    }
    rows
}

/// The service without an answer yet at whose URL, the longest that fits, the endpoint lies: of several Workers on one
/// hostname the one whose path it is.
fn under(rows: &[Row<'_>], environment: &str, endpoint: &Endpoint) -> Option<usize> {
    let fitting = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.service.is_some() && row.is_in(environment) && is_under(&endpoint.url, row.url));
    let (at, row) = fitting.max_by_key(|(_, row)| row.url.len())?;
    row.endpoint.is_none().then_some(at)
}

/// Whether `url` is `base` or a path under it.
fn is_under(url: &str, base: &str) -> bool {
    let base = base.trim_end_matches('/');
    !base.is_empty()
        && url
            .strip_prefix(base)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// `5 of 5 services healthy, deployed in 12 s`: only what was counted.
pub(super) fn tally(reports: &[Report]) -> Option<String> {
    let rows = rows(reports);
    let mut said: Vec<String> = Vec::new();
    let more = |state: Health| not_listed(reports, "endpoints", state);
    let all = [Health::Healthy, Health::Unhealthy, Health::Unreachable, Health::Unknown];
    let checked = rows.iter().filter(|row| row.endpoint.is_some()).count() + all.map(more).iter().sum::<usize>();
    if checked > 0 {
        let healthy = rows
            .iter()
            .filter(|row| row.endpoint.is_some_and(|endpoint| endpoint.state == Health::Healthy))
            .count()
            + more(Health::Healthy);
        let noun = if rows.iter().all(|row| row.service.is_some()) {
            "service"
        } else {
            "endpoint"
        };
        said.push(format!("**{healthy} of {}** healthy", count(checked, noun)));
    }
    let in_state = |state: ServiceState| {
        rows.iter()
            .filter(|row| row.service.is_some_and(|service| service.state == state))
            .count()
            + not_listed(reports, "services", state)
    };
    for (state, word) in [
        (ServiceState::Deployed, "deployed"),
        (ServiceState::Unchanged, "unchanged"),
        (ServiceState::Planned, "to deploy"),
        (ServiceState::Failed, "failed"),
        (ServiceState::RolledBack, "rolled back"),
        (ServiceState::Skipped, "not deployed"),
    ] {
        let n = in_state(state);
        if n > 0 {
            said.push(format!("{n} {word}"));
        }
    }
    (!said.is_empty()).then(|| said.join(" · "))
}

/// The table of services, without columns that nobody filled.
pub(super) fn table(reports: &[Report]) -> Option<String> {
    let mut rows = rows(reports);
    if rows.is_empty() {
        return None;
    }
    // What is wrong is read first.
    rows.sort_by_key(Row::place);
    let several = rows.iter().any(|row| !row.is_in(rows[0].environment));
    if rows.len() <= MOST_ROWS {
        return Some(table_of(&rows.iter().collect::<Vec<_>>(), several));
    }
    // Nobody reads hundreds of lines to find the one that is wrong.
    let (good, news): (Vec<&Row<'_>>, Vec<&Row<'_>>) = rows.iter().partition(|row| row.is_good());
    let news = (!news.is_empty()).then(|| table_of(&news, several));
    let good = (!good.is_empty()).then(|| {
        let all = if news.is_none() { "All " } else { "The other " };
        format!(
            "<details><summary>{all}{}</summary>\n\n{}\n\n</details>",
            good.len(),
            table_of(&good, several)
        )
    });
    Some(news.into_iter().chain(good).collect::<Vec<_>>().join("\n\n"))
}

/// `several`: each line names its environment.
fn table_of(rows: &[&Row<'_>], several: bool) -> String {
    let with_services = rows.iter().any(|row| row.service.is_some());
    let named = if with_services { "Service" } else { "Endpoint" };
    // Two columns: a third one runs off a telephone's screen.
    let mut table = vec![format!("| {named} | State |"), "|:--|:--|".to_owned()];
    for row in rows {
        let environment = (several && !row.environment.is_empty()).then(|| text_cell(row.environment));
        let told: Vec<String> = environment
            .into_iter()
            .chain(row.service.map(told).unwrap_or_default())
            .collect();
        let told = if told.is_empty() {
            String::new()
        } else {
            format!("<br><sub>{}</sub>", told.join(" · "))
        };
        table.push(format!("| {}{told} | {} |", name(row), state(row)));
    }
    table.join("\n")
}

/// The service's name, which leads to it.
fn name(row: &Row<'_>) -> String {
    let name = format!("**{}**", text_cell(row.name));
    if row.leads_somewhere() {
        link(&name, &row.target())
    } else {
        name
    }
}

/// The service that people open, as a link to it. None as long as it does not answer as it should.
pub(super) fn door(reports: &[Report], front: Option<&str>) -> Option<String> {
    let rows = rows(reports);
    let row = front_of(&rows, front)?;
    let hostname = row.service.map_or("", |service| service.hostname.as_str());
    let shown = if hostname.is_empty() { row.name } else { hostname };
    (row.is_good() && row.leads_somewhere()).then(|| format!("➜ **{}**", link(&inline(shown), &row.target())))
}

/// Whether it is what a browser opens, and GitHub takes as the address of an environment.
pub fn is_address(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// The address of the service that people open, else of the first one that has one.
pub fn address(reports: &[Report], front: Option<&str>) -> Option<String> {
    let rows = rows(reports);
    let has_address = |row: &&Row<'_>| row.leads_somewhere() && is_address(row.url);
    let front = front_of(&rows, front).filter(has_address);
    let row = front.or_else(|| rows.iter().find(has_address))?;
    Some(row.target())
}

/// The one that the manifest calls the front, else the one whose health is a page, or the only one.
fn front_of<'a, 'r>(rows: &'a [Row<'r>], front: Option<&str>) -> Option<&'a Row<'r>> {
    let is_page = |row: &&Row<'_>| {
        row.service.is_some()
            && row
                .endpoint
                .is_some_and(|endpoint| path(&endpoint.url).is_some_and(|path| matches!(path, "" | "/")))
    };
    match (front, rows) {
        (Some(front), rows) => rows.iter().find(|row| row.name == front),
        (None, [only]) if only.service.is_some() => Some(only),
        (None, rows) => rows.iter().find(is_page),
    }
}

fn path(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.split(['?', '#']).next()
}

/// Health comes before deployment: a Worker that was deployed and does not answer is no success.
fn state(row: &Row<'_>) -> String {
    let deployed = row.service.map(|service| service.state);
    let detail = |detail: Option<&String>| detail.map(|text| shorten(text, LONGEST_DETAIL));
    let (words, detail) = match (row.endpoint, deployed) {
        (_, Some(ServiceState::Failed)) => ("🔴 Failed", detail(row.service.and_then(|s| s.detail.as_ref()))),
        (_, Some(ServiceState::RolledBack)) => ("🟠 Rolled back", detail(row.service.and_then(|s| s.detail.as_ref()))),
        (Some(endpoint), _) => match endpoint.state {
            Health::Healthy => ("🟢 Healthy", Some(checks(endpoint))),
            Health::Unhealthy => ("🔴 Unhealthy", detail(endpoint.detail.as_ref())),
            Health::Unreachable => ("🔴 Unreachable", detail(endpoint.detail.as_ref())),
            Health::Unknown => ("❔ Unknown", detail(endpoint.detail.as_ref())),
        },
        (None, Some(ServiceState::Deployed)) => ("🔵 Deployed", None),
        (None, Some(ServiceState::Unchanged)) => ("🔵 Unchanged", None),
        (None, Some(ServiceState::Planned)) => ("⚪ Planned", None),
        (None, Some(ServiceState::Skipped)) => ("⚪ Not deployed", detail(row.service.and_then(|s| s.detail.as_ref()))),
        (None, Some(ServiceState::Unknown) | None) => ("❔ Unknown", None),
    };
    match detail {
        Some(detail) if !detail.is_empty() => format!("{words}<br><sub>{}</sub>", text_cell(&detail)),
        _ => words.to_owned(),
    }
}

/// `database ✓ · kv ✓`, from the health document.
fn checks(endpoint: &Endpoint) -> String {
    let checks: Vec<String> = endpoint
        .checks
        .iter()
        .map(|(name, result)| {
            if result == "ok" {
                // A break before the mark would give it to the next line.
                format!("{name}\u{a0}✓")
            } else {
                format!("{name} {result}")
            }
        })
        .collect();
    checks.join(" · ")
}

/// Which version serves, how large it is and how long its deployment took: what is known of it.
fn told(service: &Service) -> Vec<String> {
    [version(service), size(service), time(service)]
        .into_iter()
        .flatten()
        .collect()
}

fn version(service: &Service) -> Option<String> {
    let id = service.version_id.as_deref().filter(|id| !id.is_empty())?;
    let shown = code_cell(&id.chars().take(VERSION).collect::<String>());
    Some(match &service.version_url {
        Some(url) => link(&shown, url),
        None => shown,
    })
}

/// Compressed, as Cloudflare counts it, and what has become of it since the version before.
fn size(service: &Service) -> Option<String> {
    let now = service.gzip.filter(|_| service.state == ServiceState::Deployed)?;
    let size = bytes(now).replace(' ', "\u{a0}");
    let change = service.previous_gzip.filter(|before| *before != now).map(|before| {
        let (sign, by) = if now > before {
            ('+', now - before)
        } else {
            ('−', before - now)
        };
        format!(" ({sign}{})", bytes(by).replace(' ', "\u{a0}"))
    });
    Some(size + &change.unwrap_or_default())
}

fn time(service: &Service) -> Option<String> {
    // Less than a tenth of a second is no news, and "0.0 s" no number.
    let worth_telling = service.seconds.is_finite() && service.seconds >= 0.1;
    (service.state == ServiceState::Deployed && worth_telling)
        .then(|| elapsed(Duration::from_secs_f64(service.seconds.min(86_400.0))).replace(' ', "\u{a0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_told_with_its_change() {
        let told = |gzip, previous_gzip| {
            size(&Service {
                state: ServiceState::Deployed,
                gzip,
                previous_gzip,
                ..Service::default()
            })
        };
        let told = |gzip, before| told(gzip, before).map(|text| text.replace('\u{a0}', " "));
        assert_eq!(told(None, Some(1)), None);
        assert_eq!(told(Some(31_744), None).unwrap(), "31.0 KiB");
        assert_eq!(told(Some(31_744), Some(31_744)).unwrap(), "31.0 KiB");
        assert_eq!(told(Some(31_744), Some(31_244)).unwrap(), "31.0 KiB (+500 B)");
        assert_eq!(told(Some(31_744), Some(33_792)).unwrap(), "31.0 KiB (−2.0 KiB)");
    }

    #[test]
    fn a_version_leads_to_its_own_url_where_it_has_one() {
        let mut service = Service {
            version_id: Some("40078421-fb21-4db5-960e-8dbb2ae54628".to_owned()),
            ..Service::default()
        };
        assert_eq!(version(&service).unwrap(), "`40078421`");
        service.version_url = Some("https://40078421-api.acme.workers.dev".to_owned());
        assert_eq!(
            version(&service).unwrap(),
            "[`40078421`](https://40078421-api.acme.workers.dev)"
        );
        service.version_url = Some("javascript:alert(1)".to_owned());
        assert_eq!(version(&service).unwrap(), "`40078421`");
    }
}
