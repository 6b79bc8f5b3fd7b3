//! A manifest from its file or its text: its form and meaning, and names that its environments make alike. Apart, since
//! an environment knows the manifest, and a manifest no environment.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::environment::collisions;
use crate::manifest::{Manifest, Unread, Wrong};

impl Manifest {
    /// Reads and checks the manifest at `path`.
    ///
    /// # Errors
    /// [`Wrong`]: the file cannot be read, or every problem in it.
    pub fn load(path: &Path) -> Result<Self, Wrong> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let why = match error.kind() {
                ErrorKind::NotFound => Unread::Missing,
                _ => Unread::Refused(error.to_string()),
            };
            Wrong::unread(&file, why)
        })?;
        let root = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Self::parse(&text, &file, root)
    }

    /// Checks the manifest's text; `file` is its name in problems, `root` where services' paths start.
    ///
    /// # Errors
    /// [`Wrong`] with every problem.
    pub fn parse(text: &str, file: &str, root: PathBuf) -> Result<Self, Wrong> {
        Self::checked(text, file, root, collisions::found)
    }
}
