//! The assets of a release: for each binary and target the binary as it is, and compressed.
//!
//! `run.sh` downloads the compressed one where the runner has gzip (measured on 3.8 MB: 2.0 MB to download, 25 ms to
//! unpack) and verifies both.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

/// What a runner may be; `run.sh` knows the same.
pub(crate) const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];
/// The list of hashes, in the form that `sha256sum --check` reads.
const SUMS: &str = "SHA256SUMS";

/// Compresses each `<name>-<target>` in `folder`, writes `SHA256SUMS`, and answers how many assets there are. Only what
/// `actions` names may be there.
pub(crate) fn pack(folder: &Path, actions: &[String]) -> Result<usize> {
    let raw = raw(folder, actions)?;
    for file in &raw {
        let content = fs::read(file)?;
        // Without a name and a time: the same content is always the same asset.
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        fs::write(file.with_extension("gz"), encoder.finish()?)?;
    }
    let hashes = hashes(folder)?;
    fs::write(folder.join(SUMS), rows(&hashes))?;
    Ok(hashes.len())
}

/// The SHA-256 of each asset in `folder`, by name, in order.
pub(crate) fn hashes(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut hashes = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let asset = name.strip_suffix(".gz").unwrap_or(&name);
        if !TARGETS.iter().any(|target| asset.ends_with(target)) {
            continue;
        }
        let hash = Sha256::digest(fs::read(entry.path())?);
        hashes.push((name, hash.iter().map(|byte| format!("{byte:02x}")).collect()));
    }
    hashes.sort();
    Ok(hashes)
}

/// `sha256  name`, one a line.
pub(crate) fn rows(hashes: &[(String, String)]) -> String {
    hashes.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect()
}

/// The binaries, all of them for each target that is there. What [`pack`] has made of them may be there, too.
pub(super) fn raw(folder: &Path, actions: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_packed = name.strip_suffix(".gz").is_some_and(|raw| folder.join(raw).is_file());
        if is_packed || name == SUMS {
            continue;
        }
        let known = TARGETS
            .iter()
            .find_map(|target| name.strip_suffix(target)?.strip_suffix('-'));
        match known {
            Some(action) if actions.iter().any(|known| known == action) => files.push(path),
            _ => bail!(
                "`{name}` is no binary of ours for a known target; take it out of `{}`",
                folder.display()
            ),
        }
    }
    for target in TARGETS {
        let there = |action: &&String| folder.join(format!("{action}-{target}")).is_file();
        let missing: Vec<&str> = actions
            .iter()
            .filter(|action| !there(action))
            .map(String::as_str)
            .collect();
        ensure!(
            missing.is_empty() || missing.len() == actions.len(),
            "of {target} there is no {}",
            missing.join(", ")
        );
    }
    ensure!(
        !files.is_empty(),
        "`{}` holds no binary such as `health-check-{}`",
        folder.display(),
        TARGETS[0]
    );
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_binaries_are_the_same_assets() {
        let actions = ["cleanup".to_owned(), "health-check".to_owned()];
        let packed = [(), ()].map(|()| {
            let folder = tempfile::tempdir().unwrap();
            for action in &actions {
                fs::write(
                    folder.path().join(format!("{action}-{}", TARGETS[0])),
                    action.repeat(99),
                )
                .unwrap();
            }
            // Again is the same.
            for _ in 0..2 {
                assert_eq!(pack(folder.path(), &actions).unwrap(), 4);
            }
            fs::read_to_string(folder.path().join(SUMS)).unwrap()
        });
        assert_eq!(packed[0], packed[1]);
        let names: Vec<&str> = packed[0].lines().map(|line| &line[66..]).collect();
        assert_eq!(
            names,
            [
                "cleanup-x86_64-unknown-linux-musl",
                "cleanup-x86_64-unknown-linux-musl.gz",
                "health-check-x86_64-unknown-linux-musl",
                "health-check-x86_64-unknown-linux-musl.gz",
            ]
        );
    }

    #[test]
    fn a_target_is_there_with_all_binaries_or_not_at_all() {
        let actions = ["cleanup".to_owned(), "health-check".to_owned()];
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!("cleanup-{}", TARGETS[1])), "x").unwrap();
        let problem = pack(folder.path(), &actions).unwrap_err().to_string();
        assert_eq!(problem, "of aarch64-unknown-linux-musl there is no health-check");
        fs::write(folder.path().join("gone-x86_64-unknown-linux-musl.gz"), "x").unwrap();
        assert!(pack(folder.path(), &actions).is_err(), "of no binary");
        fs::remove_file(folder.path().join("gone-x86_64-unknown-linux-musl.gz")).unwrap();
        fs::write(folder.path().join("notes"), "x").unwrap();
        assert!(
            pack(folder.path(), &actions)
                .unwrap_err()
                .to_string()
                .starts_with("`notes` is no binary")
        );
    }
}
