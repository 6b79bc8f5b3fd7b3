//! Log lines: `tracing` events as plain sentences, never read as workflow commands.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::{Env, command};

/// Starts logging: information and worse; everything of ours when the runner's debug switch is on.
pub(super) fn start(env: &Env) {
    let most = if env.get("RUNNER_DEBUG") == Some("1") {
        Level::DEBUG
    } else {
        Level::INFO
    };
    // A second subscriber (in tests) is not an error.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Lines { most }));
}

struct Lines {
    most: Level,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.most && is_ours(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mark = match *event.metadata().level() {
            Level::ERROR => "error: ",
            Level::WARN => "warning: ",
            _ => "",
        };
        command::print(&format!("{mark}{}{}", line.message, line.fields));
    }
}

/// Whether a line comes from this workspace's code: cargo compiles its packages by paths from the workspace, and all
/// others by absolute ones. Libraries (hyper, rustls, octocrab) log headers at debug level: theirs may not pass.
fn is_ours(metadata: &tracing::Metadata<'_>) -> bool {
    metadata.file().is_some_and(|file| file.starts_with("crates/"))
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Metadata;
    use tracing::field::FieldSet;
    use tracing::metadata::Kind;

    use super::*;

    /// Keeps the targets of what passes [`is_ours`].
    struct Passed(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Passed {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            if is_ours(event.metadata()) {
                self.0.lock().unwrap().push(event.metadata().target().to_owned());
            }
        }
    }

    #[test]
    fn an_action_that_nobody_listed_is_heard() {
        let passed = Arc::new(Mutex::new(Vec::new()));
        let lines = tracing_subscriber::registry().with(Passed(Arc::clone(&passed)));
        tracing::subscriber::with_default(lines, || {
            tracing::info!(target: "preflight", "a seventh action");
            tracing::debug!("and core itself");
        });
        assert_eq!(*passed.lock().unwrap(), ["preflight", module_path!()]);
    }

    struct Callsite;

    impl tracing::Callsite for Callsite {
        fn set_interest(&self, _: tracing::subscriber::Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            &LIBRARY
        }
    }

    static CALLSITE: Callsite = Callsite;
    static LIBRARY: Metadata<'static> = Metadata::new(
        "event",
        "hyper::proto",
        Level::DEBUG,
        Some("/home/runner/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/hyper-1.7.0/src/proto/h1/role.rs"),
        Some(1),
        Some("hyper::proto"),
        FieldSet::new(&["message"], tracing::callsite::Identifier(&CALLSITE)),
        Kind::EVENT,
    );

    #[test]
    fn libraries_are_not() {
        assert!(!is_ours(&LIBRARY));
    }
}
