//! Stories of runs that are run again: what a former attempt, or another run, has done to production's database.

use super::*;

/// A step of attempt `attempt` of run `id`, on the default branch.
fn step<'w>(world: &'w World, command: &str, id: &str, attempt: &str) -> Start<'w> {
    run(world, command)
        .env("GITHUB_RUN_ID", id)
        .env("GITHUB_RUN_ATTEMPT", attempt)
        .on_push()
}

fn checkpoint<'w>(world: &'w World, id: &str, attempt: &str) -> Start<'w> {
    step(world, "checkpoint", id, attempt).input("environment", "production")
}

fn restore<'w>(world: &'w World, id: &str, attempt: &str, point: &str) -> Start<'w> {
    step(world, "restore", id, attempt)
        .input("environment", "production")
        .input("branch", "production")
        .input("parent", point)
        .input("force-foreign", "true")
}

fn restored_at(world: &World) -> Value {
    branch(world, "production")["last_reset_at"].clone()
}

#[tokio::test]
async fn each_restore_is_done_and_keeps_what_was_there() {
    let world = world().await;
    let point = ok(checkpoint(&world, "2000", "1").go().await);
    let first = ok(restore(&world, "2000", "1", point.output("branch-name")).go().await);
    assert_eq!(first.output("preserved"), "production-before-restore-2000-1");

    // Somebody's preview is made of it meanwhile, and the run is run again: it has its own restore point, since the first
    // one lies before what was written meanwhile.
    world.advance(7200).await;
    ok(run(&world, "create").go().await);
    let before = restored_at(&world);
    let point = ok(checkpoint(&world, "2000", "2").go().await);
    assert_eq!(point.output("branch-name"), "checkpoint/production/2000-2");
    assert!(
        point.log().contains("branch `production` was put back since"),
        "{point}"
    );
    world.advance(60).await;
    let second = ok(restore(&world, "2000", "2", point.output("branch-name")).go().await);
    assert_eq!(second.output("preserved"), "production-before-restore-2000-2");
    assert_eq!(second.output("changed"), "true");
    assert_ne!(restored_at(&world), before, "nothing was restored");

    // Twice in one attempt, and without a branch that was made from it: what lies between is not known.
    let children = branches(&world)
        .iter()
        .filter(|known| known["parent_id"] == branch(&world, "production")["id"])
        .count();
    assert_eq!(children, 0);
    world.advance(60).await;
    let before = restored_at(&world);
    let third = ok(restore(&world, "2000", "2", "checkpoint/production/2000").go().await);
    assert_eq!(third.output("preserved"), "production-before-restore-2000-2-2");
    assert_ne!(restored_at(&world), before, "nothing was restored");
    for kept in ["2000-1", "2000-2", "2000-2-2"] {
        branch(&world, &format!("production-before-restore-{kept}"));
    }
    world.finish().await;
}

#[tokio::test]
async fn a_deployment_that_is_run_again_alone_is_refused_once_its_migration_is_undone() {
    let world = world().await;
    let get = |attempt: &str, migrated_in: &str| {
        step(&world, "get", "2000", attempt)
            .input("environment", "production")
            .input("migrated-in-attempt", migrated_in)
    };
    let point = ok(checkpoint(&world, "2000", "1").go().await);
    ok(get("1", "1").go().await);
    ok(get("2", "1").go().await);
    let back = |attempt: &str, migrated_in: &str| {
        restore(&world, "2000", attempt, point.output("branch-name")).input("migrated-in-attempt", migrated_in)
    };
    let first = ok(back("1", "1").go().await);
    assert_eq!(first.output("changed"), "true", "{first}");

    let mark = world.mark();
    let error = failed(&get("2", "1").go().await);
    // The job's step that puts the database back runs all the same: what users have written since is theirs.
    let second = ok(back("2", "1").go().await);
    assert_eq!(
        (second.output("changed"), second.output("preserved")),
        ("false", "production-before-restore-2000-1"),
        "{second}"
    );
    world.assert_only_reads_since(mark);
    let told = second.log().lines().last().unwrap_or_default().to_owned();
    insta::assert_snapshot!(format!("{error}\n\n{told}"), @"
    the migration of branch `production` is undone: attempt 1 of this run has put the branch back, and what was there is branch `production-before-restore-2000-1`
    hint: use *Re-run all jobs*, which migrates again, instead of *Re-run failed jobs*

    attempt 1 of this run has put branch `production` back since the migration; what was there then is branch `production-before-restore-2000-1`
    ");

    // All jobs again: the second attempt has migrated.
    ok(get("2", "2").go().await);
    let second = ok(back("2", "2").go().await);
    assert_eq!(second.output("preserved"), "production-before-restore-2000-2");
    failed(&get("3", "2").go().await);
    world.finish().await;
}

#[tokio::test]
async fn an_older_run_that_is_run_again_does_not_go_back_past_a_later_one() {
    let world = world().await;
    // The first attempt's restore point, of the day before yesterday.
    ok(checkpoint(&world, "1999", "1").go().await);
    let annotation = branch(&world, "checkpoint/production/1999")["annotation"].clone();
    let delete = step(&world, "delete", "1999", "1").input("branch", "checkpoint/production/1999");
    ok(delete.go().await);
    let first = json!({"name": "checkpoint/production/2000", "parent": "production", "annotation": annotation,
        "endpoint": false, "created_seconds_ago": 2 * 86_400});
    world.seed(&json!({"neon": {"branches": [first]}})).await;
    // While nobody else has come, it counts.
    let again = ok(checkpoint(&world, "2000", "2").go().await);
    assert_eq!(again.output("branch-name"), "checkpoint/production/2000");
    assert!(
        again
            .log()
            .contains("restore point `checkpoint/production/2000` of branch `production` exists, 2 days old"),
        "{again}"
    );
    ok(checkpoint(&world, "2001", "1").go().await);

    // `deploy` alone, whose migration was before the later run's.
    let mark = world.mark();
    let error = failed(
        &restore(&world, "2000", "3", "checkpoint/production/2000")
            .input("migrated-in-attempt", "2")
            .go()
            .await,
    );
    world.assert_only_reads_since(mark);

    let third = ok(checkpoint(&world, "2000", "3").go().await);
    assert_eq!(third.output("branch-name"), "checkpoint/production/2000-3");
    let log = third.log();
    let told = log.lines().find(|line| line.contains("is not the state"));
    let told = told.unwrap_or_default();
    insta::assert_snapshot!(format!("{error}\n\n{told}"), @"
    could not restore branch `production` to `checkpoint/production/2000`: restore point `checkpoint/production/2001` was made since, and what another run has migrated after it would be undone, too
    hint: choose the point yourself, and restore without `migrated-in-attempt`

    restore point `checkpoint/production/2000` of attempt 1 (2 days old) is not the state before this attempt: restore point `checkpoint/production/2001` was made since
    ");
    let mark = world.mark();
    let same = ok(checkpoint(&world, "2000", "3").go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(same.output("branch-name"), "checkpoint/production/2000-3");
    world.finish().await;
}

#[tokio::test]
async fn a_run_does_not_delete_its_own_restore_point() {
    let world = world().await;
    // All within a second, or nearly so.
    for id in ["2000", "2001", "2002", "2003", "2004"] {
        let point = ok(checkpoint(&world, id, "1").input("keep", "1").go().await);
        assert_eq!(names(&world), ["production", point.output("branch-name")], "{point}");
    }
    for id in ["2005", "2006"] {
        world.advance(60).await;
        ok(checkpoint(&world, id, "1").go().await);
    }
    // An older run's, with fewer to keep than before.
    let again = ok(checkpoint(&world, "2005", "1").input("keep", "1").go().await);
    assert_eq!(again.output("branch-name"), "checkpoint/production/2005");
    assert_eq!(names(&world), ["production", "checkpoint/production/2005"]);
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_put_back_is_known_by_a_dry_run() {
    let world = world().await;
    world
        .seed(&json!({"neon": {"branches": [{"name": "guarded", "protected": true}, {"name": "before", "parent": "guarded"}]}}))
        .await;
    let mark = world.mark();
    let dry = step(&world, "restore", "2000", "1")
        .input("branch", "guarded")
        .input("parent", "before")
        .input("force-foreign", "true")
        .input("dry-run", "true");
    let error = failed(&dry.go().await);
    assert!(
        error.starts_with("could not restore branch `guarded`: it is protected"),
        "{error}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_missing_parent_of_the_manifest_is_not_said_to_be_created() {
    let world = world().await;
    world.file(
        "codex.toml",
        &MANIFEST.replace("parent = \"production\"", "parent = \"main\""),
    );
    let mut texts = Vec::new();
    for command in ["get", "checkpoint"] {
        texts.push(failed(
            &step(&world, command, "2000", "1")
                .input("environment", "production")
                .go()
                .await,
        ));
    }
    texts.push(failed(&run(&world, "get").go().await));
    insta::assert_snapshot!(texts.join("\n\n"), @"
    there is no branch `main`
    hint: name a branch that is there, in the manifest's `[database] parent` or as `branch`; names and ids are compared exactly

    there is no branch `main`
    hint: name a branch that is there, in the manifest's `[database] parent` or as `branch`; names and ids are compared exactly

    there is no branch `preview-pr-42`
    hint: `command: create` makes it; names are compared exactly
    ");
    world.finish().await;
}

/// What the workflow gives to the steps of the stories above: they are worth nothing where it does not ask.
#[test]
fn the_workflow_asks_before_it_migrates_and_before_it_deploys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.github/workflows/production.yml");
    let workflow: Value = yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let jobs = &workflow["jobs"];
    let steps = |job: &str| jobs[job]["steps"].as_array().unwrap().clone();
    let place = |job: &str, id: &str| steps(job).iter().position(|step| step["id"] == id).unwrap();
    let with = |job: &str, id: &str| steps(job)[place(job, id)]["with"].clone();

    let order = ["restore-point", "restorable", "migration", "restore"].map(|id| place("migrate", id));
    assert!(order.is_sorted(), "{order:?}");
    let asked = with("migrate", "restorable");
    assert_eq!(asked["dry-run"], true);
    for (name, value) in with("migrate", "restore").as_object().unwrap() {
        // The migration's own answer is not there yet.
        let same = name == "branch" || asked[name] == *value;
        assert!(same, "`{name}` is asked with another value than it is done with");
    }
    assert_eq!(asked["branch"], "${{ needs.check.outputs.branch }}");
    assert_eq!(
        jobs["check"]["outputs"]["branch"],
        "${{ steps.database.outputs.branch-name }}"
    );

    assert_eq!(jobs["migrate"]["outputs"]["attempt"], "${{ github.run_attempt }}");
    assert!(place("deploy", "database") < place("deploy", "workers"));
    for id in ["database", "restore"] {
        let given = with("deploy", id)["migrated-in-attempt"].clone();
        assert_eq!(given, "${{ needs.migrate.outputs.attempt }}", "{id}");
    }
    let reports = steps("outcome").pop().unwrap()["with"]["reports"].clone();
    for told in ["migrate.outputs.restorable-report", "deploy.outputs.database-report"] {
        assert!(reports.as_str().unwrap().contains(told), "{told}");
    }
}
