//! A row written through the preview is in the preview's database and not in production's.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::production;
use super::story::{Service, Story};

/// Nothing else is called so.
const TITLE: &str = "Written through the preview of pull request 42";

pub(crate) fn is_in_the_preview_only(story: &Story<'_>, services: &[Service]) -> Result<((), String)> {
    let web = services
        .iter()
        .find(|service| service.name == "web")
        .context("there is no service `web`")?;
    // The web app passes it on to content-api, which asks identity-api: three Workers and two service bindings.
    let path = "/api/content/items";
    let written = story
        .cloud
        .visit("POST", &web.hostname, path, Some(&json!({"title": TITLE})))?;
    ensure!(
        written.status == 201,
        "POST {}{path} answered {}: {}",
        web.url,
        written.status,
        written.body
    );
    let listed = story.cloud.visit("GET", &web.hostname, path, None)?;
    let listed: Value = serde_json::from_str(&listed.body).context("the list of items is no JSON")?;
    let items = listed["items"].as_array().map_or(&[][..], Vec::as_slice);
    let in_preview = items.iter().filter(|item| item["title"] == TITLE).count();
    ensure!(
        in_preview == 1,
        "the preview lists {in_preview} rows with the title that was written, not 1"
    );

    let count = |query, value| production::count(story.cloud, &story.consumer, query, value);
    // A count of all shows that the question can be answered with something else than 0.
    let all = count("SELECT count(*) FROM content_items WHERE title <> $1", TITLE)?;
    let in_production = count("SELECT count(*) FROM content_items WHERE title = $1", TITLE)?;
    ensure!(
        all > 0,
        "production has no rows, so that the absence of one proves nothing"
    );
    ensure!(
        in_production == 0,
        "the row that was written through the preview is in production"
    );
    Ok((
        (),
        format!("written through web → content-api, read back; production has {all} other rows and not this one"),
    ))
}
