//! A unified diff of two texts, by their longest common subsequence of lines.

use std::fmt::Write as _;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

#[derive(Clone, Copy)]
enum Line<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// The changes from `old` to `new` under the usual two headers; empty when there are none.
pub(super) fn unified(old_name: &str, new_name: &str, old: &str, new: &str) -> String {
    let lines = compare(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
    let changes: Vec<usize> = (0..lines.len())
        .filter(|at| !matches!(lines[*at], Line::Same(_)))
        .collect();
    let mut text = String::new();
    let mut hunks: Vec<(usize, usize)> = Vec::new();
    for at in changes {
        let (from, to) = (at.saturating_sub(CONTEXT), (at + CONTEXT + 1).min(lines.len()));
        match hunks.last_mut() {
            Some(last) if from <= last.1 => last.1 = to,
            _ => hunks.push((from, to)),
        }
    }
    if !hunks.is_empty() {
        let _ = writeln!(text, "--- {old_name}\n+++ {new_name}");
    }
    for (from, to) in hunks {
        let old_of = |range: &[Line]| range.iter().filter(|l| !matches!(l, Line::New(_))).count();
        let new_of = |range: &[Line]| range.iter().filter(|l| !matches!(l, Line::Gone(_))).count();
        let (before, hunk) = (&lines[..from], &lines[from..to]);
        let _ = writeln!(
            text,
            "@@ -{},{} +{},{} @@",
            old_of(before) + 1,
            old_of(hunk),
            new_of(before) + 1,
            new_of(hunk)
        );
        for line in hunk {
            let (sign, line) = match line {
                Line::Same(line) => (' ', line),
                Line::Gone(line) => ('-', line),
                Line::New(line) => ('+', line),
            };
            let _ = writeln!(text, "{sign}{line}");
        }
    }
    text
}

fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    // common[i][j]: length of the longest common subsequence of old[i..] and new[j..].
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Same(old[i]));
            i += 1;
            j += 1;
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Gone(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_its_surroundings() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
        let new = "a\nb\nc\nd\ne\nf2\ng\nh\ni\nj\n";
        insta::assert_snapshot!(unified("main", "dev", old, new), @r"
        --- main
        +++ dev
        @@ -3,7 +3,8 @@
         c
         d
         e
        -f
        +f2
         g
         h
         i
        +j
        ");
        assert_eq!(unified("a", "b", old, old), "");
    }
}
