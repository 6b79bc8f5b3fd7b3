//! Stories of reports: what each run leaves, how it travels, and what `pr-comment` makes of it.

use scenarios::{Run, World};
use serde_json::{Value, json};

use crate::health_check::servers::{HEALTHY, Server, answer, answer_with};
use crate::pr_comment::comments;

/// Linux starts no program with a variable of more bytes than this (`MAX_ARG_STRLEN`), its name and `=` included.
const LONGEST_VARIABLE: usize = 128 * 1024 - 1;

/// A `RUNNER_TEMP` that several steps share, as those of one job do.
fn job(world: &World, name: &str) -> String {
    let temp = world.workspace().join(format!("../job-{name}"));
    std::fs::create_dir_all(&temp).unwrap();
    temp.canonicalize().unwrap().display().to_string()
}

/// The reports that lie in a job, by their files' names.
fn kept(temp: &str) -> Vec<(String, String)> {
    let directory = std::path::Path::new(temp).join("codex-actions-reports");
    let Ok(files) = std::fs::read_dir(&directory) else {
        return Vec::new();
    };
    let mut files: Vec<(String, String)> = files
        .map(|file| file.unwrap())
        .map(|file| {
            let text = std::fs::read_to_string(file.path()).unwrap();
            (file.file_name().into_string().unwrap(), text)
        })
        .collect();
    files.sort();
    files
}

fn the_comment(world: &World) -> String {
    let all = comments(&world.state());
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].2.clone()
}

async fn comment(world: &World, temp: &str) -> Run {
    let run = world.run("pr-comment").env("RUNNER_TEMP", temp).go().await;
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
    run
}

#[tokio::test]
async fn a_comment_takes_the_reports_of_its_job_in_their_order() {
    let world = World::start().await;
    let (sick, well) = (
        Server::start(vec![answer(401, "")]).await,
        Server::start(vec![answer(200, HEALTHY)]).await,
    );
    let check = |temp: &str, server: &Server| {
        let url = server.url("/health");
        let start = world.run("health-check").env("RUNNER_TEMP", temp);
        start
            .input("urls", url)
            .input("environment", "preview")
            .input("grace", "0s")
            .go()
    };
    let (one, other) = (job(&world, "one"), job(&world, "other"));
    assert_eq!(check(&one, &sick).await.code, 1);
    assert_eq!(check(&one, &well).await.code, 0);
    // Another job's reports are none of this one's.
    assert_eq!(check(&other, &sick).await.code, 1);
    let names: Vec<String> = kept(&one).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "1001-1-preview.0001.health-check.json",
            "1001-1-preview.0002.health-check.json"
        ]
    );

    let first = comment(&world, &one).await;
    assert_eq!(first.report["comment"]["action"], "created");
    let text = the_comment(&world);
    let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("{needle}: {text}"));
    let (sick_at, well_at) = (at(&sick.address.to_string()), at(&well.address.to_string()));
    assert!(
        sick_at < well_at && text.contains("**1 of 2 endpoints** healthy"),
        "{text}"
    );

    // The comment's own report lies there, too, and is no state of the environment.
    let mark = world.mark();
    let second = comment(&world, &one).await;
    assert_eq!((second.output("changed"), kept(&one).len()), ("false", 4));
    world.assert_only_reads_since(mark);

    // A body alone is a comment of its own; with `reports: job` it stands below.
    let start = || {
        world
            .run("pr-comment")
            .env("RUNNER_TEMP", &one)
            .input("body", "my own words")
    };
    let alone = start().input("key", "mine").input("dry-run", "true").go().await;
    assert_eq!(alone.summary.trim(), "my own words", "{alone}");
    let both = start().input("reports", "job").input("dry-run", "true").go().await;
    assert!(
        both.summary.contains("endpoints** healthy") && both.summary.trim_end().ends_with("my own words"),
        "{both}"
    );
    world.finish().await;
}

#[tokio::test]
async fn five_hundred_endpoints_end_in_a_comment() {
    let world = World::start().await;
    let (well, sick) = (
        Server::start(vec![answer(200, HEALTHY)]).await,
        Server::start(vec![answer(401, "")]).await,
    );
    let urls: Vec<String> = (0..500)
        .map(|n| {
            if n == 321 {
                sick.url("/e321")
            } else {
                well.url(&format!(
                    "/a-path-that-is-as-long-as-those-of-real-endpoints-are/{n:04}"
                ))
            }
        })
        .collect();
    let temp = job(&world, "large");
    let check = world
        .run("health-check")
        .env("RUNNER_TEMP", &temp)
        .input("urls", urls.join("\n"))
        .input("grace", "0s")
        .go()
        .await;
    assert_eq!(check.code, 1, "{}", check.error());
    let whole = kept(&temp).remove(0).1;
    assert!(whole.len() > 200 * 1024, "{}", whole.len());

    // Within the job the file is read, whole.
    comment(&world, &temp).await;
    let text = the_comment(&world);
    assert!(
        text.contains("**499 of 500 endpoints** healthy") && text.chars().count() < 65_536,
        "{text:.400}"
    );
    let wrong = text
        .lines()
        .find(|line| line.starts_with("| ") && line.contains("/e321"))
        .unwrap();
    assert!(wrong.contains("🔴"), "{wrong}");
    assert!(!text.contains("Not listed"), "{text:.400}");

    // Between jobs the output travels, seven of them in one variable.
    let output = check.output("report");
    let passed = [output; 7].join("\n");
    assert!(
        "INPUT_REPORTS=".len() + passed.len() < LONGEST_VARIABLE,
        "{}",
        passed.len()
    );
    assert!(output.len() > 10_000, "{}", output.len());
    let left_out: u64 = check.report["truncated"]
        .as_array()
        .unwrap()
        .iter()
        .map(|left| left["count"].as_u64().unwrap())
        .sum();
    assert_eq!(
        left_out + check.report["endpoints"].as_array().unwrap().len() as u64,
        500
    );
    let run = world.run("pr-comment").input("reports", &passed).go().await;
    assert_eq!(run.code, 0, "{}", run.error());
    let run = world.run("pr-comment").input("reports", output).go().await;
    assert_eq!(run.code, 0, "{}", run.error());
    let text = the_comment(&world);
    assert!(
        text.contains("**499 of 500 endpoints** healthy")
            && text.contains("/e321")
            && text.contains(&format!(
                "Not listed, since a job's output holds no more: {left_out} endpoints (healthy)"
            )),
        "{text}"
    );
    world.finish().await;
}

#[tokio::test]
async fn bad_input_leaves_a_report_that_names_the_step() {
    let world = World::start().await;
    for (action, command) in [
        ("neon-branch", "create"),
        ("preview-dns", "apply"),
        ("deploy-workers", "deploy"),
        ("health-check", "check"),
        ("cleanup", ""),
        ("pr-comment", "upsert"),
    ] {
        let temp = job(&world, action);
        // health-check changes nothing, so it has no `dry-run`.
        let wrong = if action == "health-check" {
            "fail-fast"
        } else {
            "dry-run"
        };
        let mut start = world.run(action).env("RUNNER_TEMP", &temp).input(wrong, "maybe");
        if action == "neon-branch" {
            start = start.input("command", command);
        }
        let run = start.go().await;
        assert_eq!(run.code, 2, "{action}: {run}");
        let head = ["action", "command", "environment", "pull-request", "status"].map(|key| run.report[key].clone());
        let expected = [
            json!(action),
            json!(command),
            json!("preview"),
            json!(42),
            json!("failed"),
        ];
        assert_eq!(head, expected, "{run}");
        let error = run.report["error"].as_str().unwrap();
        assert!(error.contains(&format!("`{wrong}`: `maybe` is neither")), "{error}");
        assert_eq!(kept(&temp).len(), 1, "{action}");
        let told = world
            .run("pr-comment")
            .env("RUNNER_TEMP", &temp)
            .input("job-status", "failure")
            .input("key", action)
            .go()
            .await;
        assert_eq!(told.code, 0, "{told}");
        if action != "pr-comment" {
            assert!(told.summary.contains(&format!("> **{action}**: ")), "{}", told.summary);
            assert!(!told.summary.contains("such as a build"), "{}", told.summary);
        }
    }
    assert_eq!(comments(&world.state()).len(), 6);
    world.finish().await;
}

#[tokio::test]
async fn what_others_put_beside_the_reports_is_told_and_no_more() {
    let world = World::start().await;
    let server = Server::start(vec![answer(200, HEALTHY)]).await;
    let temp = job(&world, "planted");
    let check = world
        .run("health-check")
        .env("RUNNER_TEMP", &temp)
        .input("urls", server.url("/"));
    assert_eq!(check.go().await.code, 0);
    let plant = |name: &str, text: &str| {
        std::fs::write(format!("{temp}/codex-actions-reports/1001-1-preview.{name}.json"), text).unwrap();
    };
    plant("0002.deploy-workers", "{\"action\":\"deploy-workers\"");
    plant("0003.cleanup", "[]");
    plant("0004.cleanup", "{\"action\":\"cleanup\",\"left\":\"many\"}");
    let link = format!("{temp}/codex-actions-reports/1001-1-preview.0005.cleanup.json");
    std::os::unix::fs::symlink("/etc/passwd", link).unwrap();
    let run = comment(&world, &temp).await;
    let warnings: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("::warning "))
        .collect();
    assert_eq!(warnings.len(), 4, "{run}");
    assert!(
        warnings[3].ends_with("the report `1001-1-preview.0005.cleanup.json` of this job is left out: it is no file"),
        "{warnings:#?}"
    );
    assert!(the_comment(&world).contains("✅ Preview is healthy"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn without_a_place_of_the_job_the_output_is_all_there_is() {
    let world = World::start().await;
    let server = Server::start(vec![answer(200, HEALTHY)]).await;
    let check = world
        .run("health-check")
        .env("RUNNER_TEMP", "")
        .input("urls", server.url("/"));
    let check = check.go().await;
    assert_eq!((check.code, &check.report["healthy"]), (0, &json!(true)), "{check}");
    let run = world.run("pr-comment").env("RUNNER_TEMP", "").go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error()
            .contains("`reports`: missing, and no earlier step of this job has left one"),
        "{run}"
    );
    // A place that cannot be written to is told, and the check stands.
    let file = world.workspace().join("no-directory");
    std::fs::write(&file, "").unwrap();
    let check = world.run("health-check").env("RUNNER_TEMP", file.display().to_string());
    let check = check.input("urls", server.url("/")).go().await;
    assert_eq!((check.code, &check.report["healthy"]), (0, &json!(true)), "{check}");
    assert!(
        check
            .stdout
            .contains("warning: the report was not kept for later steps"),
        "{check}"
    );
    world.finish().await;
}

#[tokio::test]
async fn words_are_no_secrets_and_a_report_stays_json() {
    let world = World::start().await;
    let server = Server::start(vec![answer(200, HEALTHY)]).await;
    let run = world
        .run("health-check")
        .input("urls", server.url("/health"))
        .input(
            "headers",
            "X-Debug: true\nX-Environment: preview\nX-Try: 1\nX-Status: healthy\nAuthorization: Bearer ok-but-secret",
        )
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        (
            &run.report["healthy"],
            &run.report["endpoints"][0]["state"],
            run.output("healthy")
        ),
        (&json!(true), &json!("healthy"), "true")
    );
    assert!(run.masks().contains(&"ok-but-secret".to_owned()));
    for word in ["true", "preview", "1", "healthy"] {
        assert!(!run.masks().contains(&word.to_owned()), "{word}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_secret_in_a_url_is_shown_nowhere() {
    let world = World::start().await;
    let server = Server::start(vec![
        answer_with(302, "Location: /login?token=s3cr3t-one&next=/a", ""),
        answer(401, "who is s3cr3t-one?"),
    ])
    .await;
    let refused = "http://127.0.0.1:9/health?api_key=s3cr3t-two&page=2";
    let temp = job(&world, "secret");
    let urls = format!(
        "{}\nhttp://me:s3cr3t-three@{}/x?sig=s3cr3t%2Dfour\n{refused}",
        server.url("/health?token=s3cr3t-one&page=1"),
        server.address
    );
    let run = world
        .run("health-check")
        .env("RUNNER_TEMP", &temp)
        .env("https_proxy", "http://me:s3cr3t-five@127.0.0.1:9")
        .input("urls", urls)
        .input(
            "checks",
            format!(
                "[[checks]]\nurl = \"{}\"\n",
                server.url("/deep?access_token=s3cr3t-six")
            ),
        )
        .input("grace", "0s")
        .input("timeout", "2s")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    run.assert_no_secret_leaks();
    let told = comment(&world, &temp).await;
    let files: String = kept(&temp).into_iter().map(|(_, text)| text).collect();
    let outputs: String = run.outputs.values().cloned().collect();
    let all = [
        run.log(),
        run.summary.clone(),
        outputs,
        files,
        told.log(),
        told.summary.clone(),
        the_comment(&world),
    ]
    .join("\n");
    assert!(!all.contains("s3cr3t"), "{all}");
    let masks = run.masks();
    for secret in [
        "s3cr3t-one",
        "s3cr3t-two",
        "s3cr3t-three",
        "s3cr3t-four",
        "s3cr3t%2Dfour",
        "s3cr3t-five",
        "s3cr3t-six",
    ] {
        assert!(
            masks.iter().any(|mask| mask == secret),
            "`{secret}` is no mask of {masks:?}"
        );
    }
    let url = |at: usize| run.report["endpoints"][at]["url"].as_str().unwrap().to_owned();
    assert_eq!(url(0), server.url("/health?token=***&page=1"));
    assert_eq!(url(1), server.url("/x?sig=***"));
    assert_eq!(url(2), "http://127.0.0.1:9/health?api_key=***&page=2");

    // And a URL that is refused is not shown with it either.
    let wrong = world
        .run("health-check")
        .input("urls", "ftp://me:s3cr3t-one@x.example.com/?token=s3cr3t-two");
    let wrong = wrong
        .input("github-api-url", "ssh://me:s3cr3t-three@x?sig=s3cr3t-four")
        .go()
        .await;
    assert_eq!(wrong.code, 2, "{wrong}");
    assert!(
        !format!("{}{}{}", wrong.log(), wrong.summary, wrong.report).contains("s3cr3t"),
        "{wrong}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_kept_report_of_every_kind_is_read_back() {
    // One report of each action, as they leave it, makes one comment.
    let world = World::start().await;
    let temp = job(&world, "all");
    let branch = world.run("neon-branch").env("RUNNER_TEMP", &temp);
    let branch = branch
        .input("command", "create")
        .input("branch", "preview-pr-42")
        .input("wait", "false")
        .go()
        .await;
    assert_eq!(branch.code, 0, "{branch}");
    assert_eq!(branch.report["deleted"], Value::Null);
    let delete = world.run("neon-branch").env("RUNNER_TEMP", &temp);
    let delete = delete
        .input("command", "delete")
        .input("branch", "preview-pr-42")
        .go()
        .await;
    assert_eq!(
        (delete.code, &delete.report["deleted"]),
        (0, &json!(["preview-pr-42"])),
        "{delete}"
    );
    let run = comment(&world, &temp).await;
    assert!(
        run.summary.contains("**Database** branch `preview-pr-42`, deleted"),
        "{}",
        run.summary
    );
    assert!(!run.summary.contains("is prepared"), "{}", run.summary);
    world.finish().await;
}
