//! GraphQL as the actions speak it that comment most: `sticky-pull-request-comment` 3.0.4 and its like.

use serde_json::{Value, json};

use crate::github_world::{TOKEN, call, call_with, post, seed};
use crate::world::World;

async fn ask_as(world: &World, token: &str, query: &str, variables: Value) -> crate::http::Answer {
    let body = json!({"query": query, "variables": variables});
    call_with(world, token, "POST", "/graphql", &[], &body).await
}

async fn ask(world: &World, query: &str, variables: Value) -> Value {
    let answer = ask_as(world, TOKEN, query, variables).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Asks for the first comment that the viewer wrote and that is not hidden, page by page.
const FIND: &str = "
query($repo: String! $owner: String! $number: Int! $after: String) {
  viewer { login }
  repository(name: $repo owner: $owner) {
    pullRequest(number: $number) {
      comments(first: 100 after: $after) {
        nodes { id author { login } isMinimized body }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
}";

#[tokio::test]
async fn a_sticky_comment_is_found_changed_hidden_and_deleted() {
    let world = World::new().await;
    seed(&world, json!({"comments": [{"body": "noise", "times": 130}]})).await;
    let ours = post(&world, "/issues/42/comments", json!({"body": "one\n<!-- Sticky -->"})).await;
    let find = async || {
        let mut after = Value::Null;
        loop {
            let variables = json!({"owner": "acme", "repo": "app", "number": 42, "after": after});
            let data = ask(&world, FIND, variables).await["data"].clone();
            // REST's login of the bot has `[bot]`, a comment's author here has not.
            let viewer = data["viewer"]["login"].as_str().unwrap().replace("[bot]", "");
            let comments = &data["repository"]["pullRequest"]["comments"];
            let nodes = comments["nodes"].as_array().unwrap();
            let found = nodes
                .iter()
                .find(|it| it["author"]["login"] == viewer.as_str() && it["isMinimized"] == false);
            if let Some(found) = found {
                return Some(found.clone());
            }
            if comments["pageInfo"]["hasNextPage"] == false {
                return None;
            }
            after = comments["pageInfo"]["endCursor"].clone();
        }
    };
    let found = find().await.unwrap();
    assert_eq!(found["id"], ours["node_id"]);

    let update =
        "mutation($input: UpdateIssueCommentInput!) { updateIssueComment(input: $input) { issueComment { id body } } }";
    let changed = ask(&world, update, json!({"input": {"id": found["id"], "body": "two"}})).await;
    let expected = json!({"id": found["id"], "body": "two"});
    assert_eq!(changed["data"]["updateIssueComment"]["issueComment"], expected);
    let path = format!("/issues/comments/{}", ours["id"]);
    assert_eq!(call(&world, "GET", &path, Value::Null).await.json()["body"], "two");

    let hide = "mutation($input: MinimizeCommentInput!) { minimizeComment(input: $input) { clientMutationId } }";
    let input = json!({"input": {"subjectId": found["id"], "classifier": "OUTDATED", "clientMutationId": "mine"}});
    let hidden = ask(&world, hide, input).await;
    assert_eq!(
        hidden,
        json!({"data": {"minimizeComment": {"clientMutationId": "mine"}}})
    );
    assert_eq!(find().await, None);
    let shown = "mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { unminimizedComment { isMinimized minimizedReason } } }";
    let shown = ask(&world, shown, json!({"id": found["id"]})).await;
    assert_eq!(
        shown["data"]["unminimizeComment"]["unminimizedComment"],
        json!({"isMinimized": false, "minimizedReason": null})
    );

    let delete = "mutation($id: ID!) { deleteIssueComment(input: { id: $id }) { clientMutationId } }";
    let gone = ask(&world, delete, json!({"id": found["id"]})).await;
    assert_eq!(
        gone,
        json!({"data": {"deleteIssueComment": {"clientMutationId": null}}})
    );
    assert_eq!(call(&world, "GET", &path, Value::Null).await.status, 404);
    let again = ask(&world, delete, json!({"id": found["id"]})).await;
    assert_eq!(again["data"], json!({"deleteIssueComment": null}));
    assert_eq!(again["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(again["errors"][0]["path"], json!(["deleteIssueComment"]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn aliases_fragments_and_directives_are_understood() {
    let world = World::new().await;
    seed(&world, json!({"issues": [{"number": 7, "title": "Seven"}]})).await;
    let query = "
query Both($with: Boolean = false, $owner: String = \"acme\") {
  app: repository(owner: $owner, name: \"app\") {
    one: issueOrPullRequest(number: 42) { __typename ...Title ... on PullRequest { headRefName } }
    other: issueOrPullRequest(number: 7) { __typename ...Title ... on PullRequest { headRefName } }
    nameWithOwner @include(if: $with)
    name @skip(if: $with)
  }
}
fragment Title on IssueOrPullRequest { ... on Issue { title state } ... on PullRequest { title state } }";
    let answer = ask(&world, query, json!({})).await;
    assert_eq!(
        answer,
        json!({"data": {"app": {
            "one": {"__typename": "PullRequest", "title": "Rebuild the checkout", "state": "OPEN", "headRefName": "feature/checkout"},
            "other": {"__typename": "Issue", "title": "Seven", "state": "OPEN"},
            "name": "app",
        }}})
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_in_githubs_shape() {
    let world = World::new().await;
    let nothing = ask(
        &world,
        "{ repository(owner: \"acme\", name: \"gone\") { id } }",
        json!({}),
    )
    .await;
    assert_eq!(
        nothing,
        json!({"data": {"repository": null}, "errors": [{
            "type": "NOT_FOUND",
            "path": ["repository"],
            "locations": [{"line": 1, "column": 3}],
            "message": "Could not resolve to a Repository with the name 'acme/gone'.",
        }]})
    );
    let unparsed = ask(&world, "{ viewer { login ", json!({})).await;
    assert!(unparsed["errors"][0]["message"].is_string() && unparsed.get("data").is_none());
    let declared = ask(&world, FIND, json!({"owner": "acme", "repo": "app"})).await;
    assert_eq!(
        declared["errors"][0]["message"],
        "Variable $number of type Int! was provided invalid value"
    );
    let bare = ask(&world, "{ viewer }", json!({})).await;
    assert_eq!(bare["errors"][0]["extensions"]["code"], "selectionMismatch");
    let unbounded =
        "{ repository(owner: \"acme\", name: \"app\") { pullRequest(number: 42) { comments { totalCount } } } }";
    let unbounded = ask(&world, unbounded, json!({})).await;
    assert_eq!(unbounded["errors"][0]["type"], "MISSING_PAGINATION_BOUNDARIES");

    seed(
        &world,
        json!({"tokens": [{"token": "reader", "permissions": {"issues": "read"}}]}),
    )
    .await;
    let ours = post(&world, "/issues/42/comments", json!({"body": "one"})).await;
    let hide = "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: SPAM}) { clientMutationId } }";
    let refused = ask_as(&world, "reader", hide, json!({"id": ours["node_id"]}))
        .await
        .json();
    assert_eq!(refused["errors"][0]["type"], "FORBIDDEN");
    world.cloud.stop().await;
}

/// Whether GitHub knows a field that is not modelled, nobody here can tell: loud, and nothing of the rest has happened.
#[tokio::test]
async fn a_field_that_is_not_modelled_stops_the_whole_operation() {
    let world = World::new().await;
    let ours = post(&world, "/issues/42/comments", json!({"body": "one"})).await;
    let query = "mutation($id: ID!) { deleteIssueComment(input: {id: $id}) { clientMutationId deletedAt } }";
    let answer = ask_as(&world, TOKEN, query, json!({"id": ours["node_id"]})).await;
    assert_eq!(answer.status, 501);
    let error = &answer.json()["errors"][0];
    assert_eq!(
        (&error["message"], &error["extensions"]),
        (
            &json!("Field 'deletedAt' doesn't exist on type 'DeleteIssueCommentPayload'"),
            &json!({"code": "undefinedField", "typeName": "DeleteIssueCommentPayload", "fieldName": "deletedAt"}),
        )
    );
    assert_eq!(error["path"], json!(["mutation", "deleteIssueComment", "deletedAt"]));
    let path = format!("/issues/comments/{}", ours["id"]);
    assert_eq!(call(&world, "GET", &path, Value::Null).await.status, 200);
    world.cloud.stop().await;
}
