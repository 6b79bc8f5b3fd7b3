//! Hostnames as users write them: any case, a trailing dot, letters of any script.

use actions_core::naming::LONGEST_LABEL;

/// The longest name that DNS allows, in characters.
const LONGEST_NAME: usize = 253;

/// The hostname as DNS and Cloudflare compare it (Punycode, lower case, no trailing dot), or what is wrong with it.
/// A first label `*` is allowed, and so are underscores (`_acme-challenge`).
pub(crate) fn normal(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('.');
    if text.contains("://") || text.contains('/') || text.contains(':') {
        return Err(format!("`{text}` is to be a hostname alone: no scheme, port or path"));
    }
    let wrong = |why: &str| format!("`{text}` is no hostname: {why}");
    let ascii = match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) => name,
        Ok(_) => return Err(wrong("it is an address")),
        Err(error) => return Err(wrong(&error.to_string())),
    };
    if ascii.len() > LONGEST_NAME {
        return Err(wrong("it is longer than 253 characters"));
    }
    for (at, label) in ascii.split('.').enumerate() {
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let whole = at == 0 && label == "*";
        if !whole
            && (label.is_empty()
                || label.len() > LONGEST_LABEL
                || !label.chars().all(valid)
                || label.starts_with('-')
                || label.ends_with('-'))
        {
            return Err(wrong(
                "each label is to be 1 to 63 letters, digits and inner dashes; `*` only as the first label",
            ));
        }
    }
    Ok(ascii)
}

/// Whether `name` is the zone itself or under it.
pub(crate) fn is_in(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

/// How many labels `name` has under the zone.
pub(crate) fn depth(name: &str, zone: &str) -> usize {
    let Some(rest) = name.strip_suffix(zone) else { return 0 };
    rest.trim_end_matches('.')
        .split('.')
        .filter(|label| !label.is_empty())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_however_it_is_written() {
        for text in ["API.Example.COM", "api.example.com.", " api.example.com "] {
            assert_eq!(normal(text).unwrap(), "api.example.com", "{text}");
        }
        assert_eq!(normal("Bücher.example.com").unwrap(), "xn--bcher-kva.example.com");
        assert_eq!(normal("*.pr-4.example.com").unwrap(), "*.pr-4.example.com");
        assert_eq!(normal("_dmarc.example.com").unwrap(), "_dmarc.example.com");
    }

    #[test]
    fn what_is_no_hostname_is_refused() {
        for text in [
            "",
            "https://api.example.com",
            "api.example.com/health",
            "api.example.com:443",
            "192.0.2.1",
            "a..example.com",
            "-a.example.com",
            "a.*.example.com",
            "a b.example.com",
            &format!("{}.example.com", "a".repeat(64)),
        ] {
            assert!(normal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn twins_of_a_zone_are_outside_it() {
        assert!(is_in("api.example.com", "example.com") && is_in("example.com", "example.com"));
        assert!(!is_in("badexample.com", "example.com") && !is_in("example.com.evil.org", "example.com"));
        assert_eq!(depth("api.pr-4.example.com", "example.com"), 2);
        assert_eq!(depth("example.com", "example.com"), 0);
    }
}
