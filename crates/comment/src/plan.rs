//! What to do with the pull request's comments: no client here.

use actions_core::github::{Comment, Identity};

use crate::document::{self, Document, MAIN, NOW, Read, Section};
use crate::marker::{Marker, Run};

/// GitHub takes 65,536 characters; the rest is room for what counts differently there.
pub const LONGEST: usize = 60_000;

/// How the comment is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    Upsert,
    /// Below what stands there.
    Append,
    /// A new comment at the end of the conversation instead of the former one.
    Recreate,
    /// The same, and the former one stays, folded away.
    HidePrevious,
    /// Only where there is one.
    OnlyUpdate,
}

/// What becomes of the section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change {
    #[default]
    Write,
    /// Work begins: told above what stands there.
    Begin,
    Remove,
}

/// The comment as it should be.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub key: String,
    pub run: Option<Run>,
    /// Whose part it is; [`MAIN`] is the environment's own.
    pub section: String,
    pub change: Change,
    pub mode: Mode,
    pub text: String,
    /// Follows the text of [`Change::Begin`] where it stands above an earlier state.
    pub until_then: String,
    /// Folded away once it says so, since what it told of is gone.
    pub hide: bool,
    /// Stands where a text was cut.
    pub cut: String,
    /// It is folded away, and cannot be shown now: the marker goes on saying so, for the next run.
    pub stuck: bool,
}

/// What happens to the one comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Create,
    Edit(u64),
    /// It says this already, and that this run, or a later attempt of it, does.
    Same(u64),
    /// It says this already, but an older run wrote it: its marker is to name this one, or a run between the two could
    /// write what is older.
    Renew(u64),
    /// A later run has written it: what this run knows is older.
    Newer(u64, Run),
    /// A later version of this action has written it.
    Unknown(u64),
    /// There is none, and none is to be made.
    Absent,
    /// Nothing is left to say in these.
    Delete(Vec<u64>),
}

/// What to do, in order: first the comment, then what is superfluous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub step: Step,
    /// What the comment is to hold.
    pub document: Document,
    /// More comments of ours with the same key, from jobs that ran at once; or former ones.
    pub leftovers: Vec<u64>,
    /// We had folded it away, and it tells of something that is there again.
    pub show: bool,
}

impl Plan {
    fn only(step: Step) -> Self {
        Self {
            step,
            document: Document::default(),
            leftovers: Vec::new(),
            show: false,
        }
    }
}

/// The comments that carry our marker, whoever wrote them.
pub fn candidates<'a>(comments: &'a [Comment], key: &str) -> Vec<&'a Comment> {
    let marked = comments.iter().filter(|comment| Marker::of(comment, key).is_some());
    marked.collect()
}

/// What a person wrote in a comment that carries our marker, if anything.
pub fn note(comment: &Comment, key: &str) -> Option<String> {
    let above = comment.text().get(..Marker::of(comment, key)?.at)?.trim();
    (!above.is_empty()).then(|| above.to_owned())
}

/// One comment of ours, and what it holds.
struct Ours<'a> {
    comment: &'a Comment,
    read: Read,
}

fn ours<'a>(comments: &'a [Comment], identity: &Identity, key: &str) -> Vec<Ours<'a>> {
    let mut ours: Vec<Ours<'_>> = comments
        .iter()
        .filter(|comment| identity.wrote(comment))
        .filter_map(|comment| {
            let read = Document::of(comment, key)?;
            Some(Ours { comment, read })
        })
        .collect();
    // A person's token writes as that person, who may have pasted ours into a comment of their own.
    let noted = |ours: &Ours<'_>| matches!(&ours.read, Read::Known(document) if !document.note.is_empty());
    if identity.is_person() && !ours.iter().all(noted) {
        ours.retain(|ours| !noted(ours));
    }
    ours.sort_by_key(|ours| ours.comment.id);
    ours
}

/// The later run that forbids this one to write `names`, and where it wrote.
fn later(ours: &[Ours<'_>], run: Option<Run>, names: Option<&[&str]>) -> Option<(u64, Run)> {
    let run = run?;
    let latest = |read: &Read| match (read, names) {
        (Read::Later, _) => None,
        (Read::Known(document), None) => document.latest(),
        (Read::Known(document), Some(names)) => {
            let runs = names.iter().filter_map(|name| document.section(name)?.run);
            runs.max()
        }
    };
    ours.iter()
        .filter_map(|ours| Some((ours.comment.id, latest(&ours.read)?)))
        .filter(|(_, theirs)| *theirs > run)
        .max_by_key(|(_, theirs)| *theirs)
}

/// One comment of ours that says what is wanted, at most `most` long. The oldest is kept, so that links to it stay
/// good; unless a new one is asked for each time.
pub fn upsert(comments: &[Comment], identity: &Identity, wanted: &Wanted, most: usize) -> Plan {
    let ours = ours(comments, identity, &wanted.key);
    // The environment's own part and what is under way tell of the same work.
    let names: &[&str] = if wanted.section == MAIN {
        &[MAIN, NOW]
    } else {
        &[&wanted.section]
    };
    // What is added below overwrites nothing.
    if wanted.mode != Mode::Append
        && let Some((id, run)) = later(&ours, wanted.run, Some(names))
    {
        return Plan::only(Step::Newer(id, run));
    }
    let mut documents = Vec::new();
    for ours in &ours {
        match &ours.read {
            Read::Known(document) => documents.push((ours.comment.id, document)),
            Read::Later => return Plan::only(Step::Unknown(ours.comment.id)),
        }
    }
    let mut merged = Document::default();
    for (at, (_, document)) in documents.iter().enumerate() {
        if at == 0 {
            merged = (*document).clone();
        } else {
            merged.absorb((*document).clone());
        }
    }
    let anew = matches!(wanted.mode, Mode::Recreate | Mode::HidePrevious);
    let kept = if anew { documents.last() } else { documents.first() };
    // The former one stays, and what a person wrote in it.
    if wanted.mode == Mode::HidePrevious {
        merged.note = kept.map(|(_, kept)| kept.note.clone()).unwrap_or_default();
    }
    let mut target = changed(&merged, wanted, most).fitted(&wanted.key, most, &wanted.cut);
    let Some((id, kept)) = kept.copied() else {
        let nothing = target.is_empty() || wanted.mode == Mode::OnlyUpdate;
        return Plan {
            document: target,
            ..Plan::only(if nothing { Step::Absent } else { Step::Create })
        };
    };
    if target.is_empty() {
        return Plan::only(Step::Delete(documents.iter().map(|(id, _)| *id).collect()));
    }
    let step = if *kept == target {
        Step::Same(id)
    } else if kept.says(&target) {
        Step::Renew(id)
    } else if anew {
        if wanted.mode == Mode::HidePrevious {
            target.note.clear();
        }
        Step::Create
    } else {
        Step::Edit(id)
    };
    let show = kept.hidden && !target.hidden;
    let leftovers = documents.iter().map(|(id, _)| *id).filter(|other| *other != id);
    Plan {
        // Before the new one is seen, the former one is no leftover.
        leftovers: if step == Step::Create {
            Vec::new()
        } else {
            leftovers.collect()
        },
        step,
        document: target,
        show,
    }
}

/// The document after this run's change.
fn changed(merged: &Document, wanted: &Wanted, most: usize) -> Document {
    let mut document = merged.clone();
    let name = if wanted.change == Change::Begin && wanted.section == MAIN {
        NOW
    } else {
        &wanted.section
    };
    let before = merged.section(name);
    // Told once a run: the time stays that of the first telling.
    let told = before.is_some_and(|before| before.run.is_some() && before.run == wanted.run);
    if wanted.change == Change::Begin && told {
        return document;
    }
    if wanted.section == MAIN {
        document.hidden = wanted.hide || (wanted.stuck && merged.hidden);
        document.remove(NOW);
    }
    if wanted.change == Change::Remove {
        document.remove(name);
        return document;
    }
    let above = name == NOW && merged.section(MAIN).is_some();
    let until_then = if above { wanted.until_then.as_str() } else { "" };
    let text = document::contained(&format!("{}\n\n{until_then}", wanted.text.trim()));
    let (text, run) = match (wanted.mode, before) {
        (Mode::Append, before) => {
            let old = before.map(|before| before.text.as_str()).unwrap_or_default();
            let run = before.and_then(|before| before.run).max(wanted.run);
            (document::appended(old, wanted.run, &text, most / 2), run)
        }
        // Nobody knows which run wrote it, and outside a workflow nobody ever will.
        (_, before) => (text, wanted.run.or(before.and_then(|before| before.run))),
    };
    document.put(Section {
        name: name.to_owned(),
        run,
        text,
    });
    document
}

/// The comments to delete, or the later run that forbids it.
pub fn delete(comments: &[Comment], identity: &Identity, key: &str, run: Option<Run>) -> Result<Vec<u64>, (u64, Run)> {
    let ours = ours(comments, identity, key);
    match later(&ours, run, None) {
        Some(later) => Err(later),
        None => Ok(ours.iter().map(|ours| ours.comment.id).collect()),
    }
}

#[cfg(test)]
mod tests;
