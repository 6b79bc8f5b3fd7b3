//! Media types: in which form an answer is asked for (`application/vnd.github.diff`).

use axum::http::{HeaderMap, header};

/// A form that is not the usual JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Diff,
    Raw,
    /// A form that GitHub has and this double has not.
    Other,
}

/// Forms by name. `raw+json` of a comment is the usual JSON, since its body is raw by default.
const FORMS: [(&str, Media); 8] = [
    ("diff", Media::Diff),
    ("raw", Media::Raw),
    ("patch", Media::Other),
    ("sha", Media::Other),
    ("text", Media::Other),
    ("html", Media::Other),
    ("full", Media::Other),
    ("star", Media::Other),
];

/// What `Accept` asks for: `application/vnd.github[.version][.form][+json]`.
pub(super) fn asked(headers: &HeaderMap) -> Media {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept
        .unwrap_or_default()
        .split(',')
        .filter_map(|kind| kind.trim().strip_prefix("application/vnd.github."))
        .find_map(|kind| {
            let is_json = kind.contains("+json");
            let mut words = kind.split(['.', '+', ';']);
            let found = words.find_map(|word| FORMS.into_iter().find(|(name, _)| *name == word));
            found
                .map(|(_, form)| form)
                .filter(|form| *form != Media::Raw || !is_json)
        })
        .unwrap_or(Media::Json)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn forms_are_found_behind_versions() {
        let of = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            asked(&headers)
        };
        assert_eq!(of("application/vnd.github+json"), Media::Json);
        assert_eq!(of("application/vnd.github.v3+json, */*"), Media::Json);
        assert_eq!(of("application/vnd.github.squirrel-girl-preview+json"), Media::Json);
        assert_eq!(of("application/vnd.github.diff"), Media::Diff);
        assert_eq!(of("application/vnd.github.v3.diff"), Media::Diff);
        assert_eq!(of("application/vnd.github.v3.raw"), Media::Raw);
        assert_eq!(of("application/vnd.github.raw+json"), Media::Json);
        assert_eq!(of("application/vnd.github.full+json"), Media::Other);
    }
}
