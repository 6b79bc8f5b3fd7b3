//! What became of each thing that goes, written down the moment it is known: a run that has to end tells what it did.

use std::cell::RefCell;

use crate::outcome::{End, Settled, Stop, Why};
use crate::plan::Going;

enum Entry {
    Waiting,
    UnderWay,
    Ended(End),
}

pub(super) struct Journal(RefCell<Vec<Entry>>);

impl Journal {
    /// For so many things.
    pub(super) fn new(things: usize) -> Self {
        Self(RefCell::new((0..things).map(|_| Entry::Waiting).collect()))
    }

    pub(super) fn begin(&self, at: usize) {
        self.0.borrow_mut()[at] = Entry::UnderWay;
    }

    pub(super) fn end(&self, at: usize, end: End) {
        self.0.borrow_mut()[at] = Entry::Ended(end);
    }

    /// Does something with how a thing ended.
    pub(super) fn with<T>(&self, at: usize, look: impl FnOnce(&End) -> T) -> Option<T> {
        match &self.0.borrow()[at] {
            Entry::Ended(end) => Some(look(end)),
            Entry::Waiting | Entry::UnderWay => None,
        }
    }

    /// All of it; `stop` says why some have not ended.
    pub(super) fn settled(self, going: &[Going], stop: Stop) -> Vec<Settled> {
        let entries = self.0.into_inner().into_iter();
        let settled = going.iter().zip(entries).map(|(going, entry)| {
            let end = match entry {
                Entry::Ended(end) => end,
                Entry::UnderWay => End::Left(Why::UnderWay(stop)),
                Entry::Waiting => End::Left(Why::NotTried(stop)),
            };
            Settled::of(&going.thing, end)
        });
        settled.collect()
    }
}
