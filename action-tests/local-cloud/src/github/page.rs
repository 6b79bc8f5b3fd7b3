//! Pages of a list: `per_page`, `page`, and the `Link` header.

use std::collections::HashMap;

use super::refusal::Refusal;
use crate::text::encode;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    pub(super) fn of(query: &HashMap<String, String>) -> Result<Self, Refusal> {
        let read = |name: &str, default: usize| {
            query.get(name).map_or(Ok(default), |text| {
                text.parse()
                    .map_err(|_| Refusal::unprocessable(format!("`{name}` is not a number")))
            })
        };
        Ok(Self {
            number: read("page", 1)?.max(1),
            // Larger values are cut, not refused.
            size: read("per_page", 30)?.clamp(1, 100),
        })
    }

    /// The items on this page.
    pub(super) fn cut<T>(self, items: Vec<T>) -> Vec<T> {
        let start = (self.number - 1).saturating_mul(self.size);
        items.into_iter().skip(start).take(self.size).collect()
    }

    /// The `Link` header for a list of `total` items; none when everything fits on one page.
    pub(super) fn link(self, url: &str, query: &HashMap<String, String>, total: usize) -> Option<String> {
        let last = total.div_ceil(self.size).max(1);
        let mut others: Vec<_> = query.iter().filter(|(name, _)| *name != "page").collect();
        others.sort();
        let to = |number: usize, rel: &str| {
            let pairs: Vec<String> = others
                .iter()
                .map(|(name, value)| format!("{name}={}&", encode(value)))
                .collect();
            format!("<{url}?{}page={number}>; rel=\"{rel}\"", pairs.concat())
        };
        let mut links = Vec::new();
        if self.number > 1 {
            links.push(to(self.number - 1, "prev"));
        }
        if self.number < last {
            links.push(to(self.number + 1, "next"));
            links.push(to(last, "last"));
        }
        if self.number > 1 {
            links.push(to(1, "first"));
        }
        (!links.is_empty()).then(|| links.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn links_lead_on_and_back() {
        let asked = query(&[("per_page", "2"), ("page", "2"), ("state", "open")]);
        let page = Page::of(&asked).unwrap();
        assert_eq!(page.cut(vec![1, 2, 3, 4, 5]), [3, 4]);
        assert_eq!(
            page.link("http://x/repositories/1/issues", &asked, 5).unwrap(),
            "<http://x/repositories/1/issues?per_page=2&state=open&page=1>; rel=\"prev\", \
             <http://x/repositories/1/issues?per_page=2&state=open&page=3>; rel=\"next\", \
             <http://x/repositories/1/issues?per_page=2&state=open&page=3>; rel=\"last\", \
             <http://x/repositories/1/issues?per_page=2&state=open&page=1>; rel=\"first\""
        );
    }

    #[test]
    fn one_page_has_no_link_and_a_page_has_at_most_100() {
        let asked = query(&[("per_page", "1000")]);
        let page = Page::of(&asked).unwrap();
        assert_eq!(page.link("http://x", &asked, 100), None);
        assert!(page.link("http://x", &asked, 101).is_some());
        assert!(Page::of(&query(&[("page", "two")])).is_err());
    }
}
