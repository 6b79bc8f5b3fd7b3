//! Where the comment's parts come from: reports that are given or lie in the job, a body, the project's name.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use actions_core::reports::{Report, Status};
use actions_core::runner::{Env, Problems, command, kept};
use serde_json::Value;

use crate::report;

/// Bytes of a body file; GitHub takes 65,536 characters, and the summary some more.
const LARGEST_BODY: u64 = 1_000_000;

/// The reports that the input holds: JSON values one after the other, arrays of them too. What a skipped step left
/// blank is skipped.
pub(crate) fn given(text: &str, problems: &mut Problems) -> Vec<Report> {
    let mut reports = Vec::new();
    let values = serde_json::Deserializer::from_str(unmarked(text)).into_iter::<Value>();
    for value in values {
        match value {
            Ok(value) => collect(value, &mut reports, problems),
            Err(error) => {
                problems.add("reports", report::not_json(&error));
                break;
            }
        }
    }
    reports
}

/// Without the byte order mark that Windows' tools put before a text: no JSON begins so, and no heading.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn collect(value: Value, reports: &mut Vec<Report>, problems: &mut Problems) {
    match value {
        Value::Null => {}
        Value::String(text) if text.trim().is_empty() => {}
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, reports, problems)),
        // `toJSON(steps.x.outputs.report)` quotes the report once more.
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => collect(value, reports, problems),
            _ => problems.add("reports", report::no_report(&text)),
        },
        value => {
            let shown = value.to_string();
            match Report::of(value) {
                // Another comment is no state of the environment.
                Ok(Report::PrComment(_)) => {}
                Ok(report) => reports.push(report),
                Err(error) => problems.add("reports", format!("{}: {error}", report::no_report(&shown))),
            }
        }
    }
}

/// The reports that earlier steps of this job left. One that cannot be read is told: any step can write there.
pub(crate) fn of_job(env: &Env) -> Vec<Report> {
    let mut reports = Vec::new();
    for kept in kept::of_job(env) {
        let read = kept.text.map_err(|error| error.to_string()).and_then(|text| {
            let value = serde_json::from_str(unmarked(&text)).map_err(|error| format!("not JSON: {error}"))?;
            Report::of(value).map_err(|error| error.to_string())
        });
        match read {
            Ok(Report::PrComment(_)) => {}
            Ok(report) => {
                reports.retain(|earlier| !supersedes(&report, earlier));
                reports.push(report);
            }
            Err(why) => command::warning("pr-comment", &report::unreadable(&kept.name, &why)),
        }
    }
    reports
}

/// Whether `later` is a second try of what failed in `earlier`, and came through: the same action and command, and all
/// that the first one was about.
fn supersedes(later: &Report, earlier: &Report) -> bool {
    let key = |report: &Report| {
        let head = report.head();
        (report.action().to_owned(), head.command, head.environment.clone())
    };
    let (now, before) = (later.head().status, earlier.head().status);
    let about = subjects(later);
    (now, before) == (Status::Done, Status::Failed)
        && key(later) == key(earlier)
        && subjects(earlier).iter().all(|subject| about.contains(subject))
}

/// What a report is about. A cleanup or a preflight that comes through is about all that was left.
fn subjects(report: &Report) -> Vec<&str> {
    match report {
        Report::NeonBranch(neon) => neon.branch.iter().map(|branch| branch.name.as_str()).collect(),
        Report::PreviewDns(dns) => dns.records.iter().map(|record| record.name.as_str()).collect(),
        Report::DeployWorkers(deploy) => deploy.services.iter().map(|service| service.service.as_str()).collect(),
        Report::HealthCheck(check) => check.endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect(),
        Report::Cleanup(_) | Report::PrComment(_) | Report::Preflight(_) | Report::Other(..) => Vec::new(),
    }
}

/// The user's own Markdown, from `body` or `body-file`.
pub(crate) fn body(body: Option<String>, file: Option<&str>, env: &Env, problems: &mut Problems) -> Option<String> {
    let Some(file) = file.map(str::trim) else {
        return body;
    };
    if body.is_some() {
        problems.add("body-file", report::TWO_BODIES);
        return body;
    }
    match read_in_workspace(file, env) {
        Ok(text) => Some(text),
        Err(problem) => {
            problems.add("body-file", problem);
            None
        }
    }
}

/// The template's text.
pub(crate) fn template(file: Option<&str>, env: &Env, problems: &mut Problems) -> Option<String> {
    match read_in_workspace(file?.trim(), env) {
        Ok(text) => Some(text),
        Err(problem) => {
            problems.add("template", problem);
            None
        }
    }
}

/// A file of the workspace. A pull request's own checkout may hold links that lead elsewhere, and what a comment
/// shows is public.
fn read_in_workspace(file: &str, env: &Env) -> Result<String, String> {
    let unreadable = |why: &dyn std::fmt::Display| report::unreadable_body(file, &why.to_string());
    let workspace = fs::canonicalize(env.workspace()).map_err(|error| unreadable(&error))?;
    let path = fs::canonicalize(env.in_workspace(file)).map_err(|error| unreadable(&error))?;
    if !path.starts_with(&workspace) {
        return Err(report::outside(file));
    }
    if !path.is_file() {
        return Err(unreadable(&"it is no file"));
    }
    let mut text = String::new();
    let opened = fs::File::open(&path).map_err(|error| unreadable(&error))?;
    let read = opened.take(LARGEST_BODY + 1).read_to_string(&mut text);
    match read {
        Ok(bytes) if bytes as u64 > LARGEST_BODY => Err(unreadable(&"it is larger than 1 MB")),
        Ok(_) => Ok(unmarked(&text).to_owned()),
        Err(error) => Err(unreadable(&error)),
    }
}

/// The project's name in a manifest that is wrong elsewhere, so that the comment stays the same one.
pub(crate) fn project_name(manifest: &Path) -> Option<String> {
    name_in(&fs::read_to_string(manifest).ok()?)
}

fn name_in(text: &str) -> Option<String> {
    if let Ok(table) = text.parse::<toml::Table>() {
        return Some(table.get("project")?.get("name")?.as_str()?.to_owned());
    }
    // No TOML: the line in its section, if that line is.
    let section = |line: &str| {
        let head = line.split('#').next().unwrap_or_default().trim();
        let name = head.strip_prefix('[')?.strip_suffix(']')?;
        Some(name.trim().to_owned())
    };
    let mut inside = false;
    for line in text.lines() {
        if line.trim_start().starts_with('[') {
            inside = section(line).as_deref() == Some("project");
        } else if inside
            && let Ok(table) = line.parse::<toml::Table>()
            && let Some(name) = table.get("name").and_then(toml::Value::as_str)
        {
            return Some(name.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_second_try_takes_the_place_of_the_first() {
        let check = |status: &str, urls: &[&str]| {
            let endpoints: Vec<Value> = urls.iter().map(|url| json!({"url": url})).collect();
            let report = json!({"action": "health-check", "command": "check", "environment": "preview", "status": status,
                "endpoints": endpoints});
            Report::of(report).unwrap()
        };
        let (failed, done) = (check("failed", &["a", "b"]), check("done", &["b", "a", "c"]));
        assert!(supersedes(&done, &failed) && supersedes(&done, &check("failed", &[])));
        assert!(!supersedes(&failed, &done) && !supersedes(&failed, &failed));
        assert!(!supersedes(&done, &check("done", &["a"])));
        // Of something else, the failure stands.
        assert!(!supersedes(&done, &check("failed", &["a", "d"])));
        let other = json!({"action": "health-check", "command": "check", "environment": "staging", "status": "failed"});
        assert!(!supersedes(&done, &Report::of(other).unwrap()));
    }

    #[test]
    fn the_projects_name_is_found_in_a_manifest_that_is_broken() {
        for (text, name) in [
            (
                "[project]\nname = \"shop\"\n[services.api]\npath = \"api\"\nkvv = 1\n",
                Some("shop"),
            ),
            ("project = { name = \"shop\" }\n", Some("shop")),
            (
                "# ours\n[ project ] # here\nzone = \"x\"\n  name= 'shop' # it\n[services.api\n",
                Some("shop"),
            ),
            ("[services.api]\nname = \"api\"\n[project\n", None),
            ("[project]\nname = \"shop\n", None),
            ("", None),
        ] {
            assert_eq!(name_in(text).as_deref(), name, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_body_file_lies_in_the_workspace() {
        let directory = tempfile::tempdir().unwrap();
        let workspace = directory.path().join("workspace");
        fs::create_dir_all(workspace.join("out")).unwrap();
        fs::write(workspace.join("out/body.md"), "# Hello\n").unwrap();
        fs::write(workspace.join("latin1.md"), [b'a', 0xe4]).unwrap();
        fs::write(directory.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink("../secret", workspace.join("link.md")).unwrap();
        std::os::unix::fs::symlink("out/body.md", workspace.join("inside.md")).unwrap();
        let env: Env = [("GITHUB_WORKSPACE", workspace.to_str().unwrap())]
            .into_iter()
            .collect();
        let read = |file: &str| {
            let mut problems = Problems::default();
            let body = body(None, Some(file), &env, &mut problems);
            (body, problems.finish().err().map(|error| error.to_string()))
        };
        let inside = workspace.join("out/body.md");
        for file in [
            "out/body.md",
            " ./out/../out/body.md ",
            "inside.md",
            inside.to_str().unwrap(),
        ] {
            assert_eq!(read(file), (Some("# Hello\n".to_owned()), None), "{file}");
        }
        let wrong: Vec<String> = ["../secret", "link.md", "out", "none.md", "latin1.md", "/etc/hostname"]
            .into_iter()
            .map(|file| read(file).1.unwrap_or_default())
            .map(|text| text.lines().last().unwrap_or_default().to_owned())
            .collect();
        insta::assert_snapshot!(wrong.join("\n"));
    }

    fn read(text: &str) -> (usize, Option<String>) {
        let mut problems = Problems::default();
        let reports = given(text, &mut problems);
        (reports.len(), problems.finish().err().map(|error| error.to_string()))
    }

    #[test]
    fn reports_come_by_line_or_in_an_array() {
        let report = r#"{"action":"health-check","healthy":true}"#;
        assert_eq!(read(&format!("{report}\n\n{report}\n")), (2, None));
        assert_eq!(read(&format!("[{report}, \"\", null, {report}]")), (2, None));
        let quoted = serde_json::to_string(report).unwrap();
        assert_eq!(read(&format!("[{quoted}]\n{report}")), (2, None));
        assert_eq!(read("\n \n"), (0, None));
        assert_eq!(read(&format!("\u{feff}{report}\r\n{report}\r\n")), (2, None));
    }

    #[test]
    fn what_is_no_report_is_told_with_its_place() {
        insta::assert_snapshot!(read("{\"action\":\"cleanup\"}\noops").1.unwrap(), @"
        one input is wrong; nothing was touched
        - `reports`: expected value at line 2 column 1; each line is to be the `report` output of an action
        ");
        insta::assert_snapshot!(read("{\"healthy\":true}").1.unwrap(), @r#"
        one input is wrong; nothing was touched
        - `reports`: `{"healthy":true}` is not the `report` output of an action: not a JSON object with `action`
        "#);
    }
}
