//! Stories of `reset` and `restore`.

use super::*;

#[tokio::test]
async fn a_reset_leads_to_the_parent_and_lets_the_branch_live_anew() {
    let world = world().await;
    let made = ok(run(&world, "create").go().await);
    for _ in 0..2 {
        let reset = ok(run(&world, "reset").go().await);
        assert_eq!(reset.output("changed"), "true");
        assert_eq!(reset.output("database-url"), made.output("database-url"));
        assert_eq!(reset.report["branch"]["parent"], "production");
        assert_ne!(branch(&world, "preview-pr-42")["last_reset_at"], Value::Null);
    }
    world.seed(&json!({"neon": {"branches": [{"name": "child", "parent": "production"}, {"name": "mine"}, {"name": "below", "parent": "mine"}]}})).await;
    let texts = [
        failed(&run(&world, "reset").input("branch", "production").go().await),
        failed(&run(&world, "reset").input("branch", "child").go().await),
        failed(
            &run(&world, "reset")
                .input("branch", "mine")
                .input("force-foreign", "true")
                .go()
                .await,
        ),
        failed(&run(&world, "reset").input("branch", "nobody").go().await),
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not reset branch `production`: it is the project's default branch
    hint: name another branch

    could not reset branch `child`: neither its annotation nor its name says that this repository made it
    hint: `force-foreign: true` does it nevertheless

    could not reset branch `mine`: branch `below` was made from it
    hint: `preserve-under-name` keeps the former state under a name, with those branches below it

    there is no branch `nobody`
    hint: `command: create` makes it; names are compared exactly
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_restore_says_how_far_history_goes_and_keeps_what_was() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    world.advance(3600).await;
    let parent = branch(&world, "preview-pr-42")["parent_id"].clone();
    let at = jiff::Timestamp::now().to_string();
    let restore = || {
        run(&world, "restore")
            .input("parent-timestamp", &at)
            .input("preserve-under-name", "before")
    };
    let first = ok(restore().go().await);
    assert!(
        first.log().contains("the project's history goes back 1 day, to "),
        "{first}"
    );
    assert_eq!((first.output("preserved"), first.output("changed")), ("before", "true"));
    assert_eq!(first.report["original-parent"], parent);
    assert!(
        first.report["warnings"][0]
            .as_str()
            .unwrap()
            .contains("`reset` would go there"),
        "{first}"
    );
    assert!(names(&world).contains(&"before".to_owned()));

    let mark = world.mark();
    let second = ok(restore().go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(second.output("changed"), "false");

    let texts = [
        failed(&run(&world, "restore").input("parent-timestamp", "30d").go().await),
        failed(
            &run(&world, "restore")
                .input("parent-timestamp", "2100-01-01T00:00:00Z")
                .go()
                .await,
        ),
        failed(
            &run(&world, "restore")
                .input("parent", "production")
                .input("preserve-under-name", "production")
                .go()
                .await,
        ),
        failed(
            &run(&world, "restore")
                .input("branch", "production")
                .input("parent", "before")
                .go()
                .await,
        ),
    ];
    insta::with_settings!({filters => VARYING.to_vec()}, {
        insta::assert_snapshot!(texts.join("\n\n"), @"
        could not restore branch `preview-pr-42` as of [time]: the project's history goes back 1 day only, to [time]
        hint: a longer history is a setting of the project (Settings → Storage), as far as the plan allows

        could not restore branch `preview-pr-42` as of 2100-01-01T00:00:00Z: that is in the future

        could not restore branch `preview-pr-42`: a branch `production` exists, so its state cannot be preserved under that name
        hint: give another `preserve-under-name`

        could not restore branch `production`: it is the project's default branch
        hint: `force-foreign: true` restores it nevertheless; its computes drop their connections
        ");
    });
    world.finish().await;
}

#[tokio::test]
async fn half_an_hour_ago_is_found_done_the_second_time() {
    let world = world().await;
    world
        .seed(&json!({"neon": {"branches": [{"name": "staging", "created_seconds_ago": 7200}, {"name": "dev", "created_seconds_ago": 7200}]}}))
        .await;
    let restore = |name: &str| {
        run(&world, "restore")
            .input("branch", name)
            .input("force-foreign", "true")
            .input("parent-timestamp", "30m")
    };
    // By a name of the user's, in whichever run; by our own, which is of this workflow run.
    for (branch, kept) in [("staging", Some("mistake")), ("dev", None)] {
        let start = || {
            kept.into_iter()
                .fold(restore(branch), |start, name| start.input("preserve-under-name", name))
        };
        let first = ok(start().go().await);
        assert_eq!(first.output("changed"), "true", "{first}");
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let mark = world.mark();
        let second = ok(start().go().await);
        assert_eq!(second.output("changed"), "false", "{second}");
        assert!(second.log().contains("was restored to this point already"), "{second}");
        assert_eq!(second.output("preserved"), first.output("preserved"));
        world.assert_only_reads_since(mark);
    }
    // Another span is another point.
    let other = restore("staging")
        .input("parent-timestamp", "1m")
        .input("preserve-under-name", "mistake");
    let error = failed(&other.go().await);
    assert!(error.contains("a branch `mistake` exists"), "{error}");
    world.finish().await;
}
