//! From a release to a runner: `run.sh` runs what the release's lock names, and nothing else.

mod act;
mod assets;
mod kept;
mod network;
mod refused;
mod ways;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::process::Command;

use self::assets::{Answer, AssetServer};

const ASSET: &str = "health-check-x86_64-unknown-linux-musl";
/// What stands in for the binary: it leaves a file behind, so that its having run cannot be missed.
/// Which variables it has got is in that file.
const BINARY: &str = "#!/bin/sh\nexport -p >\"$RAN\"\nprintf 'ran with %s\\n' \"$*\"\n";

/// A released tree, and the runner that it is on.
struct Release {
    folder: tempfile::TempDir,
    server: AssetServer,
    env: BTreeMap<String, String>,
}

/// How `run.sh` ended.
struct Ended {
    status: i32,
    out: String,
    /// Its annotations.
    told: String,
    ran: bool,
    /// The binary's environment, as the shell writes it.
    environment: String,
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The SHA-256 in hex, by the tool that a person would check with.
fn sha256(content: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let told = std::process::Command::new("sha256sum")
        .arg(file.path())
        .output()
        .unwrap();
    String::from_utf8(told.stdout).unwrap()[..64].to_owned()
}

/// The rows of a release's lock.
fn lock(from: &str) -> String {
    let packed = gzip(BINARY.as_bytes());
    format!(
        "version v1.2.3\ncommit 5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1\nfrom {from}\n\n{}  {ASSET}\n{}  {ASSET}.gz\n",
        sha256(BINARY.as_bytes()),
        sha256(&packed)
    )
}

/// The answers of a server that has the release.
fn released() -> BTreeMap<String, Answer> {
    BTreeMap::from([
        (format!("/v1.2.3/{ASSET}"), Answer::of(BINARY)),
        (format!("/v1.2.3/{ASSET}.gz"), Answer::of(gzip(BINARY.as_bytes()))),
    ])
}

impl Release {
    /// The sources in place of a release, as the repository lies: `run.sh` below `actions/`. Each holds its own name.
    fn of_sources(&self, files: &[&str]) {
        std::fs::remove_file(self.path("tree/binaries.lock")).unwrap();
        std::fs::create_dir_all(self.path("crates/x/src")).unwrap();
        for file in files {
            std::fs::write(self.path(file), file).unwrap();
        }
    }

    /// As it is published.
    async fn new() -> Self {
        Self::serving(released()).await
    }

    async fn serving(answers: BTreeMap<String, Answer>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = AssetServer::start(answers).await;
        let path = |name: &str| folder.path().join(name);
        for name in ["tree", "cache", "temp"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions/run.sh");
        std::fs::copy(script, path("tree/run.sh")).unwrap();
        std::fs::write(path("tree/binaries.lock"), lock(&server.url())).unwrap();
        std::fs::write(path("ca.pem"), &server.ca).unwrap();
        std::fs::write(path("wgetrc"), format!("ca_certificate={}\n", path("ca.pem").display())).unwrap();
        let env = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_TOOL_CACHE", path("cache").display().to_string()),
            ("RUNNER_TEMP", path("temp").display().to_string()),
            ("CURL_CA_BUNDLE", path("ca.pem").display().to_string()),
            ("WGETRC", path("wgetrc").display().to_string()),
            ("RAN", path("ran").display().to_string()),
        ];
        Self {
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            folder,
            server,
        }
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Where the binary is kept.
    fn kept(&self) -> PathBuf {
        self.path("cache/codex-actions").join(sha256(BINARY.as_bytes()))
    }

    fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Only these programs are on the runner.
    fn with_programs(&mut self, names: &[&str]) {
        let bin = self.path("bin");
        std::fs::create_dir_all(&bin).unwrap();
        for name in names {
            let found = ["/usr/local/bin", "/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
            let found = found.iter().find(|path| path.exists()).unwrap();
            let _ = std::fs::remove_file(bin.join(name));
            std::os::unix::fs::symlink(found, bin.join(name)).unwrap();
        }
        self.set("PATH", bin.display().to_string());
    }

    /// A program of the runner's, as a script.
    fn program(&self, name: &str, script: &str) {
        let file = self.path("bin").join(name);
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn command(&self, shell: &[impl AsRef<OsStr>], name: &str) -> Command {
        let mut command = Command::new(&shell[0]);
        command
            .args(&shell[1..])
            .arg(self.path("tree/run.sh"))
            .args([name, "--flag", "a b"])
            .env_clear()
            .envs(&self.env)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs `run.sh health-check` in this shell.
    async fn run_in(&self, shell: &[impl AsRef<OsStr>]) -> Ended {
        self.end(self.command(shell, "health-check")).await
    }

    async fn run(&self) -> Ended {
        self.run_in(&["/bin/sh"]).await
    }

    async fn end(&self, mut command: Command) -> Ended {
        let done = command.output().await.unwrap();
        let ran = self.path("ran");
        let ended = Ended {
            status: done.status.code().unwrap(),
            out: String::from_utf8(done.stdout).unwrap(),
            told: self.readable(&String::from_utf8(done.stderr).unwrap()),
            ran: ran.exists(),
            environment: std::fs::read_to_string(&ran).unwrap_or_default(),
        };
        let _ = std::fs::remove_file(ran);
        ended
    }

    /// Without what differs from run to run.
    fn readable(&self, text: &str) -> String {
        // curl's words differ from version to version.
        let text = match text.split_once("downloaded: curl: ") {
            Some((before, after)) => {
                let (reason, after) = after.split_once(';').unwrap();
                assert!(
                    !reason.contains("curl:"),
                    "told once, however often it was tried: {reason}"
                );
                format!("{before}downloaded: <curl's reason>;{after}")
            }
            None => text.to_owned(),
        };
        text.replace(&self.folder.path().display().to_string(), "…")
            .replace(&self.server.url(), "https://server")
            .replace(&sha256(BINARY.as_bytes()), "<hash>")
    }
}

impl Ended {
    #[track_caller]
    fn is_well(&self) {
        assert!(
            self.status == 0 && self.ran && self.out == "ran with --flag a b\n",
            "{} {} {}",
            self.status,
            self.out,
            self.told
        );
    }
}
