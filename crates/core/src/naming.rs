//! The one place where names are made and recognised.
//!
//! A template such as `{subdomain}-preview-{pr}` makes a name, and reads the pull request's number back out of one.
//! Cleanup deletes only what reads back to its own environment, so a name that was made elsewhere is never touched.

use crate::owner::short_hash;

/// The longest Worker name: it is a DNS label of `workers.dev` (Cloudflare).
pub const LONGEST_LABEL: usize = 63;
/// The longest branch name we make. Neon allows 256; the rest is room for suffixes such as `-backup`.
pub const LONGEST_BRANCH: usize = 200;

/// What stands for the placeholders of a template.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    pub project: &'a str,
    pub environment: &'a str,
    /// The service's key.
    pub service: &'a str,
    pub worker: &'a str,
    pub subdomain: &'a str,
    pub pull_request: Option<u64>,
}

/// The placeholders that a template may hold.
pub const PLACEHOLDERS: [&str; 6] = ["project", "environment", "service", "worker", "subdomain", "pr"];

/// The placeholders of a template, in order; those that are not closed are left out.
pub fn placeholders(template: &str) -> Vec<&str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}').map(|(name, _)| name))
        .collect()
}

/// What a placeholder stands for; `None` when it is none.
pub fn value(placeholder: &str, values: &Values<'_>) -> Option<String> {
    PLACEHOLDERS
        .contains(&placeholder)
        .then(|| render(&format!("{{{placeholder}}}"), values))
}

/// The references of a text that is a value, not a name: what reads as a name between braces. Other braces (JSON) and
/// doubled ones (`{{x}}`, which stands for `{x}`) are text.
pub fn references(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    pieces(text, |piece| {
        if let Piece::Reference(name) = piece {
            found.push(name);
        }
    });
    found
}

/// The text with its references filled in; one that `value` does not know stays as it is written.
pub fn fill_in(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    pieces(text, |piece| match piece {
        Piece::Text(text) => filled.push_str(text),
        Piece::Reference(name) => filled.push_str(&value(name).unwrap_or_else(|| format!("{{{name}}}"))),
    });
    filled
}

enum Piece<'a> {
    Text(&'a str),
    Reference(&'a str),
}

fn pieces<'a>(mut text: &'a str, mut found: impl FnMut(Piece<'a>)) {
    while let Some(at) = text.find('{') {
        found(Piece::Text(&text[..at]));
        text = &text[at..];
        let doubled = text.strip_prefix("{{").and_then(|rest| rest.split_once("}}"));
        let single = text[1..].split_once('}');
        if let Some((name, _)) = doubled.filter(|(name, _)| is_reference(name)) {
            found(Piece::Text(&text[1..name.len() + 3]));
            text = &text[name.len() + 4..];
        } else if let Some((name, rest)) = single.filter(|(name, _)| is_reference(name)) {
            found(Piece::Reference(name));
            text = rest;
        } else {
            found(Piece::Text(&text[..1]));
            text = &text[1..];
        }
    }
    found(Piece::Text(text));
}

fn is_reference(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn fill(template: &str, values: &Values<'_>, pull_request: &str) -> String {
    [
        ("{project}", values.project),
        ("{environment}", values.environment),
        ("{service}", values.service),
        ("{worker}", values.worker),
        ("{subdomain}", values.subdomain),
        ("{pr}", pull_request),
    ]
    .iter()
    .fold(template.to_owned(), |text, (placeholder, value)| {
        text.replace(placeholder, value)
    })
}

/// The name that a template makes.
pub fn render(template: &str, values: &Values<'_>) -> String {
    let number = values.pull_request.map(|number| number.to_string()).unwrap_or_default();
    fill(template, values, &number)
}

/// The pull request's number in a name that `template` made with these values (`values.pull_request` is ignored).
/// `None` when the template has no `{pr}` or the name is not one of its own: `preview-pr-042` and `preview-pr-42x`
/// are not made from `preview-pr-{pr}`.
pub fn recognise(template: &str, values: &Values<'_>, name: &str) -> Option<u64> {
    let with_hole = fill(template, values, "\0");
    let (before, after) = with_hole.split_once('\0')?;
    let digits = name.strip_prefix(before)?.strip_suffix(after)?;
    let number: u64 = digits.parse().ok()?;
    // Leading zeros and signs would parse too, but we never write them.
    (number.to_string() == digits && number > 0).then_some(number)
}

/// Whether `template` makes `name` for this pull request and some service, whichever: `old-api-preview-42` is made from
/// `{worker}-preview-{pr}` although no manifest names `old-api` any more. Never true without `{pr}`. This alone proves
/// nothing: a stranger's name may read the same.
pub fn is_of_pull_request(template: &str, values: &Values<'_>, name: &str) -> bool {
    if !template.contains("{pr}") || values.pull_request.is_none() {
        return false;
    }
    let hole = Values {
        service: "\0",
        worker: "\0",
        subdomain: "\0",
        ..*values
    };
    let made = render(template, &hole);
    let Some((before, rest)) = made.split_once('\0') else {
        return made == name;
    };
    let after = rest.rsplit('\0').next().unwrap_or_default();
    let service = name
        .strip_prefix(before)
        .and_then(|name| name.strip_suffix(after))
        .unwrap_or_default();
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    // `pr{pr}{worker}` must not read pull request 42 and Worker `1` out of `pr421`.
    let splits_a_number = digit(before.chars().last()) && digit(service.chars().next())
        || digit(service.chars().last()) && digit(after.chars().next());
    is_worker(service) && !splits_a_number
}

/// A domain name as names are compared: Punycode, lower case, no trailing dot. What is no domain name stays as it is, in
/// lower case.
pub fn domain(name: &str) -> String {
    let name = name.trim().trim_end_matches('.');
    match url::Host::parse(name) {
        Ok(url::Host::Domain(ascii)) => ascii,
        Ok(_) | Err(_) => name.to_lowercase(),
    }
}

/// The title of an environment's KV namespace; of an empty binding, how all their titles begin.
pub fn kv_title(project: &str, environment: &str, pull_request: Option<u64>, binding: &str) -> String {
    let number = pull_request.map(|number| format!("-{number}")).unwrap_or_default();
    format!("{project}-{environment}{number}-{binding}")
}

/// The pull request whose namespace has this title, of a binding in one environment.
pub fn pull_request_of_kv(project: &str, environment: &str, binding: &str, title: &str) -> Option<u64> {
    let values = Values {
        project,
        environment,
        service: binding,
        ..Values::default()
    };
    recognise("{project}-{environment}-{pr}-{service}", &values, title)
}

/// Whether `name` can be one DNS label and Worker name: lower-case letters, digits and inner dashes, at most 63.
pub fn is_label(name: &str) -> bool {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= LONGEST_LABEL
        && name.chars().all(valid)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Whether a Worker can have this name: letters, digits, dashes and underscores, at most 63, no dash in front. wrangler
/// makes lower-case names only; a Worker that was made otherwise is deployed under the name that it has.
pub fn is_worker(name: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty() && name.len() <= LONGEST_LABEL && name.chars().all(valid) && !name.starts_with('-')
}

/// Whether a Worker can answer at `name`: the zone itself, or a hostname in it. Its first label may be `*`.
pub fn is_hostname(name: &str, zone: &str) -> bool {
    let Some(labels) = name.strip_suffix(zone) else {
        return false;
    };
    let Some(labels) = labels.strip_suffix('.') else {
        return labels.is_empty();
    };
    labels == "*" || labels.strip_prefix("*.").unwrap_or(labels).split('.').all(is_label)
}

/// Whether a hostname stands for many: `*.example.com`.
pub fn is_wildcard(hostname: &str) -> bool {
    hostname.starts_with("*.")
}

/// A branch name from any text, a hostile git ref too.
///
/// Letters, digits and `. _ - /` are kept; each run of anything else becomes one `-`; dashes, dots and slashes at
/// the ends are dropped. A name that lost something, would read as a branch id (`br-…`), or is longer than 200
/// characters ends in `-` and eight hexadecimal digits of the original's SHA-256, so that two texts never share one.
pub fn branch(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut lossless = true;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/') {
            name.push(c);
        } else {
            lossless = false;
            if !name.ends_with('-') {
                name.push('-');
            }
        }
    }
    let trimmed = name.trim_matches(['-', '.', '/']);
    lossless &= trimmed.len() == name.len() && !trimmed.is_empty() && !trimmed.starts_with("br-");
    if lossless && trimmed.len() <= LONGEST_BRANCH {
        return trimmed.to_owned();
    }
    let suffix = format!("-{}", short_hash(text, 8));
    let head: String = trimmed.chars().take(LONGEST_BRANCH - suffix.len()).collect();
    let head = if head.is_empty() {
        "branch".to_owned()
    } else {
        head.trim_end_matches(['-', '.', '/']).to_owned()
    };
    let head = head
        .strip_prefix("br-")
        .map_or(head.clone(), |rest| format!("b-{rest}"));
    format!("{head}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pull_request: Option<u64>) -> Values<'static> {
        let (project, environment, service) = ("codex", "preview", "web");
        Values {
            project,
            environment,
            service,
            worker: "codex-web",
            subdomain: "codex",
            pull_request,
        }
    }

    #[test]
    fn what_reads_as_a_name_between_braces_is_a_reference() {
        for (text, found, filled) in [
            ("{web.url}/x", vec!["web.url"], "<web.url>/x"),
            ("{a}{b-c_d}", vec!["a", "b-c_d"], "<a><b-c_d>"),
            ("{{id}} and {id}", vec!["id"], "{id} and <id>"),
            ("{unknown}", vec!["unknown"], "{unknown}"),
            (r#"{"a": {"b": [1]}}"#, vec![], r#"{"a": {"b": [1]}}"#),
            ("a{1,3} { x } {} { {{", vec![], "a{1,3} { x } {} { {{"),
            ("{ä} {a", vec![], "{ä} {a"),
        ] {
            assert_eq!(references(text), found, "{text}");
            let value = |name: &str| (name != "unknown").then(|| format!("<{name}>"));
            assert_eq!(fill_in(text, value), filled);
        }
    }

    #[test]
    fn names_are_made_and_read_back() {
        let made = render("{subdomain}-preview-{pr}", &values(Some(42)));
        assert_eq!(made, "codex-preview-42");
        assert_eq!(recognise("{subdomain}-preview-{pr}", &values(None), &made), Some(42));
    }

    #[test]
    fn a_namespaces_title_tells_its_pull_request() {
        let read = |title: &str| pull_request_of_kv("codex", "preview", "CACHE", title);
        assert_eq!(read(&kv_title("codex", "preview", Some(42), "CACHE")), Some(42));
        for title in [
            "codex-preview-042-CACHE",
            "codex-preview-42-CACHES",
            "codex-preview-CACHE",
            "x-codex-preview-42-CACHE",
        ] {
            assert_eq!(read(title), None, "{title}");
        }
    }

    #[test]
    fn look_alikes_are_not_recognised() {
        let read = |name| recognise("{worker}-preview-{pr}", &values(None), name);
        assert_eq!(read("codex-web-preview-421"), Some(421));
        for name in [
            "codex-web-preview-",
            "codex-web-preview-042",
            "codex-web-preview-+42",
            "codex-web-preview-42x",
            "x-codex-web-preview-42",
            "codex-web-preview-0",
            "web-preview-42",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
        assert_eq!(
            recognise("{worker}-production", &values(None), "codex-web-production"),
            None
        );
    }

    #[test]
    fn a_service_that_the_manifest_forgot_is_still_of_its_pull_request() {
        let of_42 = |template, name| is_of_pull_request(template, &values(Some(42)), name);
        assert!(of_42("{worker}-preview-{pr}", "old-api-preview-42"));
        assert!(of_42("pr-{pr}-{service}", "pr-42-old"));
        // A Worker that was adopted under the name that it had.
        assert!(of_42("{worker}-preview-{pr}", "Old_API-preview-42"));
        for name in ["old-api-preview-421", "preview-42", "-preview-42", "old.api-preview-42"] {
            assert!(!of_42("{worker}-preview-{pr}", name), "{name}");
        }
        assert!(!of_42("pr{pr}{worker}", "pr421"));
        assert!(!of_42("{worker}-production", "old-production"));
        assert!(!is_of_pull_request(
            "{worker}-preview-{pr}",
            &values(None),
            "old-preview-"
        ));
    }

    #[test]
    fn branch_names_from_hostile_refs() {
        assert_eq!(branch("preview-pr-42"), "preview-pr-42");
        assert_eq!(branch("preview/pr-9-feat/x"), "preview/pr-9-feat/x");
        let odd = branch("feat/#12 fix @home 🚀");
        assert!(odd.starts_with("feat/-12-fix-home-"), "{odd}");
        assert_ne!(branch("a b"), branch("a@b"));
        assert!(branch(&"x".repeat(300)).len() <= LONGEST_BRANCH);
        assert_ne!(branch(&"x".repeat(300)), branch(&"x".repeat(301)));
        assert!(branch("br-quiet-sun-a1b2c3d4").starts_with("b-quiet-sun-a1b2c3d4-"));
        assert!(branch("🚀").starts_with("branch-"));
    }

    #[test]
    fn labels() {
        for good in ["a", "codex-preview-42", "9lives"] {
            assert!(is_label(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", &"a".repeat(64)] {
            assert!(!is_label(bad), "{bad}");
        }
        for good in ["a", "My_Worker", "_a", "a-"] {
            assert!(is_worker(good), "{good}");
        }
        for bad in ["", "-a", "a.b", "ä", "a b", &"a".repeat(64)] {
            assert!(!is_worker(bad), "{bad}");
        }
    }

    #[test]
    fn hostnames_of_a_zone() {
        for good in [
            "example.com",
            "www.example.com",
            "*.example.com",
            "*.tenants.example.com",
            "a.b.example.com",
        ] {
            assert!(is_hostname(good, "example.com"), "{good}");
        }
        for bad in [
            "",
            ".example.com",
            "badexample.com",
            "a_b.example.com",
            "A.example.com",
            "a.*.example.com",
            "x*.example.com",
            "*.*.example.com",
            "example.org",
        ] {
            assert!(!is_hostname(bad, "example.com"), "{bad}");
        }
    }
}
