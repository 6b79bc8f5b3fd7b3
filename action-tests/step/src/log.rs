//! What a step prints: the runner's commands in it, and what a person sees.

/// A step's output, read.
#[derive(Debug, Default)]
pub struct Log {
    /// Values that are to be hidden, in the order in which they were told.
    pub masks: Vec<String>,
    pub annotations: Vec<Annotation>,
    /// The lines that a log shows, before any masking: a secret in it was printed. Without the one that names the
    /// build, which is another in each.
    pub shown: String,
}

/// `::error title=x::message`, and its siblings.
#[derive(Debug, PartialEq, Eq)]
pub struct Annotation {
    /// `error`, `warning` or `notice`.
    pub level: String,
    pub title: Option<String>,
    pub message: String,
}

impl Log {
    /// Reads what was printed.
    pub fn read(printed: &str) -> Self {
        let mut log = Self::default();
        let mut is_named = false;
        for line in printed.lines() {
            if !is_named && names_build(line) {
                is_named = true;
                continue;
            }
            match command(line) {
                Some(("add-mask", _, value)) => {
                    log.masks.push(unescaped(value));
                    continue;
                }
                Some((level @ ("error" | "warning" | "notice"), properties, message)) => {
                    log.annotations.push(Annotation {
                        level: level.to_owned(),
                        title: title(properties),
                        message: unescaped(message),
                    });
                }
                _ => {}
            }
            log.shown.push_str(line);
            log.shown.push('\n');
        }
        log
    }
}

/// `cleanup v1.2.3 (<commit>)` of a release, `cleanup 0.1.0 (built from source)` of a developer's build.
fn names_build(line: &str) -> bool {
    let parts = line
        .split_once(' ')
        .and_then(|(_, rest)| rest.strip_suffix(')')?.split_once(" ("));
    let Some((version, source)) = parts else { return false };
    let version: Vec<&str> = version.trim_start_matches('v').split('.').collect();
    let is_number = |part: &&str| part.parse::<u32>().is_ok();
    let is_commit = source.len() == 40 && source.bytes().all(|byte| byte.is_ascii_hexdigit());
    version.len() == 3 && version.iter().all(is_number) && (is_commit || source == "built from source")
}

/// `::name properties::value`: its parts.
fn command(line: &str) -> Option<(&str, &str, &str)> {
    let (head, value) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some((name, properties, value))
}

fn title(properties: &str) -> Option<String> {
    let title = properties
        .split(',')
        .find_map(|one| one.trim().strip_prefix("title="))?;
    Some(unescaped(&title.replace("%3A", ":").replace("%2C", ",")))
}

/// Undoes the escapes of a command's data.
fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_taken_out_of_what_is_shown() {
        let log = Log::read("one\n::add-mask::s3cret%25\n  ::add-mask::a%0Ab\ntwo ::add-mask::x\n");
        assert_eq!(log.masks, ["s3cret%", "a\nb"]);
        assert_eq!(log.shown, "one\ntwo ::add-mask::x\n");
    }

    #[test]
    fn the_line_that_names_the_build_is_not_shown_whatever_build_it_is() {
        for line in [
            "cleanup v1.2.3 (5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1)",
            "health-check 0.1.0 (built from source)",
        ] {
            let log = Log::read(&format!("::add-mask::x\n{line}\none\n"));
            assert_eq!(log.shown, "one\n", "{line}");
        }
        for line in [
            "api 1.2.3 (unchanged)",
            "wrangler 4.1 (built from source)",
            "cleanup v1.2.3 (5f6e)",
        ] {
            assert_eq!(Log::read(line).shown, format!("{line}\n"));
        }
    }

    #[test]
    fn annotations_are_read_and_shown() {
        let log = Log::read("::error file=a,title=x%3A y::a%0Ab: 5%25\n::warning::w\n::group::g\n");
        let annotation = |level: &str, title: Option<&str>, message: &str| Annotation {
            level: level.to_owned(),
            title: title.map(str::to_owned),
            message: message.to_owned(),
        };
        assert_eq!(
            log.annotations,
            [
                annotation("error", Some("x: y"), "a\nb: 5%"),
                annotation("warning", None, "w")
            ]
        );
        assert_eq!(log.shown.lines().count(), 3);
    }
}
