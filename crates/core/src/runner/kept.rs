//! The reports of a job's steps, as files for its later steps.
//!
//! `RUNNER_TEMP` is emptied before and after each job (GitHub's documentation of default variables), so what lies there
//! is of this job. The names carry run, attempt and job all the same: a runner of one's own, or act, may leave files.
//! Any step can put files there: they are data, and no more is believed of them than of the input `reports`.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use super::Env;

const DIRECTORY: &str = "codex-actions-reports";
/// More steps than a job has.
const MOST_FILES: usize = 500;
/// Bytes of one report: 10,000 endpoints are 4 MB.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Where the reports of this job lie.
pub(super) struct Place {
    directory: PathBuf,
    /// `<run>-<attempt>-<job>.`
    prefix: String,
}

/// One file of a report, or why it could not be read.
#[derive(Debug)]
pub struct Kept {
    pub name: String,
    pub text: io::Result<String>,
}

impl Place {
    /// The place; none where nobody says what is of this job alone.
    pub(super) fn of(env: &Env) -> Option<Self> {
        let part = |name: &str| {
            let value = env.get(name).unwrap_or("0");
            let safe = value
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' });
            safe.take(80).collect::<String>()
        };
        Some(Self {
            directory: PathBuf::from(env.get("RUNNER_TEMP")?).join(DIRECTORY),
            prefix: format!(
                "{}-{}-{}.",
                part("GITHUB_RUN_ID"),
                part("GITHUB_RUN_ATTEMPT"),
                part("GITHUB_JOB")
            ),
        })
    }

    /// The job's files in the order in which they were made.
    fn names(&self) -> io::Result<Vec<(u32, String)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let Ok(name) = entry?.file_name().into_string() else {
                continue;
            };
            let order = name
                .strip_prefix(&self.prefix)
                .and_then(|rest| rest.strip_suffix(".json")?.split_once('.')?.0.parse().ok());
            names.extend(order.map(|order| (order, name)));
        }
        names.sort();
        Ok(names)
    }

    /// Makes the next file of this job, and returns its path.
    pub(super) fn keep(&self, action: &str, report: &str) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.directory)?;
        let mut order = self.names()?.last().map_or(1, |(order, _)| order.saturating_add(1));
        loop {
            let path = self.directory.join(format!("{}{order:04}.{action}.json", self.prefix));
            match fs::File::create_new(&path) {
                Ok(mut file) => {
                    file.write_all(report.as_bytes())?;
                    return Ok(path);
                }
                // Steps that run at once (in the background): the next number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && order < u32::MAX => order += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&self, name: &str) -> io::Result<String> {
        let path = self.directory.join(name);
        // A pipe would be waited for, a link could lead anywhere.
        let about = fs::symlink_metadata(&path)?;
        if !about.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        if about.len() > LARGEST {
            return Err(io::Error::other("it is larger than any report"));
        }
        let mut text = String::new();
        fs::File::open(&path)?.take(LARGEST).read_to_string(&mut text)?;
        Ok(text)
    }
}

/// The reports that earlier steps of this job left, in their order; none where there is no place for them.
pub fn of_job(env: &Env) -> Vec<Kept> {
    let Some(place) = Place::of(env) else {
        return Vec::new();
    };
    let names = match place.names() {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            return vec![Kept {
                name: DIRECTORY.to_owned(),
                text: Err(error),
            }];
        }
    };
    let files = names.into_iter().take(MOST_FILES).map(|(_, name)| Kept {
        text: place.read(&name),
        name,
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(temp: &std::path::Path, job: &str) -> Env {
        let temp = temp.to_str().unwrap();
        let vars = [("RUNNER_TEMP", temp), ("GITHUB_RUN_ID", "7"), ("GITHUB_JOB", job)];
        vars.into_iter().collect()
    }

    fn texts(env: &Env) -> Vec<String> {
        of_job(env)
            .into_iter()
            .map(|kept| kept.text.unwrap_or_else(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn reports_come_back_in_their_order_and_only_to_their_job() {
        let temp = tempfile::tempdir().unwrap();
        let (ours, other) = (env(temp.path(), "preview"), env(temp.path(), "../preview"));
        assert_eq!(texts(&ours), Vec::<String>::new());
        for n in 1..=12 {
            let action = if n % 2 == 0 { "health-check" } else { "deploy-workers" };
            Place::of(&ours).unwrap().keep(action, &n.to_string()).unwrap();
        }
        Place::of(&other).unwrap().keep("cleanup", "other").unwrap();
        let expected: Vec<String> = (1..=12).map(|n| n.to_string()).collect();
        assert_eq!(texts(&ours), expected);
        assert_eq!(texts(&other), ["other"]);
        // The name of a job leads nowhere else.
        let files = fs::read_dir(temp.path().join(DIRECTORY)).unwrap();
        assert_eq!(files.count(), 13);
    }

    #[test]
    fn without_a_place_of_the_job_nothing_is_kept() {
        assert!(Place::of(&Env::default()).is_none());
        assert!(of_job(&Env::default()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_planted_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        let env = env(temp.path(), "preview");
        let place = Place::of(&env).unwrap();
        place.keep("cleanup", "{}").unwrap();
        let link = place.directory.join(format!("{}0002.cleanup.json", place.prefix));
        std::os::unix::fs::symlink("/etc/passwd", link).unwrap();
        fs::create_dir(place.directory.join(format!("{}0003.cleanup.json", place.prefix))).unwrap();
        fs::write(
            place.directory.join(format!("{}0004.cleanup.json", place.prefix)),
            [0xff],
        )
        .unwrap();
        fs::write(place.directory.join("7-0-preview.x.cleanup.json"), "not ours").unwrap();
        assert_eq!(
            texts(&env),
            [
                "{}",
                "it is no file",
                "it is no file",
                "stream did not contain valid UTF-8"
            ]
        );
        assert_eq!(
            place.keep("cleanup", "{}").unwrap().file_name().unwrap(),
            "7-0-preview.0005.cleanup.json"
        );
    }
}
