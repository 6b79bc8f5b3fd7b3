//! `binaries.lock`: which bytes `run.sh` may run. A caller who pins the release's commit pins them with it.

use std::path::Path;

use anyhow::{Result, ensure};

use super::assets;

/// What a release is.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// `v1.2.3`
    pub(crate) version: String,
    /// The commit that the binaries were built from.
    pub(crate) commit: String,
    /// Where assets are downloaded from: below it, `<version>/<asset>`.
    pub(crate) from: String,
}

impl Release {
    fn check(&self) -> Result<()> {
        let numbers: Vec<&str> = self.version.strip_prefix('v').unwrap_or_default().split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        ensure!(
            numbers.len() == 3 && numbers.iter().all(is_number),
            "`{}` is no version such as `v1.2.3`",
            self.version
        );
        ensure!(
            self.commit.len() == 40
                && self
                    .commit
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "`{}` is no full commit SHA",
            self.commit
        );
        ensure!(
            self.from.starts_with("https://"),
            "`{}` is no https:// address",
            self.from
        );
        Ok(())
    }

    /// The lock for the assets in `folder`.
    pub(crate) fn lock(&self, folder: &Path) -> Result<String> {
        self.check()?;
        let hashes = assets::hashes(folder)?;
        ensure!(
            !hashes.is_empty(),
            "`{}` holds no assets; `cargo xtask release-assets` makes them",
            folder.display()
        );
        Ok(format!(
            "version {}\ncommit {}\nfrom {}\n\n{}",
            self.version,
            self.commit,
            self.from,
            assets::rows(&hashes)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_tells_version_commit_address_and_hashes() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cleanup-x86_64-unknown-linux-musl"), "x").unwrap();
        std::fs::write(folder.path().join("SHA256SUMS"), "x").unwrap();
        let release = Release {
            version: "v1.2.3".to_owned(),
            commit: "5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1".to_owned(),
            from: "https://github.com/codex/actions/releases/download".to_owned(),
        };
        assert_eq!(
            release.lock(folder.path()).unwrap(),
            "version v1.2.3\ncommit 5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1\nfrom https://github.com/codex/actions/releases/download\n\n\
             2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  cleanup-x86_64-unknown-linux-musl\n"
        );
        let wrong = |version: &str, commit: &str| Release {
            version: version.to_owned(),
            commit: commit.to_owned(),
            ..release.clone()
        };
        for wrong in [
            wrong("1.2.3", &release.commit),
            wrong("v1.2", &release.commit),
            wrong("v1.2.3", "5f6e1f0"),
        ] {
            assert!(wrong.lock(folder.path()).is_err(), "{wrong:?}");
        }
    }
}
