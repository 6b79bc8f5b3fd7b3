//! What became of each thing.

use std::time::Duration;

use actions_core::reports::RemovalKind;
use actions_core::runner::signal::Interrupt;
use actions_core::{cloudflare, github, neon};

use crate::plan::{Ground, Reason, Standing, Staying, Thing};

/// One thing, and what became of it.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) kind: RemovalKind,
    pub(crate) name: String,
    pub(crate) end: End,
}

#[derive(Debug)]
pub(crate) enum End {
    /// It is gone by this run. What was there when we looked and is gone now counts: a retry after a lost answer finds
    /// it so.
    Deleted,
    /// It was gone already.
    Absent,
    /// Left alone on purpose.
    Kept(Reason),
    /// It is still there, or may be.
    Left(Why),
    /// A dry run: it would go.
    Planned(Ground),
}

impl End {
    /// Whether a signal kept it from going.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Left(Why::NotTried(Stop::Cancelled(_)) | Why::UnderWay(Stop::Cancelled(_)))
        )
    }

    /// Whether it is gone by this run, or may be.
    pub(crate) fn may_be_gone(&self) -> bool {
        match self {
            Self::Deleted | Self::Left(Why::UnderWay(_)) => true,
            Self::Left(Why::Failed(error)) => {
                let cloudflare = error.downcast_ref().is_some_and(cloudflare::Error::may_be_done);
                let neon = error.downcast_ref().is_some_and(neon::Error::is_unclear);
                cloudflare || neon || error.downcast_ref().is_some_and(github::Error::is_ambiguous)
            }
            Self::Left(_) | Self::Absent | Self::Kept(_) | Self::Planned(_) => false,
        }
    }
}

/// Why something is left.
#[derive(Debug)]
pub(crate) enum Why {
    /// It was known before anything was done.
    Known(Reason),
    Failed(anyhow::Error),
    /// The same failure as told with another thing: all records go in one batch.
    Together(String),
    /// Other Workers bind to it.
    Bound(cloudflare::Error),
    /// A route or custom domain that leads to it is still there, and only the Worker tells whose that is.
    RoutesFirst,
    /// The custom domain that it is of is still there.
    DomainFirst,
    /// This Worker of the environment is still there and may use it.
    UsedBy(String),
    NotTried(Stop),
    /// It was under way when the run had to end.
    UnderWay(Stop),
}

/// What keeps the run from going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled(Interrupt),
    /// The time limit was reached.
    TimeIsUp(Duration),
    /// So many of the kind failed for no fault of theirs.
    GivenUp(usize),
}

impl Settled {
    /// What became of a thing that was to go.
    pub(crate) fn of(thing: &Thing, end: End) -> Self {
        Self {
            kind: thing.kind(),
            name: thing.name().to_owned(),
            end,
        }
    }
}

impl From<Staying> for Settled {
    fn from(staying: Staying) -> Self {
        Self {
            kind: staying.kind,
            name: staying.name,
            end: match staying.standing {
                Standing::Absent => End::Absent,
                Standing::Kept(reason) => End::Kept(reason),
                Standing::Left(reason) => End::Left(Why::Known(reason)),
            },
        }
    }
}
