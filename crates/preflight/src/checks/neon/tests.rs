use actions_core::neon::{Branch, Error, KeyKind};
use serde_json::{Value, json};

use super::facts::{Facts, Inside};
use super::judge;
use crate::checks::testing::{kinds, lines, world};

const MANIFEST: &str = r#"[project]
name = "shop"
zone = "example.com"

[database]
parent = "production"
role = "neondb_owner"
name = "neondb"

[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-preview-{pr}"
branch = "preview-pr-{pr}"
limit = 5

[environments.production]

[services.api]
path = "api"
"#;

fn branch(value: Value, pr: Option<&str>) -> Branch {
    let mut branch: Branch = serde_json::from_value(value).unwrap();
    if let Some(marker) = pr {
        branch.annotation.insert("codex-actions".to_owned(), marker.to_owned());
    }
    branch
}

fn production() -> Branch {
    branch(
        json!({"id": "br-1", "name": "production", "default": true, "protected": true}),
        None,
    )
}

/// As all is well.
fn good() -> Facts {
    Facts {
        project_id: "quiet-river-12345678".to_owned(),
        project: Ok(serde_json::from_value(json!({
            "name": "shop", "history_retention_seconds": 86400, "store_passwords": true,
            "owner": {"branches_limit": 10, "subscription_type": "free_v2"},
        }))
        .unwrap()),
        key: Some(KeyKind::Organization),
        branches: Ok(vec![production()]),
        inside: Some(Inside {
            roles: Ok(vec!["neondb_owner".to_owned()]),
            databases: Ok(vec!["neondb".to_owned()]),
        }),
    }
}

fn refused(status: u16) -> Error {
    Error::Refused {
        status,
        code: String::new(),
        message: "supplied credentials do not pass authentication".to_owned(),
        request: String::new(),
        call: "GET /projects/quiet-river-12345678".to_owned(),
        own: true,
    }
}

/// What is told when this is otherwise, in pull request 42.
async fn told(change: impl FnOnce(&mut Facts)) -> String {
    let mut facts = good();
    change(&mut facts);
    let (_, world, _folder) = world(&[("codex.toml", MANIFEST)], &[("INPUT_PULL_REQUEST", "42")]).await;
    lines(&judge::judge(&facts, &world, Some(42)))
}

#[tokio::test]
async fn nothing_is_told_of_a_project_that_has_all() {
    assert_eq!(told(|_| ()).await, "");
    // Its own branch, and its own restore points.
    let own = told(|facts| {
        let mut point = branch(
            json!({"id": "br-3", "name": "x", "parent_id": "br-2"}),
            Some("codex-actions:-:acme/app:shop:preview:42"),
        );
        point
            .annotation
            .insert("codex-actions-kind".to_owned(), "checkpoint".to_owned());
        facts.branches = Ok(vec![
            production(),
            branch(
                json!({"id": "br-2", "name": "preview-pr-42", "parent_id": "br-1"}),
                Some("codex-actions:-:acme/app:shop:preview:42"),
            ),
            point,
        ]);
    });
    assert_eq!(own.await, "");
}

#[tokio::test]
async fn a_key_that_is_wrong_is_told_once_and_nothing_else() {
    insta::assert_snapshot!(told(|facts| {
        facts.project = Err(refused(401));
        facts.branches = Err(refused(401));
        facts.inside = None;
    }).await, @"- neon-key-invalid NEON_API_KEY: Neon does not accept the API key (401): it was revoked, or is not whole; make a key at https://console.neon.tech/app/settings/api-keys and store it as the secret `NEON_API_KEY`");
    for status in [403, 404] {
        let told = told(|facts| facts.project = Err(refused(status))).await;
        assert!(told.starts_with("- neon-project-unseen NEON_PROJECT_ID: "), "{told}");
    }
    // What stands between us and Neon says nothing of either.
    let blocked = |status| {
        let mut error = refused(status);
        if let Error::Refused { own, .. } = &mut error {
            *own = false;
        }
        error
    };
    for error in [refused(502), blocked(401), blocked(403), blocked(404)] {
        let trouble = told(|facts| facts.project = Err(error)).await;
        assert!(trouble.starts_with("- neon-not-read neon: "), "{trouble}");
    }
}

#[tokio::test]
async fn what_a_key_and_a_project_cannot_do_is_told() {
    insta::assert_snapshot!(told(|facts| {
        facts.key = Some(KeyKind::Personal);
        let project = facts.project.as_mut().unwrap();
        project.permission = Some("CAN_VIEW".to_owned());
        project.store_passwords = Some(false);
        project.history_retention_seconds = 21600;
    }).await, @"
    - neon-key-views-only NEON_API_KEY: the API key may only look at project `shop` (`CAN_VIEW`); give its owner the permission to edit the project, or make a project-scoped key
    - neon-key-personal NEON_API_KEY: the API key is a person's, and reaches all that this person reaches; make a key that is limited to project `shop`: Neon's console, organization settings, API keys
    - neon-passwords-not-stored NEON_PROJECT_ID: project `shop` does not store passwords, so no connection string can be read from it; switch the storing of passwords on in the project's settings
    - neon-history-short NEON_PROJECT_ID: project `shop` keeps 6 hours of history; lengthen it under Settings → Storage as far as the plan allows, and make a checkpoint before each deployment to production
    ");
    // neon-key-views-only, neon-key-personal, neon-passwords-not-stored, neon-history-short: none where it is not told.
    let silent = told(|facts| {
        facts.key = None;
        facts.project.as_mut().unwrap().store_passwords = None;
        facts.project.as_mut().unwrap().permission = Some("CAN_EDIT".to_owned());
    });
    assert_eq!(silent.await, "");
}

#[tokio::test]
async fn a_parent_that_is_not_there_or_not_the_one_is_told() {
    insta::assert_snapshot!(told(|facts| {
        facts.branches = Ok(vec![branch(json!({"id": "br-1", "name": "producton", "default": true}), None)]);
        facts.inside = None;
    }).await, @r#"codex.toml:6:1 neon-parent-missing database.parent: the project has no branch `production`; it has `producton`; write `parent = "producton"` in `[database]`"#);
    insta::assert_snapshot!(told(|facts| {
        facts.branches = Ok(vec![
            branch(json!({"id": "br-0", "name": "main", "default": true}), None),
            branch(json!({"id": "br-1", "name": "production", "expires_at": "2026-12-24T00:00:00Z"}), None),
        ]);
    }).await, @r#"
    codex.toml:6:1 neon-parent-not-default database.parent: the parent is branch `production`, and the project's default branch is `main`; write `parent = "main"`, unless the other one is meant
    codex.toml:6:1 neon-parent-expires database.parent: Neon deletes the parent branch `production` at 2026-12-24T00:00:00Z, and copies none that expires; take the expiry off the branch in Neon's console
    "#);
}

#[tokio::test]
async fn a_role_and_a_database_that_are_not_there_are_told() {
    insta::assert_snapshot!(told(|facts| {
        facts.inside = Some(Inside { roles: Ok(vec!["app".to_owned()]), databases: Ok(Vec::new()) });
    }).await, @r#"
    codex.toml:7:1 neon-role-missing database.role: branch `production` has no role `neondb_owner`; it has `app`; write `role = "app"` in `[database]`, or make the role in Neon's console
    codex.toml:8:1 neon-database-missing database.name: branch `production` has no database `neondb`, and no other one; make the database in Neon's console
    "#);
    let lost = told(|facts| {
        facts.inside = Some(Inside {
            roles: Err(refused(502)),
            databases: Err(refused(502)),
        });
    });
    assert_eq!(lost.await.lines().count(), 1);
}

#[tokio::test]
async fn room_for_branches_is_counted() {
    let branches = |count: usize| {
        let mut all = vec![production()];
        all.extend((1..count).map(|n| branch(json!({"id": format!("br-x{n}"), "name": format!("x{n}")}), None)));
        Ok(all)
    };
    insta::assert_snapshot!(told(|facts| facts.branches = branches(10)).await, @"- neon-branches-used-up NEON_PROJECT_ID: project `shop` has 10 branches, and its plan allows 10; delete branches that nobody needs, or take a larger plan");
    insta::assert_snapshot!(told(|facts| facts.branches = branches(8)).await, @"codex.toml:14:1 neon-branches-few environments.preview: `limit` of environment `preview` is 5, and the plan leaves room for 2; write `limit = 2` or less, or take a larger plan");
    assert_eq!(told(|facts| facts.branches = branches(5)).await, "");
}

#[tokio::test]
async fn a_branch_that_is_anothers_or_has_children_is_told() {
    let with = |marker: &'static str, child: bool| {
        move |facts: &mut Facts| {
            let mut all = vec![
                production(),
                branch(
                    json!({"id": "br-2", "name": "preview-pr-42", "parent_id": "br-1"}),
                    Some(marker),
                ),
            ];
            all.extend(child.then(|| branch(json!({"id": "br-3", "name": "mine", "parent_id": "br-2"}), None)));
            facts.branches = Ok(all);
        }
    };
    insta::assert_snapshot!(told(with("codex-actions:7:other/repo:shop:preview:42", false)).await, @"- neon-branch-foreign environments.preview: branch `preview-pr-42` of environment `preview 42` belongs to preview 42 of shop in other/repo (7); change `branch` of the environment, or rename the other branch in Neon's console");
    insta::assert_snapshot!(told(with("codex-actions:-:acme/app:shop:preview:42", true)).await, @"- neon-branch-has-children environments.preview: branch `preview-pr-42` of environment `preview 42` cannot be deleted while `mine` exists, made from it; delete those branches in Neon's console, or make them from the parent");
}

#[tokio::test]
async fn previews_on_the_parent_itself_are_told_without_a_request() {
    let without = MANIFEST.replace("branch = \"preview-pr-{pr}\"\nlimit = 5\n", "");
    let migrates = without.replace("name = \"neondb\"", "name = \"neondb\"\nmigrate = \"npm run migrate\"");
    for (manifest, expected) in [
        (MANIFEST, &[][..]),
        (without.as_str(), &["neon-preview-shares-parent"]),
        (migrates.as_str(), &["neon-preview-migrates-parent"]),
    ] {
        let (_, world, _folder) = world(&[("codex.toml", manifest)], &[]).await;
        assert_eq!(kinds(&judge::shared(&world)), expected);
    }
    let (_, world, _folder) = world(&[("codex.toml", &without)], &[]).await;
    insta::assert_snapshot!(lines(&judge::shared(&world)), @r#"codex.toml:10:15 neon-preview-shares-parent environments.preview: environment `preview` has no `branch`, so each pull request reads and writes branch `production`; add `branch = "preview-pr-{pr}"` to `[environments.preview]`"#);
}
