//! Whether a Worker answers where its health is asked, as far as its sources tell.

use actions_core::manifest::ServiceSpec;

use super::look::{Look, Subject};
use super::told::Told;
use crate::finding::{Kind, Severity};
use crate::init::found::running::Code;

pub(super) const UNSEEN: Kind = Kind {
    name: "health-path-unseen",
    severity: Severity::Warning,
    what: "Nothing in a Worker's sources, nor in the workspace's packages that it needs, has the path at which its health is asked.",
    why: "After each deployment `deploy-workers` waits there for a 200; a Worker that answers 404 is never healthy, and the run takes it back.",
    mend: "Answer 200 there, with a JSON document or a page, or name the path that answers as `health` of the service in the manifest.",
};

/// Once for each service, whatever the environment.
pub(super) fn told(look: &Look<'_>, subjects: &[Subject<'_>]) -> Vec<Told> {
    let code = Code::read(&look.manifest.root);
    let services = look.manifest.services.iter();
    let told = services.filter_map(|(key, service)| {
        let subject = subjects.iter().find(|subject| subject.service.key == *key)?;
        of_service(look, &code, service, subject)
    });
    told.collect()
}

fn of_service(look: &Look<'_>, code: &Code, service: &ServiceSpec, subject: &Subject<'_>) -> Option<Told> {
    let path = service.health.as_str();
    let word = word(path)?;
    // What is built elsewhere has its sources elsewhere.
    let main = subject.settings.text("main")?;
    if main.contains("..") || !code.lacks(&service.path, &word)? {
        return None;
    }
    let key = &subject.service.key;
    let own = ["services", key.as_str(), "health"];
    let is_said = look
        .world
        .document
        .as_ref()
        .is_some_and(|document| document.get(&own).is_some());
    let place = if is_said {
        look.in_manifest(&own)
    } else {
        subject.place_in_file("main")
    };
    let said = format!("its health is asked at `{path}`, and nothing in its sources has that path");
    let remedy = format!("answer 200 there, or name the path that answers as `health` in `[services.{key}]`");
    let mut told = subject.told(&UNSEEN, "health", said, remedy, place);
    told.environment = None;
    Some(told)
}

/// The last part of a path, by which sources would name it however they put it together. A page at `/` has none.
fn word(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let word = path.rsplit('/').find(|part| !part.is_empty())?;
    Some(word.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_path_is_looked_for_by_its_last_part() {
        assert_eq!(word("/api/Health?deep=1").as_deref(), Some("health"));
        assert_eq!(word("/health/").as_deref(), Some("health"));
        assert_eq!(word("/"), None);
    }
}
