//! Stories of `deploy-workers` in two jobs: one builds and has no secret, the other deploys and runs no code.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use scenarios::{Run, Start, World, ids, tokens};
use serde_json::{Value, json};

use crate::deploy_workers::{DATABASE_URL, account, worker};
use crate::deploy_workers_bundling::spy;

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"

[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-{pr}"

[environments.production]
worker = "{worker}-production"
wrangler-env = "production"
routing = "custom-domain"

[services.api]
path = "workers/api"
secrets = ["DATABASE_URL"]

[services.web]
path = "web"
build = "touch built"
kv = ["CACHE"]
"#;

/// `api` is bundled by wrangler, `web` is built already and has assets.
async fn project() -> World {
    let world = World::start().await;
    spy(&world, "4.164.0", ">=18");
    world.file("codex.toml", MANIFEST);
    world.file(
        "workers/api/wrangler.toml",
        "name = \"api\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-07-01\"\n[env.production]\nname = \"api\"\n",
    );
    let kv = |id: &str| json!([{"binding": "CACHE", "id": id}]);
    let config = json!({
        "kv_namespaces": kv("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        "assets": {"directory": "public", "binding": "ASSETS", "not_found_handling": "404-page"},
        "vars": {"STAGE": "preview"},
        "env": {"production": {"vars": {"STAGE": "production"}, "kv_namespaces": kv("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")}},
    });
    worker(
        &world,
        "web",
        &config,
        "export default { fetch: (r, e) => e.ASSETS.fetch(r) };",
    );
    world.file("web/public/index.html", "<h1>hello</h1>");
    world.file("web/public/a: name?.txt", "the same\n");
    world.file("web/public/copy.txt", "the same\n");
    world.file("web/public/_headers", "/*\n  X-Frame-Options: DENY\n");
    world
}

/// The job without any secret.
fn build(world: &World) -> Start<'_> {
    [
        "cloudflare-api-token",
        "cloudflare-account-id",
        "github-token",
        "neon-api-key",
        "neon-project-id",
    ]
    .into_iter()
    .fold(world.run("deploy-workers").input("command", "build"), Start::without)
}

/// The job that has no Node, no packages and nothing built.
fn deploy<'w>(world: &'w World, digest: &str) -> Start<'w> {
    world
        .run("deploy-workers")
        .input("health", "false")
        .input("bundles", "codex-bundles")
        .input("bundles-digest", digest)
        .env("DATABASE_URL", DATABASE_URL)
        .env("PATH", "/nowhere")
}

fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
    run
}

/// What only a checkout has.
fn forget_the_build(world: &World) {
    std::fs::remove_dir_all(world.workspace().join("node_modules")).unwrap();
    for file in ["web/dist", "web/public"] {
        std::fs::remove_dir_all(world.workspace().join(file)).unwrap();
    }
    std::fs::remove_file(world.workspace().join("web/built")).unwrap();
}

fn files(world: &World, environment: &str) -> Vec<PathBuf> {
    let folder = world.workspace().join("codex-bundles").join(environment).join("files");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// A Worker as it was left, but for what differs from run to run.
fn left(world: &World, name: &str) -> Value {
    let worker = &account(world)["workers"][name];
    let version = &worker["versions"][0];
    let mut content = version["content"].clone();
    for binding in content["bindings"].as_array_mut().unwrap() {
        if binding["type"] == "kv_namespace" {
            binding["namespace_id"] = "its own".into();
        }
    }
    content.as_object_mut().unwrap().remove("etag");
    json!({"content": content, "tag": version["annotations"]["workers/tag"], "settings": worker["settings"], "tags": worker["tags"]})
}

#[tokio::test]
async fn what_one_job_has_built_another_deploys() {
    // As one job does both.
    let whole = project().await;
    ok(whole
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", DATABASE_URL)
        .go()
        .await);
    let expected = [left(&whole, "api-42"), left(&whole, "web-42")];
    whole.finish().await;

    let world = project().await;
    let built = ok(build(&world).go().await);
    assert!(
        world.requests().is_empty(),
        "a build asks nobody: {:?}",
        world.requests()
    );
    assert_eq!(built.report["command"], "build");
    assert_eq!(built.output("changed"), "false");
    let folder = world.workspace().join("codex-bundles");
    assert_eq!(built.output("bundles"), folder.display().to_string());
    let digest = built.output("bundles-digest").to_owned();
    assert!(
        built.stdout.contains("\nweb: built by `touch built` in ")
            && built.stdout.contains("  variables: STAGE = preview\n"),
        "{built}"
    );
    let last = built.stdout.split("::endgroup::\n").nth(1).unwrap();
    insta::assert_snapshot!(last.replace(&folder.display().to_string(), "<folder>").replace(&digest, "<digest>"), @"
    2 bundles in `<folder>`, for preview 42 and commit `6dcb09b5b57875f334f61aebed695e2e4193db5e` only
    bundles-digest: <digest>
    a deployment needs these variables in the step's `env`: `DATABASE_URL`
    ");
    // Two assets are the same.
    assert_eq!(files(&world, "preview").len(), 4);
    let left_over: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left_over, ["preview"]);
    forget_the_build(&world);

    let run = ok(deploy(&world, &digest).go().await);
    assert_eq!(run.output("changed"), "true");
    assert!(
        run.stdout
            .contains("2 services taken from bundles; 4 files are what was built"),
        "{run}"
    );
    assert!(
        run.stdout.contains("api: bundled by wrangler 4.164.0 on Node "),
        "{run}"
    );
    assert!(!world.workspace().join("web/built").exists(), "a build command was run");
    assert_eq!([left(&world, "api-42"), left(&world, "web-42")], expected);
    let manifest = std::fs::read_to_string(folder.join("preview/bundles.json")).unwrap();
    for secret in [tokens::CLOUDFLARE, tokens::GITHUB, tokens::NEON, "npg_s3cret"] {
        assert!(!manifest.contains(secret));
    }

    let mark = world.mark();
    let again = ok(deploy(&world, &digest).go().await);
    assert_eq!(again.output("changed"), "false", "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn each_environment_has_bundles_of_its_own() {
    let world = project().await;
    ok(build(&world).go().await);
    let production = ok(build(&world).input("environment", "production").go().await);
    let digest = production.output("bundles-digest").to_owned();
    // A second time takes the first one's place.
    let again = ok(build(&world).input("environment", "production").go().await);
    assert_eq!(again.output("bundles-digest"), digest, "the same build, other bundles");
    let kv = json!([{"id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "title": "production-cache"}]);
    world.seed(&json!({"cloudflare": {"kv": kv}})).await;
    let plan = deploy(&world, &digest)
        .input("environment", "production")
        .input("dry-run", "true");
    let plan = ok(plan.go().await);
    assert!(plan.stdout.contains("  variables: STAGE = production\n"), "{plan}");
    ok(deploy(&world, "").go().await);
    let bindings = &account(&world)["workers"]["web-42"]["versions"][0]["content"]["bindings"];
    let stage = bindings
        .as_array()
        .unwrap()
        .iter()
        .find(|binding| binding["name"] == "STAGE");
    assert_eq!(stage.unwrap()["text"], "preview");
    world.finish().await;
}

/// Bundles that were built, and a copy of them to spoil.
struct Spoiled {
    world: World,
    digest: String,
    /// Where `deploy` looks.
    place: PathBuf,
    whole: PathBuf,
    manifest: String,
}

impl Spoiled {
    async fn new() -> Self {
        let world = project().await;
        let digest = ok(build(&world).go().await).output("bundles-digest").to_owned();
        let place = world.workspace().join("codex-bundles/preview");
        let whole = world.workspace().join("whole");
        std::fs::rename(&place, &whole).unwrap();
        let manifest = std::fs::read_to_string(whole.join("bundles.json")).unwrap();
        Self {
            world,
            digest,
            place,
            whole,
            manifest,
        }
    }

    /// Makes them whole again.
    fn mend(&self) {
        let folder = self.place.parent().unwrap();
        let _ = std::fs::remove_file(&self.place);
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir(folder).unwrap();
        copy(&self.whole, &self.place);
    }

    /// The first file, whichever content it has.
    fn file(&self) -> PathBuf {
        files(&self.world, "preview").remove(0)
    }

    fn rewrite(&self, from: &str, to: &str) {
        assert!(self.manifest.contains(from), "{}", self.manifest);
        std::fs::write(self.place.join("bundles.json"), self.manifest.replace(from, to)).unwrap();
    }

    fn spoil(&self, shape: &str) {
        match shape {
            "nothing" => std::fs::rename(&self.place, self.place.with_file_name("production")).unwrap(),
            "link to the folder" => {
                std::fs::remove_dir_all(&self.place).unwrap();
                symlink(&self.whole, &self.place).unwrap();
            }
            "changed" => std::fs::write(self.file(), "export default evil").unwrap(),
            "missing" => std::fs::remove_file(self.file()).unwrap(),
            "more" => std::fs::write(self.place.join("files/evil.js"), "").unwrap(),
            "more beside" => std::fs::write(self.place.join("package.json"), "").unwrap(),
            "link" => {
                let file = self.file();
                std::fs::remove_file(&file).unwrap();
                symlink(self.whole.join("files").join(file.file_name().unwrap()), file).unwrap();
            }
            "outside" => {
                let hash = &self.manifest.split("\"sha256\": \"").nth(1).unwrap()[..64];
                self.rewrite(hash, "../../../../../../etc/passwd");
            }
            "other manifest" => self.rewrite("\"STAGE\"", "\"STAGES\""),
            "other commit" => self.rewrite(ids::HEAD_SHA, "0000000000000000000000000000000000000000"),
            "other pull request" => self.rewrite("\"pull-request\": 42", "\"pull-request\": 43"),
            "other environment" => self.rewrite("\"environment\": \"preview\"", "\"environment\": \"production\""),
            "other asset" => self.rewrite("\"/copy.txt\"", "\"/../copy.txt\""),
            "other format" => self.rewrite("\"format\": 1", "\"format\": 9"),
            "no service" => self.rewrite("\"api\": {", "\"app\": {"),
            _ => std::fs::write(self.place.join("bundles.json"), "{").unwrap(),
        }
    }
}

#[tokio::test]
async fn bundles_that_are_not_what_was_built_are_refused() {
    let spoiled = Spoiled::new().await;
    let world = &spoiled.world;
    let mut texts = Vec::new();
    for shape in [
        "nothing",
        "link to the folder",
        "changed",
        "missing",
        "more",
        "more beside",
        "link",
        "outside",
        "other manifest",
        "other commit",
        "other pull request",
        "other environment",
        "other asset",
        "other format",
        "no service",
        "no json",
    ] {
        spoiled.mend();
        spoiled.spoil(shape);
        let known = if shape == "other manifest" { &spoiled.digest } else { "" };
        let run = deploy(world, known).go().await;
        assert_eq!(run.code, 2, "{shape}: {run}");
        assert_eq!(run.output("changed"), "false");
        let text = run.error().replace(&world.workspace().display().to_string(), "~");
        texts.push(format!("{shape}: {text}"));
    }
    assert!(
        world
            .requests()
            .iter()
            .all(|request| request["provider"] != "cloudflare")
    );
    insta::assert_snapshot!(without_hashes(&texts.join("\n\n")), @"
    nothing: one input is wrong; nothing was touched
    - `bundles`: `~/codex-bundles` holds bundles of `production`, and none of `preview`; run `command: build` for `preview` in an earlier job, and download its artifact to this folder

    link to the folder: one input is wrong; nothing was touched
    - `bundles`: `~/codex-bundles/preview/bundles.json` is a link, or in one; bundles are plain files

    changed: one input is wrong; nothing was touched
    - `bundles`: files are not what they were when they were built: `<hash>`

    missing: one input is wrong; nothing was touched
    - `bundles`: files are missing: `<hash>`

    more: one input is wrong; nothing was touched
    - `bundles`: files are there that their manifest does not know: `files/evil.js`

    more beside: one input is wrong; nothing was touched
    - `bundles`: files are there that their manifest does not know: `package.json`

    link: one input is wrong; nothing was touched
    - `bundles`: what should be files are none (bundles hold no links): `<hash>`

    outside: one input is wrong; nothing was touched
    - `bundles`: `~/codex-bundles/preview/bundles.json` is no manifest of bundles: `../../../../../../etc/passwd` is no SHA-256 at line 22 column 9

    other manifest: one input is wrong; nothing was touched
    - `bundles`: they are not those that were built: `~/codex-bundles/preview/bundles.json` has the digest `<hash>`, and `bundles-digest` is `<hash>`

    other commit: one input is wrong; nothing was touched
    - `bundles`: they are of commit `0000000000000000000000000000000000000000`, and this run is about `6dcb09b5b57875f334f61aebed695e2e4193db5e`: build and deploy in one run

    other pull request: one input is wrong; nothing was touched
    - `bundles`: they are of preview 43, and this is preview 42

    other environment: one input is wrong; nothing was touched
    - `bundles`: they are of production 42, and this is preview 42

    other asset: one input is wrong; nothing was touched
    - `bundles`: `web`: `/../copy.txt` is no asset's path

    other format: one input is wrong; nothing was touched
    - `bundles`: `~/codex-bundles/preview/bundles.json` has format 9, and this version of the action reads 1: build and deploy with the same version

    no service: one input is wrong; nothing was touched
    - `bundles`: they hold no `api`; build them with the same `services`

    no json: one input is wrong; nothing was touched
    - `bundles`: `~/codex-bundles/preview/bundles.json` is no manifest of bundles: EOF while parsing an object at line 1 column 1
    ");

    spoiled.world.finish().await;
}

#[tokio::test]
async fn whole_bundles_that_reach_production_are_refused_by_this_checkout() {
    let spoiled = Spoiled::new().await;
    spoiled.mend();
    let (before, after) = (
        r#""text": "preview""#,
        r#""namespace_id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
    );
    let variable = format!("\"name\": \"STAGE\",\n            \"type\": \"plain_text\",\n            {before}");
    let binding = format!("\"name\": \"SESSIONS\", \"type\": \"kv_namespace\", {after}");
    spoiled.rewrite(&variable, &binding);
    let run = deploy(&spoiled.world, "").go().await;
    assert_eq!(run.code, 2, "{run}");
    let text = "binding `SESSIONS` is production's KV namespace `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb`";
    assert!(run.error().contains(text), "{run}");
    assert!(spoiled.world.requests().iter().all(|request| request["write"] != true));
    spoiled.world.finish().await;
}

/// What a hash is depends on the Node that the test finds.
fn without_hashes(text: &str) -> String {
    let words = text.split('`').map(|word| {
        let is_hash = word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
        if is_hash { "<hash>" } else { word }
    });
    words.collect::<Vec<_>>().join("`")
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn what_goes_not_with_bundles_is_told_at_once() {
    let world = project().await;
    let run = build(&world)
        .input("bundles-digest", "x")
        .input("uploader", "wrangler")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    let first = run.error();
    let run = deploy(&world, "").input("command", "validate").go().await;
    assert_eq!(run.code, 2, "{run}");
    let second = run.error();
    let run = deploy(&world, "").input("build-env", "DATABASE_URL").go().await;
    assert_eq!(run.code, 2, "{run}");
    let third = run.error();
    // Nobody's folder is replaced.
    world.file("taken/preview/mine.txt", "mine");
    let run = build(&world).input("bundles", "taken").go().await;
    assert_eq!(run.code, 1, "{run}");
    let fourth = run.error().replace(&world.workspace().display().to_string(), "~");
    assert!(world.workspace().join("taken/preview/mine.txt").is_file());
    // Bundles of no known commit could be deployed as any other's.
    let comment = json!({"action": "created", "issue": {"number": 42, "pull_request": {}}, "repository": {"id": 1_296_269, "full_name": ids::REPOSITORY}});
    world.event(&comment);
    let run = build(&world).env("GITHUB_EVENT_NAME", "issue_comment").go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!([first, second, third, fourth, run.error()].join("\n\n"), @"
    2 inputs are wrong; nothing was touched
    - `bundles-digest`: goes with `bundles` and `command: deploy`
    - `bundles`: wrangler uploads `api` and `web`, from the project itself; deploy it in a step of its own, or with `uploader: api`

    one input is wrong; nothing was touched
    - `bundles`: goes with `command: build` and `command: deploy`

    one input is wrong; nothing was touched
    - `build-env`: goes not with `bundles`: nothing is built here; give it to `command: build`

    `~/taken/preview` is there already, and holds no bundles
    hint: name another folder with `bundles`

    the commit that this run is about is not known, and bundles are bound to theirs
    caused by: the commit of pull request #42 is not known, since no `github-token` was given: pass `${{ github.token }}`, and give the job `pull-requests: read`
    ");
    world.finish().await;
}
