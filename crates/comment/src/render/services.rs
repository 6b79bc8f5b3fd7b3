//! The services: what was deployed, where it answers, and whether it is well.

use std::time::Duration;

use actions_core::reports::{Endpoint, Health, Report, Service, ServiceState};
use actions_core::text::{count, elapsed, shorten};

use super::not_listed;
use actions_core::markdown::{cell, code, inline, link};

/// A reason in the table; the whole of it stands under what failed.
const LONGEST_DETAIL: usize = 80;
/// The characters of a version id that tell it apart, as Cloudflare's dashboard shows them.
const VERSION: usize = 8;

/// More lines than these are shown only where something is to be said.
const MOST_ROWS: usize = 25;

/// One line of the table: a service, its endpoint, or both.
struct Row<'a> {
    name: &'a str,
    url: &'a str,
    service: Option<&'a Service>,
    endpoint: Option<&'a Endpoint>,
}

impl Row<'_> {
    /// Where its link leads; a report of an older version may still have credentials in it.
    fn target(&self) -> String {
        if self.url.contains(['?', '#', '@']) {
            actions_core::credential::shown(self.url)
        } else {
            self.url.to_owned()
        }
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
                    name: &service.service,
                    url: &service.url,
                    service: Some(service),
                    endpoint: None,
                };
                // A later report of the same service (a second deploy in one run) takes the earlier one's place.
                match rows.iter_mut().find(|row| row.name == service.service) {
                    Some(earlier) => *earlier = row,
                    None => rows.push(row),
                }
            }
        }
    }
    for report in reports {
        let Report::HealthCheck(check) = report else { continue };
        for endpoint in &check.endpoints {
            let of_service = |row: &&mut Row<'_>| row.name == endpoint.name || is_under(&endpoint.url, row.url);
            match rows.iter_mut().find(of_service) {
                Some(row) => row.endpoint = Some(endpoint),
                None => rows.push(Row {
                    name: &endpoint.name,
                    url: &endpoint.url,
                    service: None,
                    endpoint: Some(endpoint),
                }),
            }
        }
    }
    rows
}

/// Whether `url` is `base` or a path under it.
fn is_under(url: &str, base: &str) -> bool {
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
    let rows = rows(reports);
    if rows.is_empty() {
        return None;
    }
    if rows.len() <= MOST_ROWS {
        return Some(table_of(&rows.iter().collect::<Vec<_>>()));
    }
    // Nobody reads hundreds of lines to find the one that is wrong.
    let (good, news): (Vec<&Row<'_>>, Vec<&Row<'_>>) = rows.iter().partition(|row| row.is_good());
    let news = (!news.is_empty()).then(|| table_of(&news));
    let good = (!good.is_empty()).then(|| {
        let all = if news.is_none() { "All " } else { "The other " };
        format!(
            "<details><summary>{all}{}</summary>\n\n{}\n\n</details>",
            good.len(),
            table_of(&good)
        )
    });
    Some(news.into_iter().chain(good).collect::<Vec<_>>().join("\n\n"))
}

fn table_of(rows: &[&Row<'_>]) -> String {
    let services = || rows.iter().filter_map(|row| row.service);
    let named = if services().next().is_some() {
        "Service"
    } else {
        "Endpoint"
    };
    let with_version = services().any(|service| !version(service).is_empty());
    let with_time = services().any(|service| !time(service).is_empty());
    let mut columns = vec![(named, ":--"), ("State", ":--"), ("URL", ":--")];
    columns.extend(with_version.then_some(("Version", ":--")));
    columns.extend(with_time.then_some(("Time", "--:")));
    let (heads, lines): (Vec<&str>, Vec<&str>) = columns.into_iter().unzip();
    let mut table = vec![format!("| {} |", heads.join(" | ")), format!("|{}|", lines.join("|"))];
    for row in rows {
        let mut cells = vec![
            format!("**{}**", cell(&inline(row.name))),
            state(row),
            cell(&place(row)),
        ];
        cells.extend(with_version.then(|| row.service.map(version).unwrap_or_default()));
        cells.extend(with_time.then(|| row.service.map(time).unwrap_or_default()));
        table.push(format!("| {} |", cells.join(" | ")));
    }
    table.join("\n")
}

fn place(row: &Row<'_>) -> String {
    let hostname = row.service.map_or("", |service| service.hostname.as_str());
    let target = row.target();
    let shown = if hostname.is_empty() {
        target
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .trim_end_matches('/')
    } else {
        hostname
    };
    let nothing_there = row
        .service
        .is_some_and(|service| matches!(service.state, ServiceState::Skipped | ServiceState::Planned));
    // A link that leads nowhere yet is worse than none.
    if nothing_there && row.endpoint.is_none() {
        inline(shown)
    } else {
        link(&inline(shown), &target)
    }
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
        Some(detail) if !detail.is_empty() => format!("{words}<br>{}", cell(&inline(&detail))),
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

fn version(service: &Service) -> String {
    let id = service.version_id.as_deref().unwrap_or_default();
    let short: String = id.chars().take(VERSION).collect();
    let shown = cell(&code(&short));
    match &service.version_url {
        Some(url) if !short.is_empty() => link(&shown, url),
        _ => shown,
    }
}

fn time(service: &Service) -> String {
    // Less than a tenth of a second is no news, and "0.0 s" no number.
    let worth_telling = service.seconds.is_finite() && service.seconds >= 0.1;
    if service.state == ServiceState::Deployed && worth_telling {
        elapsed(Duration::from_secs_f64(service.seconds.min(86_400.0)))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_leads_to_its_own_url_where_it_has_one() {
        let mut service = Service {
            version_id: Some("40078421-fb21-4db5-960e-8dbb2ae54628".to_owned()),
            ..Service::default()
        };
        assert_eq!(version(&service), "`40078421`");
        service.version_url = Some("https://40078421-api.acme.workers.dev".to_owned());
        assert_eq!(version(&service), "[`40078421`](https://40078421-api.acme.workers.dev)");
        service.version_url = Some("javascript:alert(1)".to_owned());
        assert_eq!(version(&service), "`40078421`");
    }
}
