//! `preview-dns`: the DNS records that an environment needs, right, owned, and gone afterwards.

mod converge;
mod domains;
mod explicit;
mod fields;
mod hostname;
mod inputs;
mod meaning;
mod plan;
mod remedies;
mod report;
mod routes;
mod run;
mod wait;
mod wanted;
mod zone;

use std::process::ExitCode;

fn main() -> ExitCode {
    actions_core::runner::main("preview-dns", run::run)
}
