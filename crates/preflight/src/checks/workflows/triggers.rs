//! What starts a workflow: `on` as a text, a list or a table.

use crate::document::{Data, Document, Node};
use crate::finding::Place;

/// One event of `on`.
#[derive(Clone)]
pub(super) struct Event<'a> {
    pub(super) name: &'a str,
    /// Its filters, where it has a table.
    filters: Option<&'a Node>,
    pub(super) place: Place,
}

/// The events of a workflow, as far as they are told.
pub(super) fn events(document: &Document) -> Vec<Event<'_>> {
    let Some(on) = document.get(&["on"]) else {
        return Vec::new();
    };
    let event = |name, filters, node: &Node| Event {
        name,
        filters,
        place: document.place_of(node),
    };
    match &on.data {
        Data::Plain(value) => value.as_str().map(|name| event(name, None, on)).into_iter().collect(),
        Data::List(items) => {
            let items = items.iter();
            items.filter_map(|item| Some(event(item.text()?, None, item))).collect()
        }
        Data::Table(_) => on.entries().map(|(name, node)| event(name, Some(node), node)).collect(),
    }
}

impl<'a> Event<'a> {
    pub(super) fn is_of_pull_request(&self) -> bool {
        ["pull_request", "pull_request_target"].contains(&self.name)
    }

    /// Whether runs start when a pull request is closed. GitHub's default types are without it.
    pub(super) fn has_closed(&self) -> bool {
        let types = self.filter("types").map(texts).unwrap_or_default();
        self.is_of_pull_request() && types.contains(&"closed")
    }

    pub(super) fn filter(&self, key: &str) -> Option<&'a Node> {
        self.filters.and_then(|filters| filters.get(key))
    }

    /// Where its types stand, or the event.
    pub(super) fn place_of(&self, document: &Document, key: &str) -> Place {
        self.filter(key)
            .map_or_else(|| self.place.clone(), |node| document.place_of(node))
    }
}

/// A text, or the texts of a list: GitHub takes both.
pub(super) fn texts(node: &Node) -> Vec<&str> {
    node.text()
        .into_iter()
        .chain(node.items().filter_map(Node::text))
        .collect()
}
