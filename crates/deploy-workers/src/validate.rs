//! `command: validate`: bundles and checks everything, with no request; and `command: build`, which leaves the bundles
//! for a deployment in another job.

use std::time::Instant;

use actions_core::reports;
use actions_core::runner::Runner;
use actions_core::runner::signal::Interrupts;

use crate::bundled::Bundled;
use crate::bundles;
use crate::inputs::{Command, Inputs};
use crate::report::{self, describe};
use crate::stop::Cancelled;
use crate::under_way::UnderWay;
use wrangler::project::render::Known;

/// Validates or builds. Nothing is known of Cloudflare here: hostnames and what serves are checked by `deploy`.
pub(crate) async fn run(runner: &Runner, inputs: &mut Inputs, started: Instant) -> anyhow::Result<()> {
    let command = match inputs.command {
        Command::Build => reports::Command::Build,
        _ => reports::Command::Validate,
    };
    let mut interrupts = Interrupts::listen()?;
    let under_way = UnderWay::default();
    let work = async {
        let bundled = Bundled::make(inputs, runner, &under_way).await?;
        let inputs = &*inputs;
        let left = match &inputs.bundles {
            Some(folder) => Some(bundles::leave(inputs, folder, &bundled.built).await?),
            None => None,
        };
        anyhow::Ok((bundled, left))
    };
    let done = tokio::select! {
        done = work => done,
        interrupt = interrupts.next() => Err(Cancelled(interrupt).error(&report::cut_short("", &under_way.now()))),
    };
    let (bundled, left) = match done {
        Ok(done) => done,
        Err(error) => {
            report::untouched(runner, inputs, command, &error, started)?;
            return Err(error);
        }
    };
    let inputs = &*inputs;
    // Nobody knows what is there.
    let waves = bundled.order(inputs, |_| false)?;
    report::say_order(runner, &waves);
    let rendered = bundled.render(inputs, &Known::default());
    let described = rendered.map_or_else(
        |_| Vec::new(),
        |rendered| describe::describe(inputs, &bundled, &waves, &rendered),
    );
    describe::say(runner, &described);
    describe::say_told(runner, &described);
    let seconds = started.elapsed().as_secs_f64();
    let json = report::validated(inputs, command, &bundled.built, &described, seconds);
    if let Some(left) = &left {
        runner.say(&report::left(inputs, left));
        runner.output("bundles", &left.folder)?;
        runner.output("bundles-digest", &left.digest)?;
    } else {
        runner.say(&report::valid(inputs));
    }
    runner.summary(&report::validated_markdown(inputs, &json, &described));
    report::outputs(runner, &json, &report::Back::default())
}
