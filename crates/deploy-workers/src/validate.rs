//! `command: validate`: bundles and checks everything, with no request.

use std::time::Instant;

use actions_core::reports::Command;
use actions_core::runner::Runner;
use actions_core::runner::signal::Interrupts;

use crate::bundled::Bundled;
use crate::inputs::Inputs;
use crate::report::{self, describe};
use crate::stop::Cancelled;
use wrangler::project::render::Known;

/// Validates. Nothing is known of Cloudflare here: hostnames and what serves are checked by `deploy`.
pub(crate) async fn run(runner: &Runner, inputs: &Inputs, started: Instant) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let bundled = tokio::select! {
        bundled = Bundled::make(inputs, runner) => bundled,
        interrupt = interrupts.next() => Err(Cancelled(interrupt).error("")),
    };
    let bundled = match bundled {
        Ok(bundled) => bundled,
        Err(error) => {
            report::untouched(runner, inputs, Command::Validate, &error, started)?;
            return Err(error);
        }
    };
    let rendered = bundled.render(inputs, &Known::default());
    let described = rendered.map_or_else(
        |_| Vec::new(),
        |rendered| describe::describe(inputs, &bundled, &rendered),
    );
    describe::say(runner, &described);
    describe::say_told(runner, &described);
    let json = report::validated(inputs, &bundled.built, &described, started.elapsed().as_secs_f64());
    runner.say(&report::valid(inputs));
    runner.summary(&report::validated_markdown(inputs, &json, &described));
    report::outputs(runner, &json, &[])
}
