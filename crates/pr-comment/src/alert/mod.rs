//! The issue of an environment that could not be deployed: opened or brought up to date by the run that fails, closed by
//! the next one that does not.

mod report;

use std::time::Duration;

use actions_comment::render::Ending;
use actions_core::github::issues::Alert;
use actions_core::github::{Error, Writer};
use actions_core::retry::Patience;
use actions_core::runner::{Runner, command};

use crate::deployment::Phase;
use crate::inputs::Inputs;

/// All else was told: what an issue takes must not keep the job.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the environment's issue say what `text` does, or closes it. An issue that cannot be written is a warning: the
/// run itself tells what failed.
pub(crate) async fn keep(runner: &Runner, inputs: &Inputs, text: &str) {
    let Some(Phase::End(ending)) = inputs.asked.phase else {
        return;
    };
    match tell(inputs, ending, text).await {
        Ok(Some(line)) => runner.say(&line),
        Ok(None) => {}
        Err(error) => command::warning("pr-comment", &report::not_written(error)),
    }
}

async fn tell(inputs: &Inputs, ending: Ending, text: &str) -> Result<Option<String>, Error> {
    let environment = &inputs.asked.subject.owner.environment;
    let run = inputs.frame.run_url.as_deref();
    let key = format!("{}/deployment", inputs.key);
    let alert = match ending {
        Ending::Failure | Ending::PutBack => Some(Alert {
            key: key.clone(),
            title: report::title(environment),
            body: report::body(text, run),
        }),
        Ending::Success => None,
        // A run that was cancelled or has deployed nothing proves neither.
        _ => return Ok(None),
    };
    if inputs.dry_run {
        return Ok(Some(report::planned(alert.is_some()).to_owned()));
    }
    let reader = inputs.reader()?.with_patience(Patience {
        total: PATIENCE,
        ..Patience::default()
    });
    let writer = Writer::from(reader);
    if let Some(alert) = alert {
        return Ok(Some(report::raised(&writer.raise(&alert).await?)));
    }
    let closed = writer.clear(&key, &report::over(environment, run)).await?;
    Ok(closed.first().map(report::closed))
}
