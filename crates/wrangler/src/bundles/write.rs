//! Leaves bundles in a folder: whole, or not at all.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use actions_core::error::{Fault, fault};
use indexmap::IndexMap;

use super::{Assets, FILES, FORMAT, Hash, MANIFEST, Manifest, Module, Service, Source};
use crate::project::Built;

/// Leaves what was built below `folder`, in place of what an earlier run left there for this environment; returns where,
/// and the SHA-256 of its manifest, which stands for all of it.
///
/// # Errors
/// The folder cannot be written, or is somebody else's.
pub fn leave(folder: &Path, source: &Source, built: &IndexMap<String, Built>) -> Result<(PathBuf, String), Fault> {
    let place = folder.join(source.folder());
    let lost = |error: io::Error| fault(format!("could not leave the bundles in `{}`", place.display())).because(error);
    if place.symlink_metadata().is_ok() && !place.join(MANIFEST).is_file() {
        return Err(
            fault(format!("`{}` is there already, and holds no bundles", place.display()))
                .hint("name another folder with `bundles`"),
        );
    }
    std::fs::create_dir_all(folder).map_err(lost)?;
    // Beside its place, so that it takes it in one step, and a cancelled run leaves nothing that looks whole.
    let new = tempfile::Builder::new()
        .prefix(".bundles-")
        .tempdir_in(folder)
        .map_err(lost)?;
    std::fs::create_dir(new.path().join(FILES)).map_err(lost)?;
    let mut store = Store {
        folder: new.path().join(FILES),
        there: BTreeSet::new(),
    };
    let mut services = IndexMap::new();
    for (key, built) in built {
        services.insert(key.clone(), store.service(built).map_err(lost)?);
    }
    let manifest = Manifest {
        format: FORMAT,
        of: source.clone(),
        services,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| lost(error.into()))?;
    std::fs::write(new.path().join(MANIFEST), &text).map_err(lost)?;
    if place.exists() {
        std::fs::remove_dir_all(&place).map_err(lost)?;
    }
    let whole = new.keep();
    readable(&whole)
        .and_then(|()| std::fs::rename(&whole, &place))
        .map_err(|error| {
            let _ = std::fs::remove_dir_all(&whole);
            lost(error)
        })?;
    Ok((place, Hash::of(&text).to_string()))
}

/// A temporary folder is its maker's alone; this one is handed on.
fn readable(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

struct Store {
    folder: PathBuf,
    there: BTreeSet<Hash>,
}

impl Store {
    fn put(&mut self, content: &[u8]) -> io::Result<Hash> {
        let hash = Hash::of(content);
        if self.there.insert(hash.clone()) {
            std::fs::write(self.folder.join(hash.to_string()), content)?;
        }
        Ok(hash)
    }

    fn service(&mut self, built: &Built) -> io::Result<Service> {
        let mut modules = Vec::with_capacity(built.modules.len());
        for module in &built.modules {
            modules.push(Module {
                name: module.name.clone(),
                content_type: module.content_type.clone(),
                sha256: self.put(&module.content)?,
            });
        }
        let mut assets = None;
        if let Some(files) = &built.assets {
            let mut stored = Assets {
                config: files.config.clone(),
                files: std::collections::BTreeMap::new(),
            };
            for asset in &files.assets {
                let hash = self.put(&files.content(asset)?)?;
                stored.files.insert(asset.path.clone(), hash);
            }
            assets = Some(stored);
        }
        Ok(Service {
            metadata: built.metadata.clone(),
            modules,
            assets,
            assets_only: built.assets_only,
            crons: built.crons.clone(),
            routes: built.routes.clone(),
            workers_dev: built.workers_dev,
            preview_urls: built.preview_urls,
            told: built.told.clone(),
            migrations: built.migrations.clone(),
            warnings: built.warnings.clone(),
            not_inherited: built.not_inherited.clone(),
            bundled_by: built
                .bundled_by
                .map(|by| (by.wrangler.to_string(), by.node.to_string())),
        })
    }
}
