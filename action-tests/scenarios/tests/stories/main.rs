//! The stories: real binaries, a local cloud, one test executable (each more costs a link).

#![allow(clippy::unwrap_used, reason = "tests")]

mod cleanup;
mod deploy_workers;
mod deploy_workers_alone;
mod deploy_workers_builds;
mod deploy_workers_bundles;
mod deploy_workers_bundling;
mod deploy_workers_circles;
mod deploy_workers_configurations;
mod deploy_workers_ends;
mod deploy_workers_frameworks;
mod deploy_workers_gate;
mod deploy_workers_hostnames;
mod deploy_workers_isolation;
mod deploy_workers_keys;
mod deploy_workers_live;
mod deploy_workers_ownership;
mod deploy_workers_plan;
mod deploy_workers_prebuilt;
mod deploy_workers_removed;
mod deploy_workers_resources;
mod deploy_workers_results;
mod deploy_workers_rollback;
mod deploy_workers_same;
mod deploy_workers_secrets;
mod deploy_workers_several;
mod deploy_workers_steps;
mod deploy_workers_switch;
mod deploy_workers_told;
mod deploy_workers_tools;
mod deploy_workers_uploader;
mod deploy_workers_variables;
mod events;
mod health_check;
mod life;
mod neon_branch;
mod pr_comment;
mod pr_comment_reports;
mod pr_comment_writes;
mod preview_dns;
mod retries;
mod run_sh;
mod workers_dev;
mod wrangler_schema;
