//! Stories of `delete`, and what must stay.

use super::*;

#[tokio::test]
async fn what_must_stay_is_not_deleted() {
    let world = world().await;
    let marker =
        json!({"codex-actions": "codex-actions:7000001:eve/app:codex:preview:42", "github-commit-repo": "eve/app"});
    world
        .seed(&json!({"neon": {"settings": {"plan": "scale"}, "branches": [
            {"name": "guarded", "protected": true}, {"name": "parent"}, {"name": "child", "parent": "parent"},
            {"name": "theirs", "annotation": marker}, {"name": "preview-pr-421"}
        ]}}))
        .await;
    let mark = world.mark();
    let mut texts = Vec::new();
    for name in ["production", "guarded", "parent", "theirs", "preview-pr-421"] {
        texts.push(failed(&run(&world, "delete").input("branch", name).go().await));
    }
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not delete branch `production`: it is the project's default branch
    hint: name another branch

    could not delete branch `guarded`: it is protected
    hint: unprotect it in Neon's console first, or name another branch

    could not delete branch `parent`: branch `child` was made from it
    hint: delete those first

    could not delete branch `theirs`: it belongs to preview 42 of codex in eve/app (7000001)
    hint: `force-foreign: true` does it nevertheless

    could not delete branch `preview-pr-421`: neither its annotation nor its name says that this repository made it
    hint: `force-foreign: true` does it nevertheless
    ");
    world.assert_only_reads_since(mark);
    for name in ["theirs", "child"] {
        ok(run(&world, "delete")
            .input("branch", name)
            .input("force-foreign", "true")
            .go()
            .await);
    }
    assert_eq!(names(&world), ["production", "guarded", "parent", "preview-pr-421"]);
    world.finish().await;
}

#[tokio::test]
async fn a_branch_of_our_name_without_an_annotation_is_ours() {
    let world = world().await;
    world
        .seed(&json!({"neon": {"branches": [{"name": "preview-pr-42"}]}}))
        .await;
    assert_eq!(ok(run(&world, "create").go().await).output("created"), "false");
    assert_eq!(ok(run(&world, "delete").go().await).output("changed"), "true");
    world.finish().await;
}

#[tokio::test]
async fn a_fork_gets_no_key_and_is_told_so() {
    let world = world().await;
    let repository = |name: &str| json!({"full_name": name});
    world.event(&json!({"action": "opened", "repository": repository(ids::REPOSITORY),
        "pull_request": {"number": 7, "head": {"sha": ids::HEAD_SHA, "ref": "x", "repo": repository("eve/app")}}}));
    let run = run(&world, "create").without("neon-api-key").go().await;
    assert_eq!(run.code, 2);
    assert!(
        run.error()
            .contains("`neon-api-key`: this run is given no secrets, because its pull request comes from a fork"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_a_delete() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    world.fail(&json!({"provider": "neon", "method": "DELETE", "drop": "after"}));
    let lost = ok(run(&world, "delete").go().await);
    assert_eq!(
        (lost.output("changed"), lost.report["deleted"].clone()),
        ("true", json!(["preview-pr-42"])),
        "{lost}"
    );
    assert_eq!(names(&world), ["production"]);
    let mark = world.mark();
    assert_eq!(ok(run(&world, "delete").go().await).output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
