use super::{of_kind, table};
use crate::checks::testing::SHOP;

const DEPLOY: &str = "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with:\n          environment: production\n";

#[test]
fn a_deployment_that_nobody_looks_at() {
    let kind = "workflow-health-off";
    let off = format!("{DEPLOY}          health: \"false\"\n");
    let plain = format!("{DEPLOY}          health: false\n");
    let looked_at = format!("{off}      - uses: codex/actions/health-check@v1\n");
    let only_seen = format!("{off}          dry-run: true\n");
    table(
        kind,
        None,
        &[
            (&off, &["w.yml:8:11"]),
            (&plain, &["w.yml:8:11"]),
            (&looked_at, &[]),
            (&only_seen, &[]),
            (&off.replace("\"false\"", "true"), &[]),
            (DEPLOY, &[]),
        ],
    );
    // A look in another workflow is at another time.
    let other = "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/health-check@v1\n";
    assert_eq!(
        of_kind(kind, None, &[("w.yml", &off), ("x.yml", other)]),
        ["w.yml:8:11"]
    );
}

#[test]
fn a_failure_that_stays() {
    let keep = format!("{DEPLOY}          on-failure: keep\n");
    let preview = keep
        .replace("production", "preview")
        .replace("on: push", "on: pull_request");
    table(
        "workflow-rollback-off",
        Some(SHOP),
        &[
            (&keep, &["w.yml:8:11"]),
            (&keep.replace("keep", "rollback"), &[]),
            (&preview, &[]),
            (DEPLOY, &[]),
        ],
    );
}

#[test]
fn a_migration_that_cannot_be_undone() {
    let kind = "workflow-restore-point-missing";
    let neon = |command: &str, environment: &str| {
        format!(
            "      - uses: codex/actions/neon-branch@v1\n        with:\n          command: {command}\n          environment: {environment}\n"
        )
    };
    let workflow = |steps: &[String]| format!("on: push\njobs:\n  d:\n    steps:\n{}", steps.concat());
    let manifest = SHOP.replace(
        "parent = \"production\"",
        "parent = \"production\"\nmigrate = \"npm run db:migrate\"",
    ) + "[environments.staging]\nhostname = \"{subdomain}-staging\"\nworker = \"{worker}-staging\"\nbranch = \"staging\"\n";
    let migrate = neon("migrate", "production");
    table(
        kind,
        Some(&manifest),
        &[
            (&workflow(std::slice::from_ref(&migrate)), &["w.yml:7:11"]),
            (&workflow(&[neon("checkpoint", "production"), migrate.clone()]), &[]),
            (
                &workflow(&[neon("${{ inputs.command }}", "production"), migrate.clone()]),
                &[],
            ),
            // A try, a copy, and a branch of its own.
            (&workflow(&[neon("run", "production")]), &[]),
            (&workflow(&[neon("migrate", "preview")]), &[]),
            (&workflow(&[neon("migrate", "staging")]), &[]),
            (&workflow(&[format!("{migrate}          dry-run: true\n")]), &[]),
            (&workflow(&[format!("{migrate}          branch: scratch\n")]), &[]),
        ],
    );
    // By a script of the project's: in the job that deploys, and in one that it waits for.
    let script =
        "      - run: npm ci && npm run db:migrate\n        env: { DATABASE_URL: \"${{ secrets.PRODUCTION_URL }}\" }\n";
    let deploy = &DEPLOY[DEPLOY.find("      - ").unwrap()..];
    let here = workflow(&[script.to_owned(), deploy.to_owned()]);
    let before = format!(
        "on: push\njobs:\n  m:\n    environment: production\n    steps:\n{script}  d:\n    needs: m\n    steps:\n{deploy}"
    );
    let beside = before.replace("    needs: m\n", "");
    // A test's own: of a branch that the run makes, or of a database that stays for tests.
    let tests = before.replace("    environment: production\n", "");
    let made = here.replace("secrets.PRODUCTION_URL", "steps.branch.outputs.db_url");
    let theirs = here.replace("PRODUCTION_URL", "TEST_DATABASE_URL");
    table(
        kind,
        Some(&manifest),
        &[
            (&here, &["w.yml:5:9"]),
            (&before, &["w.yml:6:9"]),
            (&tests, &[]),
            (&made, &[]),
            (&theirs, &[]),
            (&beside, &[]),
            (DEPLOY, &[]),
        ],
    );
    // Nobody says how it is migrated.
    assert!(of_kind(kind, Some(SHOP), &[("w.yml", &here)]).is_empty());
}
