//! Which pull request a run is about, which commit of it, and whether something may be made for it: asked once, before
//! any other job begins.

mod inputs;
mod plan;
mod report;

use std::process::ExitCode;

use actions_core::event::PullRequest;
use actions_core::github::Reader;
use actions_core::runner::{self, Runner, command};

use crate::inputs::Inputs;
use crate::plan::{Facts, Verdict};

fn main() -> ExitCode {
    runner::main("pull-request", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let inputs = Inputs::read(&runner.env).await?;
    let facts = Facts {
        // What a fork's run may read is enough to ask, but nothing would come of it.
        asked: match inputs.withheld {
            None => Some(ask(&inputs).await),
            Some(_) => None,
        },
        told: inputs.told,
        withheld: inputs.withheld,
        by_hand: inputs.by_hand,
    };
    let verdict = plan::decide(&facts, &inputs.wishes);
    runner.output("number", &facts.told.number.to_string())?;
    let (go, commit) = match &verdict {
        Verdict::Go { commit, .. } => (true, commit.as_str()),
        Verdict::Stay(_) | Verdict::Refuse(_) => (false, ""),
    };
    runner.output("go", if go { "true" } else { "false" })?;
    runner.output("head-sha", commit)?;
    match verdict {
        Verdict::Go { commit, unasked } => {
            if let Some(why) = unasked {
                command::warning("pull-request", &report::unasked(facts.told.number, &why));
            }
            runner.say(&report::go(facts.told.number, &commit));
            Ok(())
        }
        Verdict::Stay(why) => {
            let told = report::stay(&facts, why);
            command::notice("pull-request", &told);
            runner.summary(&format!("{told}\n"));
            Ok(())
        }
        Verdict::Refuse(refusal) => Err(report::refused(facts.told.number, refusal)),
    }
}

/// The pull request as it is now; what kept GitHub from telling.
async fn ask(inputs: &Inputs) -> Result<PullRequest, String> {
    let access = &inputs.github;
    let asked = async {
        let http = actions_core::http::client()?;
        let reader = Reader::new(&access.api_url, &access.token, &access.repository, http)?;
        anyhow::Ok(reader.pull_request(inputs.told.number).await?)
    };
    match asked.await {
        Ok(Some(pull)) => Ok(pull),
        Ok(None) => Err(report::NOT_FOUND.to_owned()),
        Err(error) => Err(format!("{error:#}")),
    }
}
