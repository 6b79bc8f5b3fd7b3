//! Which records are right, which are to change, and which are in the way. Facts in, decision out: no client here.

use std::collections::{HashMap, HashSet};

use actions_core::cloudflare::dns::is_weighty;
use actions_core::cloudflare::{DnsChange, DnsRecord};
use actions_core::owner::{Owner, Verdict};
use actions_core::plan::{Plan, Verb};

use crate::wanted::Wanted;

/// What a change is called in a plan.
pub(crate) const DNS_RECORD: &str = "DNS record";

/// What may be done with what exists.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub owner: &'a Owner,
    /// The zone's name.
    pub zone: &'a str,
    /// Names whose records of ours stay, though they are not wanted: they serve, and others replace them.
    pub kept: &'a [String],
    /// Take over records that carry no marker.
    pub adopt: bool,
    /// Delete records of this owner that are no longer wanted.
    pub prune: bool,
    /// Accept records that others made when they serve: any proxied record is as good as a placeholder.
    pub accept_foreign: bool,
}

/// What is to be done, and how each record stands.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    pub plan: Plan<DnsChange>,
    pub lines: Vec<Line>,
}

/// How one record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub name: String,
    pub kind: String,
    pub content: String,
    pub proxied: bool,
    pub fate: Fate,
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is as it should be.
    Right,
    /// The change at this place of the plan makes it so.
    Planned(usize),
    /// Something of somebody else is in the way, and this is the way out.
    Conflict(Remedy),
}

/// What a person can do about a record in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Remedy {
    /// It serves a hostname that is to be a custom domain: deleting it would take the name down.
    KeepRoute,
    /// Nobody's marker is on it: `adopt` would take it over.
    Adopt,
    /// It can only be deleted by hand.
    Delete,
    /// Another environment of ours made it.
    OtherOwner,
    /// At the zone itself, or at a wildcard: a proxied record serves a route as it is, and none is taken over.
    Proxy,
    /// It belongs to the custom domain of a Worker.
    Detach,
    /// A route leads the hostname elsewhere.
    Route,
    /// Cloudflare keeps it for a product of its own.
    Managed,
}

impl Line {
    /// `AAAA 100:: proxied`
    pub(crate) fn should_be(&self) -> String {
        let content = actions_core::text::shorten(&self.content, 60);
        let proxied = if self.proxied { " proxied" } else { "" };
        format!("{} {content}{proxied}", self.kind)
    }
}

impl Decision {
    /// The lines that somebody else's record keeps from being right.
    pub(crate) fn conflicts(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| matches!(line.fate, Fate::Conflict(_)))
    }

    fn right(&mut self, wanted: &Wanted, detail: Option<String>) {
        self.lines.push(line(wanted, Fate::Right, detail));
    }

    fn create(&mut self, wanted: &Wanted, marker: &str) {
        let at = self.plan.changes.len();
        let record = wanted.record(marker);
        let action = DnsChange::Create { record };
        self.plan
            .push(Verb::Create, DNS_RECORD, &wanted.name, wanted.to_string(), action);
        self.lines.push(line(wanted, Fate::Planned(at), None));
    }

    fn update(&mut self, wanted: &Wanted, marker: &str, record: &DnsRecord, adopted: bool) {
        let mut differences = wanted.differences(record);
        if differences.is_empty() {
            differences.push("comment".to_owned());
        }
        let word = if adopted { "adopt: " } else { "" };
        let detail = format!("{word}{}", differences.join(", "));
        let at = self.plan.changes.len();
        let (id, record) = (record.id.clone(), wanted.record(marker));
        let action = DnsChange::Update { id, record };
        self.plan.push(Verb::Update, DNS_RECORD, &wanted.name, &detail, action);
        self.lines.push(line(wanted, Fate::Planned(at), Some(detail)));
    }

    /// Whether the plan deletes this record.
    pub(crate) fn deletes(&self, record: &DnsRecord) -> bool {
        self.plan
            .changes
            .iter()
            .any(|change| matches!(&change.action, DnsChange::Delete { id, .. } if *id == record.id))
    }

    /// Plans a record's deletion.
    pub(crate) fn delete(&mut self, record: &DnsRecord, why: &str) {
        let at = self.plan.changes.len();
        let (id, name) = (record.id.clone(), record.name.clone());
        let detail = format!(
            "{} {}, {why}",
            record.kind,
            actions_core::text::shorten(&record.content, 60)
        );
        self.plan.push(
            Verb::Delete,
            DNS_RECORD,
            &name,
            detail,
            DnsChange::Delete { id, name: name.clone() },
        );
        self.lines.push(Line {
            name,
            kind: record.kind.clone(),
            content: record.content.clone(),
            proxied: record.proxied,
            fate: Fate::Planned(at),
            detail: Some(why.to_owned()),
        });
    }
}

fn line(wanted: &Wanted, fate: Fate, detail: Option<String>) -> Line {
    Line {
        name: wanted.name.clone(),
        kind: wanted.kind.name().to_owned(),
        content: wanted.content.clone(),
        proxied: wanted.proxied,
        fate,
        detail,
    }
}

/// Whether the record is this owner's, of a type that we make, and not Cloudflare's own.
pub(crate) fn is_ours(record: &DnsRecord, owner: &Owner) -> bool {
    record.is_made_by(owner)
}

/// Says what a record that is not ours is, and whose.
pub(crate) fn describe(record: &DnsRecord, owner: &Owner) -> String {
    let content = actions_core::text::shorten(&record.content, 60);
    let whose = if record.meta.origin_worker_id.is_some() {
        "made by the custom domain of a Worker".to_owned()
    } else if record.meta.read_only {
        "managed by Cloudflare, read-only".to_owned()
    } else if let Verdict::Foreign(whose) = record.verdict(owner) {
        format!("of {whose}")
    } else if record.kind == "CNAME" && record.content.ends_with(".pages.dev") {
        "of a Pages project, not ours".to_owned()
    } else {
        "not ours".to_owned()
    };
    format!("{} {content} ({whose})", record.kind)
}

/// What can be done about a record that is not ours.
pub(crate) fn remedy(record: &DnsRecord, owner: &Owner) -> Remedy {
    if record.meta.origin_worker_id.is_some() {
        Remedy::Detach
    } else if record.meta.read_only {
        Remedy::Managed
    } else if record.verdict(owner).foreign().is_some() {
        Remedy::OtherOwner
    } else if record.is_address() {
        Remedy::Adopt
    } else {
        Remedy::Delete
    }
}

impl Rules<'_> {
    /// Whether it is a placeholder that weighs more than others.
    fn is_weighty(&self, wanted: &Wanted) -> bool {
        wanted.placeholder && is_weighty(&wanted.name, self.zone)
    }

    /// Whether records that nobody has marked may be taken over for it.
    fn adopts_for(&self, wanted: &Wanted) -> bool {
        self.adopt && !self.is_weighty(wanted)
    }

    fn competes(&self, wanted: &Wanted, record: &DnsRecord) -> bool {
        competes(wanted, record, self.zone)
    }
}

/// Whether nobody's marker is on it, so that it may be adopted.
fn is_unmarked(record: &DnsRecord, owner: &Owner) -> bool {
    record.verdict(owner) == Verdict::Unmarked && !record.meta.read_only
}

/// Whether two records on one name cannot both be, or would both answer for its address.
fn competes(wanted: &Wanted, record: &DnsRecord, zone: &str) -> bool {
    record.competes_with_addresses(zone) && (wanted.kind.is_address() || !record.is_address())
}

/// Decides about every wanted record, and about the owner's records that are not wanted any more.
pub(crate) fn decide(wanted: &[Wanted], existing: &[DnsRecord], rules: Rules<'_>) -> Decision {
    let mut by_name: HashMap<&str, Vec<&DnsRecord>> = HashMap::new();
    for record in existing {
        by_name.entry(&record.name).or_default().push(record);
    }
    let mut decision = Decision::default();
    // Records that a wanted one has claimed: they are neither stale nor up for another.
    let mut used: HashSet<&str> = HashSet::new();
    // What is right already is claimed first, so that an update never turns one wanted record into another.
    let mut rest: Vec<&Wanted> = Vec::new();
    for wanted in wanted {
        let there = by_name.get(wanted.name.as_str()).map_or(&[][..], Vec::as_slice);
        let same = there.iter().find(|record| {
            is_ours(record, rules.owner) && wanted.says_the_same(record) && !used.contains(record.id.as_str())
        });
        match same {
            None => rest.push(wanted),
            Some(record) => {
                used.insert(&record.id);
                if let Some((problem, remedy)) = obstacle(wanted, there, rules) {
                    decision.lines.push(line(wanted, Fate::Conflict(remedy), Some(problem)));
                    continue;
                }
                if wanted.differences(record).is_empty() {
                    decision.right(wanted, None);
                } else {
                    decision.update(wanted, &rules.owner.marker(), record, false);
                }
                make_room(&mut decision, wanted, there, rules, &mut used);
            }
        }
    }
    for wanted in rest {
        let there = by_name.get(wanted.name.as_str()).map_or(&[][..], Vec::as_slice);
        settle(&mut decision, wanted, there, rules, &mut used);
    }
    sweep(&mut decision, wanted, existing, rules, &used);
    decision
}

/// What keeps a wanted record from being, when something does.
fn obstacle(wanted: &Wanted, there: &[&DnsRecord], rules: Rules<'_>) -> Option<(String, Remedy)> {
    let blocking: Vec<&&DnsRecord> = there
        .iter()
        .filter(|record| !is_ours(record, rules.owner) && rules.competes(wanted, record))
        .filter(|record| !(rules.adopts_for(wanted) && remedy(record, rules.owner) == Remedy::Adopt))
        .collect();
    // With several, the one that is hardest to remove says what to do.
    let way_out = |record: &DnsRecord| match remedy(record, rules.owner) {
        Remedy::Adopt if rules.is_weighty(wanted) => Remedy::Proxy,
        remedy => remedy,
    };
    let hardest = blocking.iter().map(|record| way_out(record)).max()?;
    let described: Vec<String> = blocking.iter().map(|record| describe(record, rules.owner)).collect();
    Some((described.join("; "), hardest))
}

/// Decides about a wanted record that does not exist as ours.
fn settle<'a>(
    decision: &mut Decision,
    wanted: &Wanted,
    there: &[&'a DnsRecord],
    rules: Rules<'_>,
    used: &mut HashSet<&'a str>,
) {
    let marker = rules.owner.marker();
    // Somebody else's record that serves as well is left alone: it is not deleted with the environment either.
    let mut foreign = there.iter().filter(|record| !is_ours(record, rules.owner));
    let serves = foreign.find(|record| {
        let same = wanted.says_the_same(record) && record.proxied == wanted.proxied && !record.meta.read_only;
        let accepted = rules.accept_foreign && record.proxied && record.is_address();
        let stands_in = wanted.placeholder && (accepted || record.serves_routes(rules.zone));
        same || stands_in
    });
    if let Some(record) = serves
        && !(rules.adopts_for(wanted) && is_unmarked(record, rules.owner))
    {
        decision.right(wanted, Some(format!("{}, left alone", describe(record, rules.owner))));
        return;
    }
    if let Some((problem, remedy)) = obstacle(wanted, there, rules) {
        decision.lines.push(line(wanted, Fate::Conflict(remedy), Some(problem)));
        return;
    }
    // Ours of the same type is changed; with `adopt`, nobody's is taken over.
    let free = || {
        there
            .iter()
            .copied()
            .filter(|record| record.kind == wanted.kind.name() && !used.contains(record.id.as_str()))
    };
    let own = free().find(|record| is_ours(record, rules.owner));
    let nobodys = free().find(|record| {
        rules.adopts_for(wanted)
            && is_unmarked(record, rules.owner)
            && (record.is_address() || wanted.says_the_same(record))
    });
    match own.or(nobodys) {
        Some(record) => {
            used.insert(&record.id);
            decision.update(wanted, &marker, record, own.is_none());
        }
        None => decision.create(wanted, &marker),
    }
    make_room(decision, wanted, there, rules, used);
}

/// With `adopt`, what is nobody's and competes with the wanted record goes. (Without it, that is an obstacle.)
fn make_room<'a>(
    decision: &mut Decision,
    wanted: &Wanted,
    there: &[&'a DnsRecord],
    rules: Rules<'_>,
    used: &mut HashSet<&'a str>,
) {
    let rivals = there.iter().filter(|record| {
        rules.adopts_for(wanted)
            && is_unmarked(record, rules.owner)
            && !is_ours(record, rules.owner)
            && rules.competes(wanted, record)
    });
    for record in rivals {
        if used.insert(&record.id) {
            decision.delete(record, "adopt: makes room");
        }
    }
}

/// Plans the deletion of the owner's records that nobody wants: always where they compete with a wanted one (a CNAME
/// that became an A), elsewhere when the rules say so.
fn sweep(decision: &mut Decision, wanted: &[Wanted], existing: &[DnsRecord], rules: Rules<'_>, used: &HashSet<&str>) {
    let stale = existing
        .iter()
        .filter(|record| is_ours(record, rules.owner) && !used.contains(record.id.as_str()));
    for record in stale {
        let replaced = wanted
            .iter()
            .any(|wanted| wanted.name == record.name && rules.competes(wanted, record));
        if replaced {
            decision.delete(record, "replaced");
        } else if rules.prune && !rules.kept.contains(&record.name) {
            decision.delete(record, "no longer wanted");
        }
    }
}

/// The deletion of the owner's records; of those with one of the names, where names are given.
pub(crate) fn deletions(existing: &[DnsRecord], owner: &Owner, names: Option<&[String]>) -> Decision {
    let mut decision = Decision::default();
    for record in existing.iter().filter(|record| is_ours(record, owner)) {
        if names.is_none_or(|names| names.contains(&record.name)) {
            decision.delete(record, "of this owner");
        }
    }
    decision
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
