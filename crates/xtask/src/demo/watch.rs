//! Looks at the processes of a step while they run: what stands in their arguments, and what wrangler is given.
//!
//! Arguments can be read by every user of a machine, so no secret may stand there; and wrangler runs the
//! project's own code (plugins, build commands), so no token may be in its environment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What was seen of one process, when first seen with these arguments.
#[derive(Clone)]
struct Seen {
    arguments: Vec<String>,
    environment: String,
}

/// Every process of the steps so far. Empty where there is no `/proc`.
#[derive(Default)]
pub(crate) struct Watch {
    seen: BTreeMap<(u32, u64), Seen>,
}

impl Watch {
    /// Looks at `root` and all its descendants once.
    pub(crate) fn look(&mut self, root: u32) {
        let mut next = vec![root];
        while let Some(process) = next.pop() {
            let folder = format!("/proc/{process}");
            let Ok(arguments) = fs::read(format!("{folder}/cmdline")) else {
                continue;
            };
            // A process first shows its parent's arguments, then, after exec, its own.
            let key = (process, hash(&arguments));
            self.seen.entry(key).or_insert_with(|| Seen {
                arguments: readable(&arguments).split('\0').map(str::to_owned).collect(),
                environment: readable(&fs::read(format!("{folder}/environ")).unwrap_or_default()),
            });
            let Ok(threads) = fs::read_dir(format!("{folder}/task")) else {
                continue;
            };
            for thread in threads.flatten() {
                let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
                next.extend(
                    children
                        .split_whitespace()
                        .filter_map(|child| child.parse::<u32>().ok()),
                );
            }
        }
    }

    /// How many processes were seen.
    pub(crate) fn count(&self) -> usize {
        self.seen.len()
    }

    /// The bundler's processes that were seen.
    pub(crate) fn wranglers(&self) -> usize {
        self.seen.values().filter(|seen| is_wrangler(seen)).count()
    }

    /// Processes that had one of `secrets` where it must not be, by their program.
    pub(crate) fn leaks(&self, secrets: &[(String, String)]) -> Vec<String> {
        // A set: a child shows its parent's arguments until it runs its own program.
        let mut leaks = BTreeSet::new();
        for seen in self.seen.values() {
            let program = seen.arguments.first().map_or("", String::as_str);
            for (name, value) in secrets {
                if seen.arguments.iter().any(|argument| argument.contains(value.as_str())) {
                    leaks.insert(format!("{name} in the arguments of `{program}`"));
                }
                if is_wrangler(seen) && seen.environment.contains(value.as_str()) {
                    leaks.insert(format!("{name} in the environment of wrangler (`{program}`)"));
                }
            }
        }
        leaks.into_iter().collect()
    }
}

/// wrangler itself and what it starts, not the action that starts it.
fn is_wrangler(seen: &Seen) -> bool {
    // `node`, two flags of its own, the script.
    seen.arguments
        .iter()
        .take(5)
        .any(|argument| argument.contains("wrangler"))
}

fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn hash(bytes: &[u8]) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    fn secrets() -> [(String, String); 1] {
        [("the token".to_owned(), "s3cret-value".to_owned())]
    }

    /// Runs a shell that starts a child, and watches both.
    fn watched(command: &mut Command) -> Watch {
        let mut watch = Watch::default();
        crate::child::run_watched(command, Duration::from_secs(10), |root| watch.look(root)).unwrap();
        watch
    }

    #[test]
    fn a_secret_in_the_arguments_of_a_grandchild_is_seen() {
        let watch = watched(
            Command::new("sh")
                .args(["-c", "sleep 0.2; sh -c 'sleep 0.2; : \"$1\"' x \"$VALUE\""])
                .env("VALUE", "s3cret-value"),
        );
        let leaks = watch.leaks(&secrets());
        assert_eq!(leaks, ["the token in the arguments of `sh`"]);
        assert_eq!(watch.wranglers(), 0);
    }

    #[test]
    fn a_token_in_wranglers_environment_is_seen_and_elsewhere_it_is_not_a_leak() {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "sleep 0.2; :", "a", "b", "c", "wrangler"])
            .env("TOKEN", "s3cret-value");
        // Not what is run but what it is told.
        assert_eq!(watched(&mut shell).leaks(&secrets()), Vec::<String>::new());
        let mut bundler = Command::new("sh");
        bundler
            .args(["-c", ": wrangler; sleep 0.2"])
            .env("TOKEN", "s3cret-value");
        let watch = watched(&mut bundler);
        assert!(watch.wranglers() > 0);
        assert!(
            watch
                .leaks(&secrets())
                .iter()
                .any(|leak| leak.contains("environment of wrangler"))
        );
    }
}
