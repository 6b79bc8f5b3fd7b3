//! What people have written about messages: the tables of the READMEs, and `told.txt` for what stands in no table.

/// A message, and what to do when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) says: String,
    pub(super) remedy: String,
}

/// The rows of every table `| it says | do |`.
pub(super) fn of_readme(text: &str) -> Vec<Told> {
    let mut rows = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != "| it says | do |" {
            continue;
        }
        for row in lines.by_ref().skip(1).take_while(|row| row.starts_with('|')) {
            let cells = row.trim_matches('|').split(" | ");
            if let [says, remedy] = cells.map(str::trim).collect::<Vec<_>>()[..] {
                rows.push(Told {
                    says: says.to_owned(),
                    remedy: remedy.to_owned(),
                });
            }
        }
    }
    rows
}

/// `message` on one line, what to do on the next, indented; lines with `#` are comments.
pub(super) fn of_list(text: &str) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
    {
        match (line.strip_prefix("    "), all.last_mut()) {
            (Some(remedy), Some(last)) => {
                if !last.remedy.is_empty() {
                    last.remedy.push(' ');
                }
                last.remedy += remedy.trim();
            }
            _ => all.push(Told {
                says: line.trim().to_owned(),
                remedy: String::new(),
            }),
        }
    }
    all
}

/// What a row shows of the message itself: without what a run fills in (quoted names, numbers, `…`).
pub(super) fn fixed_parts(says: &str) -> Vec<String> {
    let bare = plain(says);
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quoted = false;
    for c in bare.chars() {
        if c == '`' {
            quoted = !quoted;
            parts.push(std::mem::take(&mut part));
        } else if c == '…' || c == '#' || c.is_ascii_digit() {
            parts.push(std::mem::take(&mut part));
        } else if !quoted {
            part.push(c);
        }
    }
    parts.push(part);
    let long = |part: String| Some(part.trim().to_owned()).filter(|part| part.chars().count() >= 6);
    parts.into_iter().filter_map(long).collect()
}

/// The phrases of three words that a row shows; of what is shorter, all of it.
pub(super) fn phrases(says: &str) -> Vec<String> {
    let mut all = Vec::new();
    for part in fixed_parts(says) {
        let words: Vec<&str> = part.split(' ').collect();
        if words.len() < 5 {
            all.push(part);
        } else {
            all.extend(words.windows(3).map(|words| words.join(" ")));
        }
    }
    all
}

/// The message of a cell that begins with a quoted one: without its quotes, and without a remark behind it.
fn plain(says: &str) -> String {
    let mut pieces = says.split('`');
    match (pieces.next(), pieces.next(), pieces.next(), pieces.next()) {
        (Some(""), Some(inner), Some(_), None) if inner.contains([' ', '…']) => inner.to_owned(),
        _ => says.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_entries_are_read() {
        let text = "x\n| it says | do |\n|---|---|\n| `gone` | look |\n| pull request #42 is open: `x` stays | wait |\n\nend\n";
        let rows = of_readme(text);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].says.as_str(), rows[0].remedy.as_str()), ("`gone`", "look"));
        assert_eq!(
            fixed_parts(&rows[1].says),
            ["pull request", "is open:", "stays"][..2]
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        );
        assert_eq!(fixed_parts("`a token … lacks it`"), ["a token", "lacks it"]);
        let list = of_list("# why\nit broke\n    mend\n    it\n\nother\n    wait\n");
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].remedy, "mend it");
    }
}
