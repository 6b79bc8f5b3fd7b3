//! Stories of whose a branch is: a pull request's, the repository's, another's.

use super::*;

fn cleanup(world: &World) -> Start<'_> {
    world.run("cleanup").input("only", "neon")
}

fn marker(world: &World, name: &str) -> (Value, Value) {
    let annotation = branch(world, name)["annotation"].clone();
    (
        annotation["codex-actions"].clone(),
        annotation["github-pr-number"].clone(),
    )
}

#[tokio::test]
async fn a_restore_point_of_production_outlives_the_pull_request_that_made_it() {
    let world = world().await;
    ok(run(&world, "create").input("expires", "never").go().await);
    let merged = json!({"action": "closed", "repository": {"id": 1_296_269, "full_name": ids::REPOSITORY},
        "pull_request": {"number": 42, "merged": true, "state": "closed",
            "head": {"sha": ids::HEAD_SHA, "ref": ids::HEAD_REF, "repo": {"full_name": ids::REPOSITORY}}}});
    world.close_pull_request().await;
    world.event(&merged);
    ok(run(&world, "checkpoint").input("branch", "production").go().await);
    assert_eq!(
        marker(&world, "checkpoint/production/1001"),
        (json!("codex-actions:1296269:acme/app:codex:-"), Value::Null)
    );
    // One of the pull request's own branch goes with that.
    ok(run(&world, "checkpoint").go().await);
    assert_eq!(marker(&world, "checkpoint/preview-pr-42/1001").1, "42");
    assert_eq!(names(&world).len(), 4);

    ok(cleanup(&world).go().await);
    assert_eq!(names(&world), ["production", "checkpoint/production/1001"]);
    let mark = world.mark();
    ok(cleanup(&world).go().await);
    world.assert_only_reads_since(mark);
    // Newer restore points still push it out: it is the repository's, whoever made it.
    world.advance(60).await;
    ok(run(&world, "checkpoint")
        .input("branch", "production")
        .input("keep", "1")
        .env("GITHUB_RUN_ID", "1002")
        .on_push()
        .go()
        .await);
    assert_eq!(names(&world), ["production", "checkpoint/production/1002"]);
    world.finish().await;
}

#[tokio::test]
async fn a_shared_branch_stays_when_the_pull_request_that_made_it_closes() {
    let world = world().await;
    let shared = || run(&world, "create").input("branch", "ci-shared");
    let made = ok(shared().go().await);
    assert_eq!(
        marker(&world, "ci-shared"),
        (json!("codex-actions:1296269:acme/app:codex:-"), Value::Null)
    );
    let other = ok(shared().input("pull-request", "41").go().await);
    assert_eq!(other.output("branch-id"), made.output("branch-id"));
    let suite = || {
        run(&world, "create")
            .input("branch", "suite-7")
            .input("owner", "pull-request")
    };
    ok(suite().go().await);
    assert_eq!(
        marker(&world, "suite-7"),
        (json!("codex-actions:1296269:acme/app:codex:preview:42"), json!("42"))
    );
    let mark = world.mark();
    assert_eq!(ok(suite().go().await).output("created"), "false");
    // Another pull request has no business with what will go with this one.
    let foreign = failed(&suite().input("pull-request", "41").go().await);
    assert!(
        foreign.contains("it belongs to preview 42 of codex in this repository"),
        "{foreign}"
    );
    world.assert_only_reads_since(mark);

    ok(cleanup(&world).go().await);
    assert_eq!(names(&world), ["production", "ci-shared"]);
    // Whoever asks for it by name may delete it; it is the repository's.
    ok(run(&world, "delete")
        .input("branch", "ci-shared")
        .input("pull-request", "41")
        .go()
        .await);
    assert_eq!(names(&world), ["production"]);

    let nobody = run(&world, "create")
        .input("branch", "x")
        .input("owner", "pull-request")
        .on_push()
        .go()
        .await;
    assert_eq!(nobody.code, 2, "{nobody}");
    assert!(
        nobody
            .error()
            .contains("- `owner`: `pull-request`: there is none to go with"),
        "{nobody}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_hand_made_branch_is_not_handed_to_a_head_of_its_name() {
    let world = world().await;
    let staging =
        json!({"codex-actions": "codex-actions:1296269:acme/app:codex:staging", "codex-actions-kind": "environment"});
    world
        .seed(&json!({"neon": {"branches": [{"name": "staging"}, {"name": "staging-env", "annotation": staging}]}}))
        .await;
    let mark = world.mark();
    let texts = [
        failed(&run(&world, "create").input("branch", "staging").go().await),
        failed(&run(&world, "create").input("branch", "staging-env").go().await),
        failed(&run(&world, "delete").input("branch", "staging-env").go().await),
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not hand out branch `staging`: neither its annotation nor its name says that this repository made it
    hint: choose another name, or hand it out nevertheless by `force-foreign: true`; `command: get` reads the connection of any branch

    could not hand out branch `staging-env`: it belongs to staging of codex in this repository
    hint: choose another name, or hand it out nevertheless by `force-foreign: true`; `command: get` reads the connection of any branch

    could not delete branch `staging-env`: it belongs to staging of codex in this repository
    hint: `force-foreign: true` does it nevertheless
    ");
    // Reading is another matter.
    let read = ok(run(&world, "get").input("branch", "staging").go().await);
    ok(run(&world, "diff").input("branch", "staging").go().await);
    world.assert_only_reads_since(mark);
    let forced = run(&world, "create")
        .input("branch", "staging")
        .input("force-foreign", "true");
    let forced = ok(forced.go().await);
    assert_eq!(forced.output("branch-id"), read.output("branch-id"));
    assert_eq!((forced.output("created"), forced.output("changed")), ("false", "false"));
    world.finish().await;
}

#[tokio::test]
async fn a_renamed_repository_works_on_and_a_newcomer_under_the_old_name_does_not() {
    let world = world().await;
    let made = ok(run(&world, "create").go().await);
    let newcomer = |command: &str| run(&world, command).env("GITHUB_REPOSITORY_ID", "99");
    let mark = world.mark();
    let texts = [
        failed(&newcomer("create").go().await),
        failed(&newcomer("reset").go().await),
        failed(&newcomer("delete").go().await),
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not hand out branch `preview-pr-42`: it belongs to preview 42 of codex in acme/app (1296269)
    hint: choose another name, or hand it out nevertheless by `force-foreign: true`; `command: get` reads the connection of any branch

    could not reset branch `preview-pr-42`: it belongs to preview 42 of codex in acme/app (1296269)
    hint: `force-foreign: true` does it nevertheless

    could not delete branch `preview-pr-42`: it belongs to preview 42 of codex in acme/app (1296269)
    hint: `force-foreign: true` does it nevertheless
    ");
    world.assert_only_reads_since(mark);
    let renamed = |command: &str| run(&world, command).env("GITHUB_REPOSITORY", "acme/platform");
    let found = ok(renamed("create").go().await);
    assert_eq!(found.output("branch-id"), made.output("branch-id"));
    ok(renamed("reset").go().await);
    assert_eq!(ok(renamed("delete").go().await).output("changed"), "true");
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

#[tokio::test]
async fn what_a_peer_made_for_another_repository_is_foreign_whatever_its_name() {
    let world = world().await;
    let peers = |repository: &str| json!({"github-commit-repo": repository, "github-pr-number": "42"});
    world
        .seed(&json!({"neon": {"branches": [{"name": "preview-pr-42", "annotation": peers("eve/app")}]}}))
        .await;
    let mark = world.mark();
    for command in ["create", "reset", "delete"] {
        let error = failed(&run(&world, command).go().await);
        assert!(error.contains("it belongs to eve/app"), "{error}");
    }
    world.assert_only_reads_since(mark);
    // Made for this repository, under our very name: ours.
    world
        .seed(&json!({"neon": {"branches": [{"name": "preview-pr-43", "annotation": peers("acme/app")}]}}))
        .await;
    ok(run(&world, "delete").input("pull-request", "43").go().await);
    assert_eq!(names(&world), ["production", "preview-pr-42"]);
    world.finish().await;
}
