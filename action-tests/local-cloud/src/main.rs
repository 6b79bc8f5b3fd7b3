//! `local-cloud serve`: prints one JSON line when ready, ends cleanly on SIGTERM and SIGINT.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use local_cloud::{Options, start};
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "\
GitHub, Cloudflare and Neon on loopback, as their clients see them

usage: local-cloud serve [options]

options:
  --port N           port of the three APIs and of /_cloud (default 0: any free port)
  --edge-port N      port that serves deployed Workers by Host header (default 0)
  --runtime          run Workers in workerd and branches in Postgres (needs Node 20 or later and
                     `npm ci` in the runtime's directory)
  --runtime-dir DIR  the runtime's directory, implies --runtime
  --neon-front       reach Neon's computes by name and TLS on one port, as on the internet, and by HTTP and WebSockets;
                     the names end in `.localhost`
  -h, --help         print this text

When ready, one JSON line on stdout names the base URLs: github, cloudflare, neon, edge, admin.
";

/// What the command line asks for.
enum Command {
    Help,
    Serve(Options),
}

/// Reads the arguments after the program's name.
fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Command> {
    match args.next().as_deref() {
        Some("serve") => {}
        Some("-h" | "--help" | "help") | None => return Ok(Command::Help),
        Some(other) => bail!("unknown command `{other}`; the only command is `serve`"),
    }
    let mut options = Options::default();
    while let Some(arg) = args.next() {
        let mut value = |name: &str| args.next().with_context(|| format!("`{name}` needs a value"));
        match arg.as_str() {
            "--port" => options.port = port(&value("--port")?)?,
            "--edge-port" => options.edge_port = port(&value("--edge-port")?)?,
            "--runtime" => {
                options.runtime.get_or_insert_with(Options::runtime_beside_this_crate);
            }
            "--neon-front" => options.neon_front = true,
            "--runtime-dir" => options.runtime = Some(PathBuf::from(value("--runtime-dir")?)),
            "-h" | "--help" => return Ok(Command::Help),
            other => bail!("unknown option `{other}`"),
        }
    }
    Ok(Command::Serve(options))
}

fn port(text: &str) -> anyhow::Result<u16> {
    text.parse()
        .with_context(|| format!("`{text}` is not a port (0 to 65535)"))
}

async fn serve(options: Options) -> anyhow::Result<()> {
    // Installed before the ready line, so that a signal sent right after it is never lost.
    let mut terminate = signal(SignalKind::terminate()).context("could not listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("could not listen for SIGINT")?;
    let running = tokio::select! {
        running = start(options) => running?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    say(&format!("{}\n", running.ready_line()))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    running.stop().await;
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match parse(std::env::args().skip(1)) {
        Ok(Command::Help) => say(HELP),
        Ok(Command::Serve(options)) => serve(options).await,
        Err(error) => {
            complain(&error);
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Errors go to stderr: stdout carries the ready line alone.
fn complain(error: &anyhow::Error) {
    let mut err = std::io::stderr().lock();
    // Nothing is left to do when stderr itself is closed.
    let _ = writeln!(err, "local-cloud: {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(err, "caused by: {cause}");
    }
}
