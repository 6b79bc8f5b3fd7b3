//! Takes bundles from a folder that somebody else may have written: everything in it is what its manifest says, and
//! nothing else is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bytes::Bytes;
use indexmap::IndexMap;

use super::{FILES, FORMAT, Format, Hash, MANIFEST, Manifest, Service, Source};
use crate::project::{Built, BundledBy, Size};
use crate::{Files, Version};
use actions_core::cloudflare::Module;
use actions_core::text::{count, quoted_list, shorten};

/// So many files are named when they are not what they should be.
const MOST_NAMED: usize = 5;

/// Bundles that are whole.
#[derive(Debug)]
pub struct Taken {
    pub built: IndexMap<String, Built>,
    /// How many files were compared with their hashes.
    pub files: usize,
}

/// Takes the bundles of `services` from below `folder`. `digest` is what their manifest is to have, where that is known.
///
/// # Errors
/// Every reason why these are not the bundles that are wanted, each a sentence.
pub fn take(folder: &Path, wanted: &Source, services: &[String], digest: Option<&str>) -> Result<Taken, Vec<String>> {
    let place = folder.join(wanted.folder());
    let manifest = manifest(folder, &place, wanted, digest).map_err(|problem| vec![problem])?;
    let mut problems = strangers(&manifest.of, wanted);
    let absent: Vec<&String> = services
        .iter()
        .filter(|key| !manifest.services.contains_key(*key))
        .collect();
    if !absent.is_empty() {
        problems.push(format!(
            "they hold no {}; build them with the same `services`",
            quoted_list(&absent)
        ));
    }
    // What is not of this run is not looked at any further.
    if !problems.is_empty() {
        return Err(problems);
    }
    let files = place.join(FILES);
    let expected: BTreeSet<&Hash> = manifest.hashes().collect();
    problems.extend(others(&place, &files, &expected));
    let contents = contents(&files, &expected, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut built = IndexMap::new();
    for key in services {
        let Some(service) = manifest.services.get(key) else {
            continue;
        };
        match made(service, &files, &contents) {
            Ok(service) => {
                built.insert(key.clone(), service);
            }
            Err(problem) => problems.push(format!("`{key}`: {problem}")),
        }
    }
    if problems.is_empty() {
        let files = expected.len();
        Ok(Taken { built, files })
    } else {
        Err(problems)
    }
}

fn manifest(folder: &Path, place: &Path, wanted: &Source, digest: Option<&str>) -> Result<Manifest, String> {
    let file = place.join(MANIFEST);
    let shown = file.display();
    let meta = match std::fs::symlink_metadata(&file) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(nothing_there(folder, &wanted.environment));
        }
        Err(error) => return Err(format!("`{shown}` cannot be read: {error}")),
    };
    if !meta.is_file() || !is_folder(place) {
        return Err(format!("`{shown}` is a link, or in one; bundles are plain files"));
    }
    let text = std::fs::read(&file).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let hash = Hash::of(&text);
    if let Some(digest) = digest.filter(|digest| !digest.eq_ignore_ascii_case(&hash.to_string())) {
        return Err(format!(
            "they are not those that were built: `{shown}` has the digest `{hash}`, and `bundles-digest` is `{}`",
            shorten(digest, 80)
        ));
    }
    let broken = |error: serde_json::Error| format!("`{shown}` is no manifest of bundles: {error}");
    let format: Format = serde_json::from_slice(&text).map_err(broken)?;
    if format.format != FORMAT {
        return Err(format!(
            "`{shown}` has format {}, and this version of the action reads {FORMAT}: build and deploy with the same version",
            format.format
        ));
    }
    serde_json::from_slice(&text).map_err(broken)
}

fn nothing_there(folder: &Path, environment: &str) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let others = entries.filter(|entry| entry.path().join(MANIFEST).is_file());
    let mut others: Vec<String> = others
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    others.sort();
    let holds = if others.is_empty() {
        "no bundles".to_owned()
    } else {
        format!("bundles of {}, and none of `{environment}`", quoted_list(&others))
    };
    format!(
        "`{}` holds {holds}; run `command: build` for `{environment}` in an earlier job, and download its artifact to this folder",
        folder.display()
    )
}

/// What they are of, where that is not what is wanted.
fn strangers(of: &Source, wanted: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    if of.project != wanted.project {
        problems.push(format!(
            "they are of project `{}`, and this is `{}`",
            of.project, wanted.project
        ));
    }
    if (&of.environment, of.pull_request) != (&wanted.environment, wanted.pull_request) {
        problems.push(format!("they are of {}, and this is {}", of.title(), wanted.title()));
    }
    if of.commit != wanted.commit {
        problems.push(format!(
            "they are of commit `{}`, and this run is about `{}`: build and deploy in one run",
            shorten(&of.commit, 40),
            wanted.commit
        ));
    }
    problems
}

fn is_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}

/// What lies there and is not of the manifest.
fn others(place: &Path, files: &Path, expected: &BTreeSet<&Hash>) -> Option<String> {
    if !is_folder(files) {
        return (!expected.is_empty()).then(|| format!("`{}` is no folder", files.display()));
    }
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    };
    let mut strange: Vec<String> = names(place)
        .into_iter()
        .filter(|name| name != MANIFEST && name != FILES)
        .collect();
    let known = |name: &String| Hash::try_from(name.clone()).is_ok_and(|hash| expected.contains(&hash));
    let inside = names(files).into_iter().filter(|name| !known(name));
    strange.extend(inside.map(|name| format!("{FILES}/{name}")));
    (!strange.is_empty()).then(|| format!("files are there that their manifest does not know: {}", some(strange)))
}

/// The files' contents by their hashes.
fn contents<'a>(files: &Path, expected: &BTreeSet<&'a Hash>, problems: &mut Vec<String>) -> BTreeMap<&'a Hash, Bytes> {
    let mut contents = BTreeMap::new();
    let (mut missing, mut linked, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for hash in expected {
        let file = files.join(hash.to_string());
        match std::fs::symlink_metadata(&file) {
            Ok(meta) if meta.is_file() => match std::fs::read(&file) {
                Ok(content) if Hash::of(&content) == **hash => {
                    contents.insert(*hash, content.into());
                }
                Ok(_) => changed.push(hash.to_string()),
                Err(error) => problems.push(format!("`{}` cannot be read: {error}", file.display())),
            },
            Ok(_) => linked.push(hash.to_string()),
            Err(_) => missing.push(hash.to_string()),
        }
    }
    for (what, names) in [
        ("files are missing", missing),
        ("what should be files are none (bundles hold no links)", linked),
        ("files are not what they were when they were built", changed),
    ] {
        if !names.is_empty() {
            problems.push(format!("{what}: {}", some(names)));
        }
    }
    contents
}

/// The first of them.
fn some(mut names: Vec<String>) -> String {
    names.sort();
    let more = names.len().saturating_sub(MOST_NAMED);
    names.truncate(MOST_NAMED);
    let shown: Vec<String> = names.iter().map(|name| format!("`{}`", shorten(name, 80))).collect();
    let more = if more > 0 {
        format!(" and {} more", count(more, "file"))
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

fn made(service: &Service, files: &Path, contents: &BTreeMap<&Hash, Bytes>) -> Result<Built, String> {
    let started = Instant::now();
    let content = |hash: &Hash| contents.get(hash).cloned().unwrap_or_default();
    let modules: Vec<Module> = service
        .modules
        .iter()
        .map(|module| Module {
            name: module.name.clone(),
            content_type: module.content_type.clone(),
            content: content(&module.sha256),
        })
        .collect();
    let assets = service.assets.as_ref().map(|assets| {
        let stored = assets.files.iter().map(|(path, hash)| {
            let file: PathBuf = files.join(hash.to_string());
            (path.clone(), (file, content(hash)))
        });
        Files::stored(assets.config.clone(), stored)
    });
    let version = |text: &String| Version::read(text).ok_or_else(|| format!("`{}` is no version", shorten(text, 40)));
    let bundled_by = match &service.bundled_by {
        Some((wrangler, node)) => Some(BundledBy {
            wrangler: version(wrangler)?,
            node: version(node)?,
        }),
        None => None,
    };
    Ok(Built {
        size: Size::of(&modules),
        metadata: service.metadata.clone(),
        modules,
        assets: assets.transpose()?,
        assets_only: service.assets_only,
        crons: service.crons.clone(),
        routes: service.routes.clone(),
        workers_dev: service.workers_dev,
        preview_urls: service.preview_urls,
        told: service.told.clone(),
        migrations: service.migrations.clone(),
        warnings: service.warnings.clone(),
        not_inherited: service.not_inherited.clone(),
        took: started.elapsed(),
        bundled_by,
        // What wrangler uploads is never in a bundle: it needs the project itself.
        handed: None,
    })
}
