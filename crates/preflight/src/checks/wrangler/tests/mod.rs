mod kinds;
mod platform;
mod second_life;

use std::path::Path;

use actions_core::runner::Env;

use crate::inputs::Inputs;
use crate::world::World;

/// What is told of a workspace: place, severity, kind, subject and sentences, one finding a line.
async fn told_in(workspace: &Path, environment: Option<&str>) -> String {
    let mut vars = vec![("GITHUB_WORKSPACE".to_owned(), workspace.display().to_string())];
    vars.extend(environment.map(|name| ("INPUT_ENVIRONMENT".to_owned(), name.to_owned())));
    let env: Env = vars.into_iter().collect();
    let inputs = Inputs::read(&env).await.unwrap();
    let world = World::read(&inputs, &env);
    if let Err(wrong) = &world.manifest {
        panic!("{wrong}");
    }
    let lines = super::findings(&world).into_iter().map(|finding| {
        let place = finding.place.map_or_else(|| "-".to_owned(), |place| place.to_string());
        let kind = finding.kind;
        format!(
            "{place} {} {} {}: {}; {}\n",
            kind.severity, kind.name, finding.subject, finding.said, finding.remedy
        )
    });
    lines.collect()
}

/// The same of files made for it, by their names from the workspace.
async fn told(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    told_in(folder.path(), None).await
}
