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
        // Libraries (hyper, rustls, octocrab) log headers at debug level: only our own lines may pass.
        *metadata.level() <= self.most && metadata.target().starts_with("actions_core")
            || is_action(metadata.target()) && *metadata.level() <= self.most
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

/// Whether a log target is one of the six binaries' crates.
fn is_action(target: &str) -> bool {
    const CRATES: [&str; 6] = [
        "neon_branch",
        "preview_dns",
        "deploy_workers",
        "health_check",
        "pr_comment",
        "cleanup",
    ];
    CRATES.iter().any(|name| {
        target
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
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
