//! Cloudflare's own SDK is the witness: it reads what we made, by the marker that we wrote.

use scenarios::npm;
use tokio::process::Command;

use super::*;

const SCRIPT: &str = r#"
import Cloudflare from "cloudflare";
const client = new Cloudflare({ apiToken: process.env.TOKEN, baseURL: process.env.API });
const owned = async () => {
  const found = [];
  const filter = { zone_id: process.env.ZONE, comment: { exact: "codex-actions:1296269:acme/app:codex:preview:42" }, per_page: 5 };
  for await (const record of client.dns.records.list(filter)) {
    found.push([record.type, record.name, record.content, record.proxied, record.ttl].join(" "));
  }
  return found.sort();
};
console.log(JSON.stringify(await owned()));
"#;

async fn owned(world: &World) -> Vec<String> {
    world.file("sdk/list.mjs", SCRIPT);
    let folder = world.workspace().join("sdk");
    let modules = folder.join("node_modules");
    if !modules.exists() {
        // Node finds packages beside the script.
        std::os::unix::fs::symlink(npm::clients().join("node_modules"), modules).unwrap();
    }
    let done = Command::new(npm::node())
        .arg(folder.join("list.mjs"))
        .env("TOKEN", scenarios::tokens::CLOUDFLARE)
        .env("API", &world.cloud.cloudflare)
        .env("ZONE", ids::ZONE)
        .output()
        .await
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[tokio::test]
async fn the_official_sdk_lists_what_we_made_and_nothing_after_the_delete() {
    let world = nine_services().await;
    assert_eq!(dns(&world, "apply").go().await.code, 0);
    let listed = owned(&world).await;
    assert_eq!(listed.len(), 9, "{listed:?}");
    assert_eq!(listed[0], "AAAA admin-preview-42.example.com 100:: true 1");
    assert_eq!(dns(&world, "delete").go().await.code, 0);
    assert!(owned(&world).await.is_empty());
    world.finish().await;
}
