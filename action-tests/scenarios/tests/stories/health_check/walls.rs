//! What stands before an application: each is named, with its key.

use scenarios::World;

use super::servers::answer_with;
use super::{assert_told, check};

#[tokio::test]
async fn each_wall_is_named_with_its_key() {
    let world = World::start().await;
    let page = "<!doctype html><html><head><title>Just a moment...</title></head></html>";
    let walls: [(u16, &str, &str, &str, &str); 9] = [
        (
            403,
            "cf-mitigated: challenge\r\ncontent-type: text/html",
            page,
            "Cloudflare's bot protection answered 403 (cf-mitigated: challenge)",
            "a WAF custom rule with action Skip",
        ),
        (
            302,
            "location: https://acme.cloudflareaccess.com/cdn-cgi/access/login/app?kid=1",
            "",
            "Cloudflare Access asks for a login",
            "`CF-Access-Client-Id` and `CF-Access-Client-Secret`",
        ),
        (
            302,
            "location: /cdn-cgi/access/login/app?kid=1",
            "",
            "Cloudflare Access asks for a login",
            "`CF-Access-Client-Id`",
        ),
        (
            401,
            "server: Vercel\r\ncontent-type: text/html",
            "<title>Authentication Required</title>",
            "Vercel's deployment protection asks for a login",
            "x-vercel-protection-bypass",
        ),
        (
            307,
            "location: https://vercel.com/sso-api?url=x&nonce=1",
            "",
            "Vercel's deployment protection asks for a login",
            "x-vercel-protection-bypass",
        ),
        (
            401,
            "server: Netlify\r\ncontent-type: text/html",
            "<form>",
            "Netlify asks for the site's password",
            "take the password protection off",
        ),
        (
            401,
            "www-authenticate: Basic realm=x",
            "",
            "the endpoint wants user and password (HTTP Basic)",
            "https://user:password@host/health",
        ),
        (
            421,
            "server: cloudflare",
            "",
            "the server is not responsible for this hostname",
            "`resolve`",
        ),
        (
            200,
            "content-type: text/html",
            "<script>window.onload=function(){window.location.href=\"/lander\"}</script>",
            "a parking page answers",
            "name servers",
        ),
    ];
    for (status, header, body, told, remedy) in walls {
        let inputs = [("follow-redirects", "any"), ("grace", "0s")];
        let run = check(&world, answer_with(status, header, body), "/health", &inputs).await;
        assert_told(&run, told);
        assert_told(&run, remedy);
    }
    world.finish().await;
}

/// A login page is a 200 for whoever follows: it is never the application.
#[tokio::test]
async fn access_is_never_healthy_whatever_is_expected() {
    let world = World::start().await;
    let login = || {
        answer_with(
            302,
            "location: https://acme.cloudflareaccess.com/cdn-cgi/access/login/app",
            "",
        )
    };
    for input in [("expect-status", "200-399"), ("follow-redirects", "any")] {
        let run = check(&world, login(), "/", &[input, ("grace", "0s")]).await;
        assert_told(&run, "Cloudflare Access asks for a login");
    }
    // Unless that it is there is what is checked.
    let inputs = [
        ("expect-status", "302"),
        ("expect-header", "Location: /cloudflareaccess/"),
    ];
    let run = check(&world, login(), "/", &inputs).await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_page_where_json_is_expected_is_told_as_one() {
    let world = World::start().await;
    let page = "<!doctype html><html><head><title>Welcome to nginx!</title></head></html>";
    let page = answer_with(200, "content-type: text/html", page);
    for (input, value, told) in [
        (
            "expect-json",
            "/status = ok",
            "it answered with an HTML page (\"Welcome to nginx!\") where JSON is expected",
        ),
        (
            "document",
            "strict",
            "not with a health document: it is an HTML page (\"Welcome to nginx!\")",
        ),
    ] {
        let run = check(&world, page.clone(), "/health", &[(input, value)]).await;
        assert_told(&run, told);
    }
    world.finish().await;
}
