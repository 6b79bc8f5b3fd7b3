//! Stories of `diff`.

use super::*;

#[tokio::test]
async fn a_diff_is_an_output_and_a_section_of_a_comment() {
    let world = world().await;
    let table = "CREATE TABLE users (\n  id bigint\n);\n";
    let changed = "CREATE TABLE users (\n  id bigint,\n  name text -- ```\n);\n";
    world
        .seed(&json!({"neon": {"databases": [{"branch": "production", "name": "neondb", "schema": table}]}}))
        .await;
    ok(run(&world, "create").go().await);
    let same = ok(run(&world, "diff").go().await);
    assert_eq!((same.output("diff"), same.output("changed")), ("", "false"));
    world
        .seed(&json!({"neon": {"databases": [{"branch": "preview-pr-42", "name": "neondb", "schema": changed}]}}))
        .await;
    let mark = world.mark();
    let diff = ok(run(&world, "diff").go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(diff.report["schema-diff"]["added"], 2);
    insta::assert_snapshot!(diff.output("diff-markdown"), @"
    <details><summary><b>Schema of preview-pr-42 against production</b>: 2 lines added, 1 removed</summary>

    ````diff
    --- production
    +++ preview-pr-42
    @@ -1,3 +1,4 @@
     CREATE TABLE users (
    -  id bigint
    +  id bigint,
    +  name text -- ```
     );
    ````

    </details>
    ");
    assert!(diff.output("diff").contains("+  name text -- ```"));
    let root = failed(&run(&world, "diff").input("branch", "production").go().await);
    assert!(root.contains("has no parent to compare it with"), "{root}");
    world.finish().await;
}

#[tokio::test]
async fn a_diff_that_is_too_much_is_cut_and_told() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    let huge: String = (0..20_000)
        .map(|n| format!("CREATE TABLE table_{n} (id bigint);\n"))
        .collect();
    world
        .seed(&json!({"neon": {"databases": [{"branch": "preview-pr-42", "name": "neondb", "schema": huge}]}}))
        .await;
    let diff = ok(run(&world, "diff").go().await);
    assert_eq!(diff.report["schema-diff"]["added"], 20_000);
    // What a later step gets as a variable: Linux lets it have 128 KiB.
    for output in ["diff", "diff-markdown", "report"] {
        assert!(
            diff.output(output).len() < 128 * 1024,
            "{output}: {}",
            diff.output(output).len()
        );
    }
    let cut = "cut: the diff has 20003 lines, and the output `diff` the first";
    assert!(
        diff.output("diff").lines().last().unwrap().contains(cut),
        "{}",
        diff.output("diff").lines().last().unwrap()
    );
    assert!(
        diff.output("diff-markdown").contains(cut) && diff.report["warnings"][0].as_str().unwrap().starts_with(cut)
    );
    world.finish().await;
}
