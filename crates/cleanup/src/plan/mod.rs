//! What goes, and what stays although it looks as if it should go: no client here.
//!
//! Whose a thing is says [`Owner::verdict`](actions_core::owner::Owner::verdict), from the marker that it carries. What
//! has none of its own (routes, custom domains, KV namespaces) is judged through the Worker that it leads to or that
//! binds it. A list that could not be read makes all that depends on it stay.

mod attached;
mod branches;
mod certificates;
mod deployments;
pub(crate) mod namespaces;
mod records;
mod workers;

use actions_core::cloudflare::{CustomDomain, DnsRecord, KvNamespace, Route};
use actions_core::neon::retention;
use actions_core::owner::{Owner, Whose};
use actions_core::reports::RemovalKind;

use self::workers::Workers;
use crate::facts::Facts;
use crate::subject::Subject;
use crate::unread::Unread;

/// Something that can be deleted, with what deleting it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Thing {
    Route(Route),
    Domain(CustomDomain),
    Certificate {
        id: String,
        hostname: String,
    },
    Worker(String),
    Record(DnsRecord),
    Namespace(KvNamespace),
    Branch {
        id: String,
        name: String,
    },
    /// A restore point of a branch that stays.
    RestorePoint {
        id: String,
        name: String,
    },
    Deployment {
        id: u64,
        name: String,
    },
}

impl Thing {
    pub(crate) fn kind(&self) -> RemovalKind {
        match self {
            Self::Route(_) => RemovalKind::Route,
            Self::Domain(_) => RemovalKind::CustomDomain,
            Self::Certificate { .. } => RemovalKind::Certificate,
            Self::Worker(_) => RemovalKind::Worker,
            Self::Record(_) => RemovalKind::DnsRecord,
            Self::Namespace(_) => RemovalKind::KvNamespace,
            Self::Branch { .. } => RemovalKind::Branch,
            Self::RestorePoint { .. } => RemovalKind::RestorePoint,
            Self::Deployment { .. } => RemovalKind::Deployment,
        }
    }

    /// As people know it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Route(route) => &route.pattern,
            Self::Domain(domain) => &domain.hostname,
            Self::Certificate { hostname, .. } => hostname,
            Self::Record(record) => &record.name,
            Self::Namespace(namespace) => &namespace.title,
            Self::Worker(name)
            | Self::Branch { name, .. }
            | Self::RestorePoint { name, .. }
            | Self::Deployment { name, .. } => name,
        }
    }
}

/// Why something goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ground {
    /// It is what the manifest names, and says itself whose it is.
    Own,
    /// It was made for the environment, as it says itself.
    Marked,
    /// The same, of a Worker that the manifest does not name any more.
    Forgotten,
    /// It leads to this Worker; whose it is, its own name tells, too.
    LeadsTo(String),
    /// The same, of a name that nobody could judge without the Worker.
    KnownBy(String),
    /// It is of a custom domain that goes.
    OfDomain,
    /// There are so many newer ones.
    Surplus(usize),
    /// It is nobody's that we know, and `adopt` was asked for.
    Adopted,
}

/// Something that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Going {
    pub(crate) thing: Thing,
    pub(crate) ground: Ground,
    /// What has a higher one goes after what has a lower one.
    pub(crate) level: usize,
}

/// Why something stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    Foreign(Whose),
    /// Nothing on it tells whose it is, and its name proves nothing.
    Unmarked,
    /// It leads to a Worker that is not this environment's: whose that is, as far as it is told.
    LeadsTo {
        worker: String,
        whose: Option<Whose>,
    },
    /// It leads to no Worker.
    LeadsNowhere,
    /// It is bound by a Worker that is not this environment's.
    BoundBy {
        worker: String,
        whose: Option<Whose>,
    },
    /// A Worker that stays binds it by its id, whatever it is called.
    InUse {
        worker: String,
        whose: Option<Whose>,
    },
    /// It is called like this environment's, and nothing of the manifest has that name.
    LooksAlike,
    /// The database's default branch, a root, or what others are copied from.
    Root,
    Protected,
    /// Somebody made this branch from it.
    HasChild(String),
    /// The list that it is in could not be read.
    Unread(Unread),
    /// Whose it is depends on a list that could not be read.
    Unknown(Unread),
}

/// What is settled before anything is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is gone already.
    Absent,
    /// It is not this environment's, although it looks so.
    Kept(Reason),
    /// It is, or may be, this environment's, and cannot go.
    Left(Reason),
}

/// Something that stays, or is gone already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staying {
    pub(crate) kind: RemovalKind,
    pub(crate) name: String,
    pub(crate) standing: Standing,
}

/// What is to be done, and what is settled already.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// In the order in which it goes.
    pub(crate) going: Vec<Going>,
    pub(crate) staying: Vec<Staying>,
}

/// Decides on everything that was read. With `adopt`, Workers that carry nobody's marker go too, where the manifest
/// names them, or where they are named like this environment's and serve one of its hostnames.
pub(crate) fn decide(subject: &Subject, facts: &Facts, adopt: bool) -> Decision {
    let mut decision = Decision::default();
    let workers = Workers::of(subject, facts, adopt);
    decision.attached(subject, facts, &workers);
    decision.certificates(subject, facts);
    decision.workers(subject, facts, &workers);
    decision.records(subject, facts);
    decision.namespaces(subject, facts, &workers);
    decision.branches(subject, facts);
    decision.deployments(subject, facts);
    decision
}

/// The restore points beyond the newest `keep` of each branch, whatever environment of the repository they are of.
pub(crate) fn restore_points(owner: &Owner, facts: &Facts, keep: usize) -> Vec<Going> {
    let Some(Ok(all)) = &facts.branches else {
        return Vec::new();
    };
    let surplus = retention::surplus_of_all(all, owner, keep).into_iter();
    let going = surplus.map(|branch| Going {
        thing: Thing::RestorePoint {
            id: branch.id.clone(),
            name: branch.name.clone(),
        },
        ground: Ground::Surplus(keep),
        level: 0,
    });
    going.collect()
}

impl Decision {
    /// Adds what goes beside the environment, but for what goes with it.
    pub(crate) fn also(&mut self, more: Vec<Going>) {
        let more = more.into_iter().filter(|more| {
            let Thing::RestorePoint { id, .. } = &more.thing else {
                return true;
            };
            let same = |going: &Going| matches!(&going.thing, Thing::Branch { id: other, .. } if other == id);
            !self.going.iter().any(same)
        });
        let more: Vec<Going> = more.collect();
        self.going.extend(more);
    }

    fn goes(&mut self, thing: Thing, ground: Ground, level: usize) {
        self.going.push(Going { thing, ground, level });
    }

    fn absent(&mut self, kind: RemovalKind, name: &str) {
        self.stays(kind, name, Standing::Absent);
    }

    fn kept(&mut self, kind: RemovalKind, name: &str, reason: Reason) {
        self.stays(kind, name, Standing::Kept(reason));
    }

    fn left(&mut self, kind: RemovalKind, name: &str, reason: Reason) {
        self.stays(kind, name, Standing::Left(reason));
    }

    fn stays(&mut self, kind: RemovalKind, name: &str, standing: Standing) {
        self.staying.push(Staying {
            kind,
            name: name.to_owned(),
            standing,
        });
    }

    /// A list that could not be read: whatever of ours is in it is left.
    fn unread(&mut self, kind: RemovalKind, subject: &Subject, unread: &Unread) {
        self.left(kind, &subject.any(), Reason::Unread(unread.clone()));
    }
}
