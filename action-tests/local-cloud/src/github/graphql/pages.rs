//! Pages of a connection.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::problem::Failure;

/// Most items on a page.
const MOST: u64 = 100;

/// A part of a list, by the ids of its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) ids: Vec<u64>,
    /// Of the whole list.
    pub(super) total: usize,
    has_previous: bool,
    has_next: bool,
}

/// Where an item is.
pub(super) fn cursor(id: u64) -> String {
    BASE64_STANDARD.encode(format!("cursor:v2:{id}"))
}

impl Page {
    /// `first` items after `after`, or the `last` ones before `before`.
    pub(super) fn of(all: &[u64], name: &str, arguments: &Map<String, Value>) -> Result<Self, Failure> {
        let size = |key: &str| arguments.get(key).and_then(Value::as_u64);
        let (first, last) = (size("first"), size("last"));
        for (key, asked) in [("first", first), ("last", last)] {
            if let Some(asked) = asked.filter(|asked| *asked > MOST) {
                return Err(Failure::new(
                    "EXCESSIVE_PAGINATION",
                    format!(
                        "Requesting {asked} records on the `{name}` connection exceeds the `{key}` limit of {MOST} records."
                    ),
                ));
            }
        }
        if first.is_none() && last.is_none() {
            return Err(Failure::new(
                "MISSING_PAGINATION_BOUNDARIES",
                format!("You must provide a `first` or `last` value to properly paginate the `{name}` connection."),
            ));
        }
        let place = |key: &str| match arguments.get(key).and_then(Value::as_str) {
            None => Ok(None),
            Some(text) => match all.iter().position(|id| cursor(*id) == text) {
                Some(at) => Ok(Some(at)),
                None => Err(Failure::new(
                    "INVALID_CURSOR_ARGUMENTS",
                    format!("`{text}` does not appear to be a valid cursor."),
                )),
            },
        };
        let mut from = place("after")?.map_or(0, |at| at + 1);
        let mut to = place("before")?.unwrap_or(all.len()).max(from);
        let length = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        if let Some(first) = first {
            to = to.min(from.saturating_add(length(first)));
        }
        if let Some(last) = last {
            from = from.max(to.saturating_sub(length(last)));
        }
        Ok(Self {
            ids: all[from..to].to_vec(),
            total: all.len(),
            has_previous: from > 0,
            has_next: to < all.len(),
        })
    }

    /// A field of `PageInfo`.
    pub(super) fn info(&self, name: &str) -> Value {
        match name {
            "endCursor" => json!(self.ids.last().map(|id| cursor(*id))),
            "startCursor" => json!(self.ids.first().map(|id| cursor(*id))),
            "hasNextPage" => json!(self.has_next),
            _ => json!(self.has_previous),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(arguments: &Value) -> Result<Page, Failure> {
        Page::of(&[1, 2, 3, 4, 5], "comments", arguments.as_object().unwrap())
    }

    #[test]
    fn pages_lead_on_and_back() {
        let first = page(&json!({"first": 2})).unwrap();
        assert_eq!(
            (&first.ids[..], first.has_next, first.has_previous),
            (&[1, 2][..], true, false)
        );
        let second = page(&json!({"first": 9, "after": first.info("endCursor")})).unwrap();
        assert_eq!(
            (&second.ids[..], second.has_next, second.has_previous),
            (&[3, 4, 5][..], false, true)
        );
        let last = page(&json!({"last": 2, "before": cursor(5)})).unwrap();
        assert_eq!(last.ids, [3, 4]);
        assert_eq!(last.total, 5);
    }

    #[test]
    fn a_page_has_bounds() {
        for wrong in [json!({}), json!({"first": 101}), json!({"first": 1, "after": "x"})] {
            assert!(page(&wrong).is_err(), "{wrong}");
        }
    }
}
