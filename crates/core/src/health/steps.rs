//! Checks that build on each other: one captures a value of its answer, later ones send it.

use std::collections::BTreeSet;

use http::header::HeaderName;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::checks::{Check, targets_of};
use super::cookies::Jar;
use super::line::Line;
use super::target::most;
use super::{Answer, Outcome, Target, Verdict, judge};
use crate::text::quoted_list;

/// Steps that are taken one after the other with the cookies of those before, from the first one on with each try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    steps: Vec<Step>,
    /// The last step's URL as people may see it, with the names of what is captured.
    shown: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    check: Check,
    base: Option<String>,
}

/// Names and what was captured for them.
type Values = Vec<(String, String)>;

impl Sequence {
    fn new(steps: Vec<(String, Check)>, base: Option<&str>) -> Self {
        let last = steps.last().map(|(_, check)| match (&check.url, &check.path) {
            (Some(url), _) => url.clone(),
            (None, path) => format!("{}{}", base.unwrap_or_default(), path.as_deref().unwrap_or_default()),
        });
        let shown = braces(&crate::credential::shown(&last.unwrap_or_default()));
        let step = |(name, check)| Step {
            name,
            check,
            base: base.map(str::to_owned),
        };
        Self {
            steps: steps.into_iter().map(step).collect(),
            shown,
        }
    }

    /// The last step's URL as people may see it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Takes the steps until one is not healthy; tells which. The last answer is that of the last step taken.
    pub(super) async fn ask(&self, line: &Line<'_>) -> (Verdict, Option<Answer>) {
        let (mut jar, mut values, mut last) = (Jar::default(), Values::new(), None);
        let mut note = None;
        for step in &self.steps {
            let targets = match targets_of(&filled(&step.check, &values), &step.name, step.base.as_deref()) {
                Ok(targets) => targets,
                Err(problem) => return (of_step(&step.name, Verdict::NotYet(problem.into())), last),
            };
            for (at, target) in targets.iter().enumerate() {
                let outcome = line.ask(&target.request, &mut jar, most(target)).await;
                let verdict = judge(&target.expect, &outcome);
                let Outcome::Answered(answer) = outcome else {
                    return (of_step(&target.name, verdict), last);
                };
                let Verdict::Healthy(told) = verdict else {
                    return (of_step(&target.name, verdict), Some(answer));
                };
                note = note.or(told);
                // Preflights capture nothing.
                if at == 0
                    && let Err(missing) = capture(&step.check, &answer, &mut values)
                {
                    let why = format!("there is nothing to capture at {}", quoted_list(&missing));
                    return (of_step(&target.name, Verdict::NotYet(why.into())), Some(answer));
                }
                last = Some(answer);
            }
        }
        (Verdict::Healthy(note), last)
    }
}

fn of_step(name: &str, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Healthy(note) => Verdict::Healthy(note),
        Verdict::NotYet(why) => Verdict::NotYet(why.of_step(name)),
        Verdict::NotEver { why, remedy } => Verdict::NotEver {
            why: why.of_step(name),
            remedy,
        },
    }
}

/// Captures what a check asks for; each value is a secret from then on.
fn capture(check: &Check, answer: &Answer, values: &mut Values) -> Result<(), Vec<String>> {
    let mut missing = Vec::new();
    for (place, name) in &check.capture {
        let found = if place.starts_with('/') {
            judge::at_pointer(&answer.body, place)
        } else if place.eq_ignore_ascii_case("set-cookie") {
            // What is sent back of a cookie is its first part.
            let cookies: Vec<&str> = answer
                .headers(place)
                .filter_map(|cookie| cookie.split(';').next())
                .map(str::trim)
                .collect();
            (!cookies.is_empty()).then(|| cookies.join("; "))
        } else {
            answer.header(place).map(str::to_owned)
        };
        match found.filter(|found| !found.is_empty() && found != "null") {
            Some(found) => {
                crate::secret::mask(&found);
                values.retain(|(known, _)| known != name);
                values.push((name.clone(), found));
            }
            None => missing.push(place.clone()),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// The check with its `{names}` filled in, each as its place wants it.
pub(super) fn filled(check: &Check, values: &Values) -> Check {
    let fill = |text: &str, form: &dyn Fn(&str) -> String| {
        values.iter().fold(text.to_owned(), |text, (name, value)| {
            let braced = format!("{{{name}}}");
            if text.contains(&braced) {
                text.replace(&braced, &form(value))
            } else {
                text
            }
        })
    };
    let bare = |text: &String| fill(text, &|value| value.to_owned());
    let in_url = |text: &String| fill(text, &|value| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string());
    let in_body = |text: &String| {
        let json = text.trim_start().starts_with(['{', '[']);
        fill(text, &|value| {
            let quoted = serde_json::Value::from(value).to_string();
            if json {
                quoted[1..quoted.len() - 1].to_owned()
            } else {
                value.to_owned()
            }
        })
    };
    let in_matcher = |text: &String| {
        let regex = text.len() > 2 && text.starts_with('/') && text.ends_with('/');
        fill(text, &|value| {
            if regex {
                regex_lite::escape(value)
            } else {
                value.to_owned()
            }
        })
    };
    let mut filled = check.clone();
    filled.url = check.url.as_ref().map(in_url);
    filled.path = check.path.as_ref().map(in_url);
    filled.body = check.body.as_ref().map(in_body);
    filled.send.values_mut().for_each(|value| *value = bare(value));
    for matchers in [&mut filled.headers, &mut filled.json] {
        matchers.values_mut().for_each(|value| *value = in_matcher(value));
    }
    filled.contains.iter_mut().for_each(|text| *text = in_matcher(text));
    filled
}

/// Every text of a check that may hold a `{name}`.
fn texts(check: &Check) -> impl Iterator<Item = &String> {
    let one = check.url.iter().chain(&check.path).chain(&check.body);
    let maps = check
        .send
        .values()
        .chain(check.headers.values())
        .chain(check.json.values());
    one.chain(maps).chain(&check.contains)
}

fn uses(check: &Check, name: &str) -> bool {
    let braced = format!("{{{name}}}");
    texts(check).any(|text| text.contains(&braced))
}

/// The checks that belong together, each group in order: those linked by a name that one captures and another uses.
pub(super) fn groups(checks: &[Check]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..checks.len()).collect();
    for (at, check) in checks.iter().enumerate() {
        let names: BTreeSet<&String> = checks[..at].iter().flat_map(|check| check.capture.values()).collect();
        for name in names.into_iter().filter(|name| uses(check, name)) {
            let from = checks[..at]
                .iter()
                .rposition(|before| before.capture.values().any(|known| known == name));
            if let Some(from) = from {
                let (kept, joined) = (group[from].min(group[at]), group[from].max(group[at]));
                group.iter_mut().filter(|id| **id == joined).for_each(|id| *id = kept);
            }
        }
    }
    let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, id) in group.into_iter().enumerate() {
        match found.iter_mut().find(|(known, _)| *known == id) {
            Some((_, members)) => members.push(at),
            None => found.push((id, vec![at])),
        }
    }
    found.into_iter().map(|(_, members)| members).collect()
}

/// What is wrong with the captures of a check and the names that it uses.
pub(super) fn problem(checks: &[Check], at: usize) -> Option<String> {
    let check = &checks[at];
    for (place, name) in &check.capture {
        if !place.starts_with('/') && place.parse::<HeaderName>().is_err() {
            return Some(format!(
                "`capture`: `{place}` is neither a JSON pointer nor a header's name"
            ));
        }
        if !is_name(name) {
            return Some(format!("`capture`: `{name}` is no name; write letters, digits and `_`"));
        }
        if !checks[at + 1..].iter().any(|later| uses(later, name)) {
            return Some(format!("captures `{name}`, but no later check uses `{{{name}}}`"));
        }
    }
    let before: Vec<&String> = checks[..at].iter().flat_map(|check| check.capture.values()).collect();
    let all: Vec<&String> = checks.iter().flat_map(|check| check.capture.values()).collect();
    if all.is_empty() {
        return None;
    }
    // A body may hold braces of its own.
    let places = check.url.iter().chain(&check.path).chain(check.send.values());
    let names = places.flat_map(|text| braced(text));
    names.into_iter().find(|name| !before.contains(&name)).map(|name| {
        if all.iter().any(|known| **known == name) {
            format!("uses `{{{name}}}`, which only a later check captures")
        } else {
            let meant = crate::text::nearest(&name, before.iter().map(|known| known.as_str()));
            let meant = meant
                .map(|meant| format!("; did you mean `{{{meant}}}`?"))
                .unwrap_or_default();
            format!("uses `{{{name}}}`, which no check before it captures{meant}")
        }
    })
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The names in braces in a text.
fn braced(text: &str) -> Vec<String> {
    let parts = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    parts
        .map(|(name, _)| name.to_owned())
        .filter(|name| is_name(name))
        .collect()
}

/// A URL with braces as the user wrote them.
pub(super) fn braces(url: &str) -> String {
    url.replace("%7B", "{").replace("%7D", "}")
}

/// Values that stand for what is not captured yet, to see whether a check can be made.
pub(super) fn placeholders(checks: &[Check]) -> Values {
    let names = checks.iter().flat_map(|check| check.capture.values());
    names.map(|name| (name.clone(), "x".to_owned())).collect()
}

/// The target of a group of checks that were all found right.
pub(super) fn target(steps: Vec<(String, Check)>, base: Option<&str>, last: Target) -> Target {
    let names: Vec<&str> = steps.iter().map(|(name, _)| name.as_str()).collect();
    Target {
        name: names.join(" → "),
        sequence: Some(Sequence::new(steps, base)),
        ..last
    }
}
