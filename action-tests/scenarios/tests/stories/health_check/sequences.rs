//! Checks that build on each other: log in, then read with the cookie or the token.

use scenarios::World;

use super::assert_told;
use super::servers::{Server, site};

fn json(status: u16, body: &str) -> (u16, String, Vec<u8>) {
    (status, "content-type: application/json\r\n".to_owned(), body.into())
}

/// A shop behind a login by token and by cookie.
fn shop(request: &str) -> (u16, String, Vec<u8>) {
    let line = request.lines().next().unwrap_or_default();
    if line.starts_with("POST /login ") && request.contains(r#""user":"smoke""#) {
        return json(200, r#"{"data":{"token":"t0k3n-of-th3-day","id":42}}"#);
    }
    if line.starts_with("POST /session ") {
        let (_, _, body) = json(200, "{}");
        return (200, "set-cookie: sid=s3ss10n; Path=/; HttpOnly\r\n".to_owned(), body);
    }
    let by_token = request.contains("authorization: Bearer t0k3n-of-th3-day");
    let by_cookie = request.contains("cookie: sid=s3ss10n");
    if line.starts_with("GET /users/42 ") && by_token || line.starts_with("GET /cart ") && by_cookie {
        return json(200, r#"{"id":42,"name":"smoke"}"#);
    }
    json(403, r#"{"error":"who are you?","got":"t0k3n-of-th3-day"}"#)
}

fn checks(server: &Server) -> String {
    format!(
        r#"
        [[checks]]
        name = "log in"
        url = "{base}/login"
        method = "POST"
        send = {{ Content-Type = "application/json" }}
        body = '{{"user":"smoke"}}'
        capture = {{ "/data/token" = "token", "/data/id" = "id" }}

        [[checks]]
        name = "open a session"
        url = "{base}/session"
        method = "POST"
        capture = {{ Set-Cookie = "session" }}

        [[checks]]
        name = "read"
        url = "{base}/users/{{id}}"
        send = {{ Authorization = "Bearer {{token}}" }}
        json = {{ "/id" = "{{id}}" }}

        [[checks]]
        name = "cart"
        url = "{base}/cart"
        send = {{ Cookie = "{{session}}" }}
        json = {{ "/name" = "smoke" }}
        "#,
        base = server.url("")
    )
}

#[tokio::test]
async fn a_login_is_used_by_the_steps_after_it() {
    let world = World::start().await;
    let server = Server::start(vec![site(shop)]).await;
    let run = world.run("health-check").input("checks", checks(&server)).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.report["endpoints"][0]["name"], "log in → read");
    assert_eq!(run.report["endpoints"][1]["name"], "open a session → cart");
    assert_eq!(run.report["endpoints"].as_array().unwrap().len(), 2);
    assert_eq!(server.requests(), 4, "{run}");
    assert!(
        run.report["endpoints"][0]["url"]
            .as_str()
            .unwrap()
            .ends_with("/users/{id}"),
        "{run}"
    );
    for secret in ["t0k3n-of-th3-day", "sid=s3ss10n"] {
        assert!(
            run.masks().iter().any(|mask| mask == secret),
            "`{secret}` is not masked"
        );
        let told = format!("{}{}{}", run.log(), run.summary, run.report);
        assert!(!told.contains(secret), "{told}");
    }
    world.finish().await;
}

#[tokio::test]
async fn the_step_that_fails_is_named_and_no_value_is_told() {
    let world = World::start().await;
    let server = Server::start(vec![site(shop)]).await;
    let wrong = checks(&server).replace("Bearer {token}", "Token {token}");
    let run = world
        .run("health-check")
        .input("checks", wrong)
        .input("grace", "0s")
        .go()
        .await;
    assert_told(&run, "step `read`: it answered 403: the endpoint wants a login");
    let told = format!("{}{}{}", run.log(), run.summary, run.report);
    assert!(!told.contains("t0k3n-of-th3-day"), "{told}");

    let missing = checks(&server).replace("/data/token", "/data/jwt");
    let run = world
        .run("health-check")
        .input("checks", missing)
        .input("timeout", "1s")
        .go()
        .await;
    assert_told(&run, "step `log in`: there is nothing to capture at `/data/jwt`");
    world.finish().await;
}

#[tokio::test]
async fn names_that_do_not_fit_are_told_before_anything_is_asked() {
    let world = World::start().await;
    let server = Server::start(vec![site(shop)]).await;
    let text = checks(&server)
        .replace("Bearer {token}", "Bearer {tokn}")
        .replace("Set-Cookie = \"session\"", "\"no header\" = \"session\"");
    let run = world.run("health-check").input("checks", text).go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @r"
    3 inputs are wrong; nothing was touched
    - `checks`: check `log in`: captures `token`, but no later check uses `{token}`
    - `checks`: check `open a session`: `capture`: `no header` is neither a JSON pointer nor a header's name
    - `checks`: check `read`: uses `{tokn}`, which no check before it captures; did you mean `{token}`?
    ");
    assert_eq!(server.requests(), 0);
    world.finish().await;
}
