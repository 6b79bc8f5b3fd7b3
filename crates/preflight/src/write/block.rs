//! Our part of a file, between markers: what stands outside of them is not ours. Pure.

/// How comments are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `# …`
    Hash,
    /// `<!-- … -->`
    Markdown,
}

const BEGINS: &str = "written by `preflight write`; what stands outside of these two lines is yours";
const ENDS: &str = "end of what `preflight write` writes";

impl Style {
    fn line(self, text: &str) -> String {
        match self {
            Self::Hash => format!("# {text}"),
            Self::Markdown => format!("<!-- {text} -->"),
        }
    }

    pub(super) fn first(self) -> String {
        self.line(BEGINS)
    }

    pub(super) fn last(self) -> String {
        self.line(ENDS)
    }
}

/// What comes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Merged {
    /// It is as it is to be.
    Same,
    /// This is to be its text.
    Text(String),
    /// It has no markers: all of it is somebody's own.
    HandMade,
    /// The markers are not one pair: nobody can tell what is ours.
    Broken(&'static str),
}

/// The text of a file with our part in it. `text`: what is there.
pub(super) fn merge(text: Option<&str>, part: &str, style: Style) -> Merged {
    let (first, last) = (style.first(), style.last());
    let Some(text) = text else {
        return Merged::Text(format!("{first}\n{part}{last}\n"));
    };
    let places = |marker: &str| -> Vec<(usize, usize)> {
        let mut at = 0;
        let mut places = Vec::new();
        for line in text.split_inclusive('\n') {
            if line.trim() == marker {
                places.push((at, at + line.len()));
            }
            at += line.len();
        }
        places
    };
    match (&places(&first)[..], &places(&last)[..]) {
        ([], []) => Merged::HandMade,
        (&[(_, begin)], &[(end, _)]) if begin <= end => {
            // A file of Windows' lines stays one.
            let windows = text[..begin].ends_with("\r\n");
            let part = if windows {
                part.replace('\n', "\r\n")
            } else {
                part.to_owned()
            };
            if text[begin..end] == part {
                Merged::Same
            } else {
                Merged::Text(format!("{}{part}{}", &text[..begin], &text[end..]))
            }
        }
        ([_], [_]) => Merged::Broken("the line that ends our part stands before the one that begins it"),
        ([], _) => Merged::Broken("the line that begins our part is gone, and the one that ends it is there"),
        (_, []) => Merged::Broken("the line that ends our part is gone, and the one that begins it is there"),
        _ => Merged::Broken("one of the two lines around our part is there twice"),
    }
}

/// A text without our part: what people have written. Without a pair of markers all of it is theirs.
pub(crate) fn outside(text: &str) -> String {
    let all = [Style::Hash, Style::Markdown]
        .into_iter()
        .find_map(|style| match merge(Some(text), "", style) {
            Merged::Text(without) => Some(without),
            _ => None,
        });
    all.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_stays_byte_for_byte() {
        let style = Style::Hash;
        let (first, last) = (style.first(), style.last());
        let file = |end: &str, part: &str| format!("# mine\n{first}{end}{part}{last}{end}tail\u{a0} ");
        for (text, part, merged) in [
            (None, "A=1\n", Merged::Text(format!("{first}\nA=1\n{last}\n"))),
            (Some(file("\n", "A=1\n")), "A=1\n", Merged::Same),
            (
                Some(file("\n", "A=0\nB=2\n")),
                "A=1\n",
                Merged::Text(file("\n", "A=1\n")),
            ),
            (Some(file("\n", "")), "A=1\n", Merged::Text(file("\n", "A=1\n"))),
            (Some(file("\r\n", "A=1\r\n")), "A=1\n", Merged::Same),
            (
                Some(file("\r\n", "A=0\r\n")),
                "A=1\n",
                Merged::Text(file("\r\n", "A=1\r\n")),
            ),
            (Some("A=1\n".to_owned()), "A=1\n", Merged::HandMade),
            (Some(String::new()), "A=1\n", Merged::HandMade),
        ] {
            assert_eq!(merge(text.as_deref(), part, style), merged, "{text:?}");
        }
    }

    #[test]
    fn without_one_pair_of_markers_nothing_is_touched() {
        for style in [Style::Hash, Style::Markdown] {
            let (first, last) = (style.first(), style.last());
            for text in [
                format!("{first}\nx\n"),
                format!("x\n{last}\n"),
                format!("{last}\n{first}\n"),
                format!("{first}\n{last}\n{first}\n{last}\n"),
            ] {
                assert!(matches!(merge(Some(&text), "y\n", style), Merged::Broken(_)), "{text}");
            }
        }
    }
}
