//! A table for a person's terminal: where, what was seen, and what to do.

use std::io::{IsTerminal as _, Write as _};

use actions_core::runner::Env;
use actions_core::runner::command::harmless;
use actions_core::secret::redact;
use anstyle::{AnsiColor, Style};
use textwrap::{Options, wrap};

use super::{counted, location, outcome, unseen};
use crate::finding::{Finding, Severity};
use crate::silence::Judged;

/// How a terminal is to be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terminal {
    /// In characters.
    pub(super) width: usize,
    pub(super) colours: bool,
}

/// Where nothing tells how wide a terminal is.
const WIDTH: usize = 100;
/// The first column is not wider: what is longer is broken.
const WIDEST: usize = 40;
/// The second one is not narrower, whatever the terminal is.
const NARROWEST: usize = 30;
/// Between both, and before the first.
const GAP: usize = 2;

impl Terminal {
    /// The terminal that reads what is printed; `None` where a file, another program or a runner does.
    pub(super) fn of(env: &Env) -> Option<Self> {
        let out = std::io::stdout();
        if !out.is_terminal() || env.get("GITHUB_ACTIONS") == Some("true") {
            return None;
        }
        let told = rustix::termios::tcgetwinsize(&out).map(|size| usize::from(size.ws_col));
        Some(Self {
            width: told.ok().filter(|width| *width > 0).unwrap_or(WIDTH),
            // https://no-color.org: set and not empty.
            colours: env.get("NO_COLOR").is_none() && env.get("TERM") != Some("dumb"),
        })
    }

    pub(super) fn print(self, judged: &Judged) {
        let mut out = std::io::stdout().lock();
        // A closed terminal is not worth failing for.
        let _ = out.write_all(self.table(judged).as_bytes());
    }

    /// The whole of it, with its colours.
    pub(super) fn table(self, judged: &Judged) -> String {
        let silenced = judged.silenced.iter().map(|(finding, _)| finding);
        let all = judged.told.iter().chain(silenced);
        let first = all
            .flat_map(|finding| [location(finding).chars().count(), finding.kind.name.chars().count()])
            .max()
            .unwrap_or_default()
            .min(WIDEST);
        let mut text = String::new();
        for severity in Severity::ALL {
            let Some(title) = counted(judged, severity) else {
                continue;
            };
            text += &format!("{}\n", self.styled(colour(severity).bold(), &title));
            for finding in judged.of(severity) {
                text += &self.row(first, colour(severity), finding, &finding.remedy, "→ ");
            }
            text.push('\n');
        }
        if !judged.silenced.is_empty() {
            let title = format!("{} silenced", judged.silenced.len());
            text += &format!("{}\n", self.styled(Style::new().bold(), &title));
            for (finding, reason) in &judged.silenced {
                text += &self.row(first, Style::new().dimmed(), finding, reason, "meant so: ");
            }
            text.push('\n');
        }
        for line in unseen(judged) {
            text += &format!("{}\n", self.styled(Style::new().dimmed(), &shown(&line)));
        }
        if judged.told.is_empty() {
            let green = Style::new().fg_color(Some(AnsiColor::Green.into()));
            text += &format!("{}\n", self.styled(green, &outcome(judged)));
        }
        text
    }

    /// A finding: its place above its name, beside them what was seen above what is said of it.
    fn row(self, first: usize, style: Style, finding: &Finding, then: &str, mark: &str) -> String {
        let room = self.width.saturating_sub(first + 2 * GAP).max(NARROWEST);
        let dim = Style::new().dimmed();
        let lines = |text: &str, width: usize, style: Style, mark: &str| -> Vec<(String, Style)> {
            let indent = " ".repeat(mark.chars().count());
            let options = Options::new(width).initial_indent(mark).subsequent_indent(&indent);
            let text = shown(text);
            wrap(&text, options)
                .into_iter()
                .map(|line| (line.into_owned(), style))
                .collect()
        };
        let mut left = lines(&location(finding), first, style, "");
        left.extend(lines(finding.kind.name, first, dim, ""));
        let mut right = lines(&finding.said, room, Style::new(), "");
        right.extend(lines(then, room, Style::new(), mark));
        let mut text = String::new();
        for at in 0..left.len().max(right.len()) {
            let (own, style) = left.get(at).cloned().unwrap_or_default();
            let fill = " ".repeat(first.saturating_sub(own.chars().count()) + GAP);
            let (said, plain) = right.get(at).cloned().unwrap_or_default();
            let line = format!(
                "{}{}{fill}{}",
                " ".repeat(GAP),
                self.styled(style, &own),
                self.styled(plain, &said)
            );
            text += &format!("{}\n", line.trim_end());
        }
        text
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.colours && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// One line of text: no secret, nothing that a terminal would obey.
fn shown(text: &str) -> String {
    harmless(&redact(text)).replace('\n', " ")
}

fn colour(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Cyan,
    };
    Style::new().fg_color(Some(colour.into()))
}
