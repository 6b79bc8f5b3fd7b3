//! The user's own look: a Jinja template over the parts of ours and what the reports say.

use actions_comment::render::{Frame, Parts, State};
use actions_core::markdown;
use actions_core::reports::Report;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State as Context, UndefinedBehavior, context};

/// Steps of one rendering: an endless loop ends.
const FUEL: u64 = 1_000_000;
const NAME: &str = "template";

/// The comment by a template. What the reports say is escaped unless a filter has done it: `code`, `cell`, `safe`; our
/// own parts (`parts.services` …) are Markdown already.
///
/// # Errors
/// What is wrong with the template, with its line.
pub(crate) fn render(source: &str, frame: &Frame, reports: &[Report]) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown"));
    environment.set_formatter(escaped);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("safe", |text: String| Value::from_safe_string(text));
    environment.add_filter("code", |text: String| Value::from_safe_string(markdown::code(&text)));
    environment.add_filter("cell", |text: String| {
        Value::from_safe_string(markdown::text_cell(&text))
    });
    environment.add_filter("link", |text: String, url: String| {
        Value::from_safe_string(markdown::link(&markdown::inline(&text), &url))
    });
    environment.add_template(NAME, source)?;
    let state = State::of(reports, frame.job);
    let json: Result<Vec<_>, _> = reports.iter().map(Report::json).collect();
    let json = json.map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    environment.get_template(NAME)?.render(context! {
        parts => safe(&Parts::of(frame, reports)),
        mark => state.mark,
        state => state.words.trim_start_matches(": "),
        environment => frame.environment,
        title => frame.title,
        sha => frame.sha,
        run_url => frame.run_url,
        reports => json,
    })
}

fn safe(parts: &Parts) -> Value {
    let all = [
        ("heading", &parts.heading),
        ("failures", &parts.failures),
        ("door", &parts.door),
        ("tally", &parts.tally),
        ("services", &parts.services),
        ("facts", &parts.facts),
        ("database", &parts.database),
        ("removed", &parts.removed),
        ("left_out", &parts.left_out),
        ("body", &parts.body),
    ];
    all.into_iter()
        .map(|(name, part)| (name, Value::from_safe_string(part.clone().unwrap_or_default())))
        .collect()
}

fn escaped(out: &mut Output<'_>, _: &Context<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = if value.is_undefined() || value.is_none() {
        String::new()
    } else if value.is_safe() {
        value.to_string()
    } else {
        markdown::inline(&value.to_string())
    };
    out.write_str(&text).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reports() -> Vec<Report> {
        let service = json!({"service": "a|b @octocat", "url": "https://a.example.com", "hostname": "a.example.com",
            "state": "deployed", "version-id": "0f1e2d3c-4b5a"});
        let deploy =
            json!({"action": "deploy-workers", "environment": "preview", "status": "done", "services": [service]});
        vec![Report::of(deploy).unwrap()]
    }

    fn rendered(source: &str) -> Result<String, Error> {
        render(source, &Frame::default(), &reports())
    }

    #[test]
    fn the_default_look_is_a_template_too() {
        let source = "{{ parts.heading }}\n\n{{ parts.door }}\n\n{{ parts.tally }}\n\n{{ parts.services }}\n";
        let ours = actions_comment::render::render(&Frame::default(), &reports());
        assert_eq!(rendered(source).unwrap().trim(), ours.trim());
    }

    #[test]
    fn what_the_reports_say_is_escaped() {
        let source = "{{ mark }} {{ state }}\n{% for report in reports %}{% for service in report.services %}\
            - {{ service.service }} {{ service.service|cell }} {{ service['version-id']|code }} {{ service.hostname|link(service.url) }}{{ service.nothing.at.all }}\n\
            {% endfor %}{% endfor %}";
        assert_eq!(
            rendered(source).unwrap(),
            "🚀 is deployed\n- a\\|b @\u{200b}octocat a\\|b @\u{200b}octocat `0f1e2d3c-4b5a` [a.example.com](https://a.example.com)\n"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let error = rendered("fine\n{% for x in %}").unwrap_err().to_string();
        assert!(error.contains("(in template:2)"), "{error}");
        let endless = "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}";
        assert!(rendered(endless).unwrap_err().to_string().contains("fuel"));
    }
}
