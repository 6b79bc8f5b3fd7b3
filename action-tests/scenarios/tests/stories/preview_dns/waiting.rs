//! `wait`: until the records answer.

use super::*;

#[tokio::test]
async fn records_are_waited_for_over_https() {
    let world = nine_services().await;
    let run = hosts(&world, "apply", "api\nweb")
        .input("records", "TXT _v v=1\nCNAME docs acme.github.io")
        .input("wait", "true")
        .input("resolver", format!("{}/dns-query?lag_ms=1200", world.cloud.admin))
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.time.as_millis() > 1200, "{run}");
    assert!(
        run.log().contains("without the right answer yet; asking again in"),
        "{run}"
    );
    assert!(run.log().contains("; answered by `http://"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn the_deadline_names_what_is_still_missing() {
    let world = nine_services().await;
    let run = hosts(&world, "apply", "api\nweb")
        .input("wait", "true")
        .input("wait-timeout", "1s")
        .input("resolver", format!("{}/dns-query?lag_ms=600000", world.cloud.admin))
        .go()
        .await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    let error = run.error().replace(&world.cloud.admin, "<admin>");
    insta::assert_snapshot!(error, @r"
    after 1.0 s, 2 names have not answered
    - `api.example.com`: `<admin>/dns-query?lag_ms=600000` does not know the name (NXDOMAIN)
    - `web.example.com`: `<admin>/dns-query?lag_ms=600000` does not know the name (NXDOMAIN)
    hint: the records are made; raise `wait-timeout`, or ask another `resolver`
    ");
    world.finish().await;
}
