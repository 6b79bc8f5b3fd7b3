//! What is told of a service; the same of several environments is one finding.

use actions_core::text::quoted_list;

use crate::finding::{Finding, Kind, Place, places};

/// Something told of a service.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) kind: &'static Kind,
    pub(super) service: String,
    /// What of the service: a variable, a binding, a key; may be empty.
    pub(super) about: String,
    /// In which environment; `None` where it is the same in all.
    pub(super) environment: Option<String>,
    /// A sentence, without the service.
    pub(super) said: String,
    pub(super) remedy: String,
    pub(super) place: Place,
}

/// Findings, one for each cause, with all of its environments.
pub(super) fn gathered(all: Vec<Told>) -> Vec<Finding> {
    let mut groups: Vec<(Told, Vec<String>, Vec<Place>)> = Vec::new();
    for told in all {
        let environment = told.environment.clone();
        // What one change mends is one cause, in however many sections it stands.
        let same = |(other, ..): &&mut (Told, Vec<String>, Vec<Place>)| {
            other.kind == told.kind
                && other.service == told.service
                && other.about == told.about
                && other.said == told.said
                && (other.place == told.place || other.remedy == told.remedy && other.place.file == told.place.file)
        };
        if let Some((_, environments, places)) = groups.iter_mut().find(same) {
            environments.extend(environment);
            places.push(told.place);
        } else {
            let place = told.place.clone();
            groups.push((told, environment.into_iter().collect(), vec![place]));
        }
    }
    groups
        .into_iter()
        .map(|(told, environments, places)| finding(told, &environments, places))
        .collect()
}

fn finding(told: Told, environments: &[String], all: Vec<Place>) -> Finding {
    let mut subject = format!("services.{}", told.service);
    if !told.about.is_empty() {
        subject = format!("{subject}.{}", told.about);
    }
    let here = match environments {
        [] => String::new(),
        some => format!(" in {}", quoted_list(some)),
    };
    let (first, also) = places(all);
    let said = format!("`{}`{here}: {}{also}", told.service, told.said);
    Finding::new(told.kind, subject, said, told.remedy).at(first.unwrap_or(told.place))
}

/// What is wrong and what to do, from a sentence that says both.
pub(super) fn split(text: &str) -> (String, String) {
    let parts = text.rsplit_once("; ").or_else(|| text.rsplit_once(": "));
    let (said, remedy) = parts.unwrap_or((text, "correct it"));
    (said.to_owned(), remedy.to_owned())
}
