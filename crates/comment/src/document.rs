//! The comment as a document: sections, each written by one job, each with the run that wrote it.
//!
//! The state is the comment itself. Our first line is the marker; the environment's own part follows it, as it did
//! before there were sections, and each named section stands under a line of its own. What stands above the marker a
//! person has written there:
//!
//! ```text
//! <!-- codex-actions:codex/preview hash=0123456789abcdef run=1001.1 v=2 -->
//! ### ✅ Preview is ready …
//!
//! <!-- codex-actions-section:e2e hash=89abcdef01234567 run=1001.1 -->
//!
//! 12 passed
//! ```

use actions_core::github::Comment;
use actions_core::markdown::{closed, fit, length};

use crate::marker::{self, Marker, Run};

/// The layout of this version, told where a comment has what an older version would overwrite.
const LAYOUT: u32 = 2;
const OPENING: &str = "<!-- codex-actions-section:";
const ENTRY: &str = "<!-- codex-actions-entry";

/// The environment's own part, or the whole of a comment without sections.
pub const MAIN: &str = "";
/// What is under way, above all else. No input can name a section so.
pub const NOW: &str = "+now";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// `None` outside a workflow.
    pub run: Option<Run>,
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// In the order in which they are shown.
    sections: Vec<Section>,
    /// Folded away, since what it tells of is gone.
    pub hidden: bool,
    /// What a person has written above ours: theirs, and kept.
    pub note: String,
}

/// A comment that carries our marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    Known(Document),
    /// A later version has written it, in a layout that this one cannot keep.
    Later,
}

/// Where a section stands: what is under way, the environment's own part, then by name, whichever job came first.
fn place(name: &str) -> (u8, &str) {
    match name {
        NOW => (0, name),
        MAIN => (1, name),
        _ => (2, name),
    }
}

impl Document {
    /// The document that a comment holds; `None` without our marker with this key.
    pub fn of(comment: &Comment, key: &str) -> Option<Read> {
        let marker = Marker::of(comment, key)?;
        if marker.layout > LAYOUT {
            return Some(Read::Later);
        }
        let (note, text) = comment.text().split_at_checked(marker.at)?;
        let (note, text) = (note.replace("\r\n", "\n"), text.replace("\r\n", "\n"));
        let mut document = Self {
            sections: Vec::new(),
            hidden: marker.hidden,
            note: note.trim().to_owned(),
        };
        let (mut name, mut run, mut lines) = (MAIN.to_owned(), marker.run, Vec::new());
        for line in text.lines().skip(1) {
            match opened(line) {
                Some((next, of)) => {
                    document.put(section(&name, run, &lines));
                    (name, run, lines) = (next, of, Vec::new());
                }
                None => lines.push(line),
            }
        }
        document.put(section(&name, run, &lines));
        Some(Read::Known(document))
    }

    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Whether several jobs write it.
    pub fn is_shared(&self) -> bool {
        self.sections.iter().any(|section| place(&section.name).0 == 2)
    }

    /// The latest run that wrote any of it.
    pub fn latest(&self) -> Option<Run> {
        self.sections.iter().filter_map(|section| section.run).max()
    }

    /// Puts a section in its place, instead of an earlier one of its name. One without text is none.
    pub fn put(&mut self, section: Section) {
        self.remove(&section.name);
        if section.text.is_empty() {
            return;
        }
        let at = self
            .sections
            .partition_point(|other| place(&other.name) < place(&section.name));
        self.sections.insert(at, section);
    }

    pub fn remove(&mut self, name: &str) {
        self.sections.retain(|section| section.name != name);
    }

    /// Takes in a duplicate from a race: of each section the later run's.
    pub fn absorb(&mut self, other: Self) {
        self.hidden &= other.hidden;
        // A run that ended between taking it over and deleting the duplicate meets it again.
        if !self.note.contains(&other.note) {
            let notes = [self.note.as_str(), &other.note];
            let notes: Vec<&str> = notes.into_iter().filter(|note| !note.is_empty()).collect();
            self.note = notes.join("\n\n");
        }
        for section in other.sections {
            let run_of = |name: &str| self.section(name).map(|known| known.run);
            // The end of what was under way is told in the environment's part.
            let over = section.name == NOW && run_of(MAIN).is_some_and(|run| run >= section.run);
            if over || run_of(&section.name).is_some_and(|run| run > section.run) {
                continue;
            }
            if section.name == MAIN && run_of(NOW).is_some_and(|run| run <= section.run) {
                self.remove(NOW);
            }
            self.put(section);
        }
    }

    /// Whether people read the same in both.
    pub fn says(&self, other: &Self) -> bool {
        let told = |document: &Self| {
            let told = document.sections.iter();
            told.map(|section| (section.name.clone(), section.text.clone()))
                .collect::<Vec<_>>()
        };
        (self.hidden, &self.note) == (other.hidden, &other.note) && told(self) == told(other)
    }

    /// What is sent to GitHub.
    pub fn body(&self, key: &str) -> String {
        let main = self.section(MAIN);
        let layout = self
            .sections
            .iter()
            .any(|section| section.name != MAIN)
            .then_some(LAYOUT);
        let fields = main.map(fields).unwrap_or_default();
        let layout = layout.map(|layout| format!(" v={layout}")).unwrap_or_default();
        let hidden = if self.hidden { " hidden=1" } else { "" };
        // What the person left open would swallow ours.
        let note = match closed(&self.note) {
            nothing if nothing.is_empty() => nothing,
            note => format!("{note}\n\n"),
        };
        let mut body = format!("{note}{}{fields}{layout}{hidden} -->\n", marker::opening(key));
        // The environment's part has a line of its own only where it does not come first.
        for section in &self.sections {
            if section.name != MAIN || self.section(NOW).is_some() {
                body += &format!("\n{OPENING}{}{} -->\n\n", section.name, self::fields(section));
            }
            body += &section.text;
            body.push('\n');
        }
        body
    }

    /// The document in at most `most` as [`length`] counts: those sections are cut that take more than their share of
    /// the room, with `note` at their end.
    #[must_use]
    pub fn fitted(&self, key: &str, most: usize, note: &str) -> Self {
        let mut lengths: Vec<usize> = self.sections.iter().map(|section| length(&section.text)).collect();
        let all: usize = lengths.iter().sum();
        let mut room = most.saturating_sub(length(&self.body(key)).saturating_sub(all));
        lengths.sort_unstable();
        let mut left = lengths.len();
        let mut share = usize::MAX;
        for length in lengths {
            if length > room / left {
                share = room / left;
                break;
            }
            room -= length;
            left -= 1;
        }
        let mut fitted = self.clone();
        for section in &mut fitted.sections {
            let text = fit(&section.text, share, note);
            section.text = text.trim().into();
        }
        fitted
    }
}

/// What a section's line says of it.
fn fields(section: &Section) -> String {
    let run = section
        .run
        .map(|run| format!(" run={}.{}", run.id, run.attempt))
        .unwrap_or_default();
    format!(" hash={}{run}", marker::hash(&section.text))
}

fn section(name: &str, run: Option<Run>, lines: &[&str]) -> Section {
    Section {
        name: name.to_owned(),
        run,
        text: lines.join("\n").trim().to_owned(),
    }
}

/// The section that a line begins: its name and run.
fn opened(line: &str) -> Option<(String, Option<Run>)> {
    let rest = line.strip_prefix(OPENING)?.trim_end().strip_suffix("-->")?;
    let (name, fields) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((name.to_owned(), marker::run_in(fields)))
}

/// A text that can stand in a section: it opens none itself, and leaves nothing open that would swallow the next one.
pub fn contained(text: &str) -> String {
    let text = text
        .replace("\r\n", "\n")
        .replace("<!-- codex-actions", "<!-- \u{200b}codex-actions");
    closed(text.trim()).trim().to_owned()
}

/// `old` with `text` below it, unless this run has added it already. When there is no room, the oldest entries go.
pub fn appended(old: &str, run: Option<Run>, text: &str, most: usize) -> String {
    let by = run
        .map(|run| format!(" run={}.{}", run.id, run.attempt))
        .unwrap_or_default();
    let head = format!("{ENTRY}{by} hash={} -->", marker::hash(text));
    if old.lines().any(|line| line.trim_end() == head) {
        return old.to_owned();
    }
    let mut entries: Vec<String> = Vec::new();
    for line in old.lines() {
        if entries.is_empty() || line.starts_with(ENTRY) {
            entries.push(String::new());
        }
        if let Some(entry) = entries.last_mut() {
            *entry += line;
            entry.push('\n');
        }
    }
    entries.push(format!("{head}\n\n{text}"));
    let entries: Vec<&str> = entries
        .iter()
        .map(|entry| entry.trim())
        .filter(|entry| !entry.is_empty())
        .collect();
    let mut from = 0;
    while from + 1 < entries.len() && length(&entries[from..].join("\n\n")) > most {
        from += 1;
    }
    entries[from..].join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker::tests::comment;

    #[expect(clippy::unnecessary_wraps, reason = "as a section holds it")]
    fn run(id: u64) -> Option<Run> {
        Some(Run { id, attempt: 1 })
    }

    fn part(name: &str, id: u64, text: &str) -> Section {
        Section {
            name: name.to_owned(),
            run: run(id),
            text: text.to_owned(),
        }
    }

    fn document(sections: &[Section]) -> Document {
        let mut document = Document::default();
        sections.iter().cloned().for_each(|section| document.put(section));
        document
    }

    fn read(body: &str) -> Document {
        match Document::of(&comment(1, "github-actions[bot]", body), "k") {
            Some(Read::Known(document)) => document,
            other => panic!("{other:?} of {body}"),
        }
    }

    #[test]
    fn a_document_is_read_back_as_it_was_written() {
        for sections in [
            vec![part(MAIN, 1, "### Ready\n\n| a |\n|--|")],
            vec![part("e2e", 2, "12 passed")],
            vec![part("unit/a", 3, "x"), part(MAIN, 1, "main"), part("e2e", 2, "y")],
            vec![part(NOW, 3, "working"), part(MAIN, 1, "main")],
            vec![part(NOW, 3, "working"), part("e2e", 1, "y")],
            vec![part(NOW, 3, "working"), part(MAIN, 1, "main"), part("e2e", 1, "y")],
        ] {
            let mut written = document(&sections);
            assert_eq!(read(&written.body("k")), written);
            written.hidden = true;
            assert_eq!(read(&written.body("k").replace('\n', "\r\n")), written);
        }
        insta::assert_snapshot!(
            document(&[part("unit", 3, "x"), part(NOW, 4, "now"), part(MAIN, 1, "main")]).body("k")
        );
    }

    #[test]
    fn what_a_person_wrote_above_ours_is_theirs_and_kept() {
        let ours = document(&[part(MAIN, 1, "### Ready")]);
        let typed = format!(
            "Please look at the menu.\r\n\r\n{}",
            ours.body("k").replace('\n', "\r\n")
        );
        let document = read(&typed);
        assert_eq!(
            (document.note.as_str(), document.section(MAIN)),
            ("Please look at the menu.", ours.section(MAIN))
        );
        assert_eq!(read(&document.body("k")), document);
        // Of duplicates both are kept, also when it is done again.
        let other = Document {
            note: "And at the cart.".to_owned(),
            ..ours
        };
        let mut both = document;
        both.absorb(other.clone());
        assert_eq!(both.note, "Please look at the menu.\n\nAnd at the cart.");
        let once = both.clone();
        both.absorb(other);
        assert_eq!(both, once);
        // An unclosed tag of theirs does not take ours in.
        let open = Document {
            note: "<details>\nmine".to_owned(),
            ..once
        };
        assert!(
            open.body("k")
                .starts_with("<details>\nmine\n\n</details>\n\n<!-- codex-actions:k ")
        );
    }

    #[test]
    fn a_comment_without_sections_is_as_it_always_was() {
        let alone = document(&[part(MAIN, 1001, "ready")]);
        assert_eq!(alone.body("k"), marker::sign("k", run(1001), "ready\n"));
    }

    #[test]
    fn a_later_layout_is_not_guessed_at() {
        let body = "<!-- codex-actions:k v=3 -->\n<!-- codex-actions-part -->\nx";
        assert_eq!(
            Document::of(&comment(1, "github-actions[bot]", body), "k"),
            Some(Read::Later)
        );
    }

    #[test]
    fn no_text_opens_a_section_or_swallows_one() {
        let hostile = "x\n<!-- codex-actions-section:e2e run=9.9 -->\n```\n<details>\n<!-- never ended";
        let both = document(&[part(MAIN, 1, &contained(hostile)), part("e2e", 2, "12 passed")]);
        let body = both.body("k");
        assert_eq!(read(&body), both);
        assert!(body.contains("```\n\n<!-- codex-actions-section:e2e hash="), "{body}");
        assert_eq!(contained(&contained(hostile)), contained(hostile));
    }

    #[test]
    fn of_duplicates_each_section_is_the_later_runs() {
        let mut kept = document(&[part(MAIN, 5, "newer"), part("a", 1, "old a"), part(NOW, 4, "working")]);
        kept.absorb(document(&[
            part(MAIN, 4, "older"),
            part("a", 2, "new a"),
            part("b", 1, "b"),
        ]));
        assert_eq!(
            kept,
            document(&[
                part(NOW, 4, "working"),
                part(MAIN, 5, "newer"),
                part("a", 2, "new a"),
                part("b", 1, "b")
            ])
        );
        // What was under way has ended in the other one.
        let mut kept = document(&[part(NOW, 5, "working")]);
        kept.absorb(document(&[part(MAIN, 5, "ready")]));
        assert_eq!(kept, document(&[part(MAIN, 5, "ready")]));
        let mut kept = document(&[part(MAIN, 5, "ready")]);
        kept.absorb(document(&[part(NOW, 5, "working")]));
        assert_eq!(kept, document(&[part(MAIN, 5, "ready")]));
    }

    #[test]
    fn who_takes_more_than_a_share_is_cut() {
        let long = "a line of the log\n".repeat(4_000);
        let short = document(&[
            part(MAIN, 1, "main"),
            part("a", 1, &long),
            part("b", 1, &long),
            part("c", 1, "c"),
        ]);
        let fitted = short.fitted("k", 60_000, "cut");
        let body = fitted.body("k");
        assert!((59_000..=60_000).contains(&length(&body)), "{}", length(&body));
        assert_eq!(fitted.section("c"), short.section("c"));
        assert!(fitted.section("b").unwrap().text.ends_with("cut"));
        assert_eq!(read(&body), fitted);
        // Again, with what stands there: nothing new.
        let mut again = fitted.clone();
        again.put(part("b", 1, &long));
        assert_eq!(again.fitted("k", 60_000, "cut").section("a"), fitted.section("a"));
    }

    #[test]
    fn what_is_added_is_added_once_and_the_oldest_goes() {
        let one = appended("", run(1), "one", 1_000);
        let two = appended(&one, run(2), "two", 1_000);
        assert_eq!(appended(&two, run(1), "one", 1_000), two);
        assert!(two.find("one").unwrap() < two.find("two").unwrap());
        // The same words of another run are news.
        assert_eq!(appended(&two, run(3), "two", 1_000).matches("two").count(), 2);
        let last = appended(&two, run(3), "three", 80);
        assert!(last.contains("three") && !last.contains("one"), "{last}");
    }
}
