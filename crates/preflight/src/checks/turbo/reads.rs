//! Which variables a task's script reads: by itself, in the files that it names, in what its tools read.

use std::path::Path;

use ignore::WalkBuilder;

use super::names::Known;
use super::tasks::Task;
use super::workspace::NOT_CODE;
use crate::world::from;

/// A file of code that is longer is made by a machine.
const LONGEST: u64 = 256 * 1024;
/// Files of a package that are read at most.
const MOST: usize = 2000;

/// A variable, and where it is read first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) name: String,
    /// `file:line`, or the script.
    pub(super) at: String,
}

/// What a tool reads of a package.
struct Tool {
    /// As scripts call it, with the command where only that one reads.
    command: &'static str,
    /// Its configuration: `<stem>.config.*`.
    configs: &'static [&'static str],
    /// Whether it runs tests, and with them what they test.
    tests: bool,
    /// Whether it puts `import.meta.env` into what it builds.
    builds_in: bool,
}

const fn tool(command: &'static str, configs: &'static [&'static str], tests: bool, builds_in: bool) -> Tool {
    Tool {
        command,
        configs,
        tests,
        builds_in,
    }
}

/// What is only checked or generated needs no values, although the same configuration is loaded.
const TOOLS: [Tool; 20] = [
    tool("astro build", &["astro"], false, true),
    tool("drizzle-kit migrate", &["drizzle"], false, false),
    tool("drizzle-kit pull", &["drizzle"], false, false),
    tool("drizzle-kit push", &["drizzle"], false, false),
    tool("esbuild", &["esbuild"], false, false),
    tool("jest", &["jest"], true, false),
    tool("knex", &["knex"], false, false),
    tool("mocha", &[], true, false),
    tool("next build", &["next"], false, false),
    tool("nuxi build", &["nuxt"], false, false),
    tool("nuxt build", &["nuxt"], false, false),
    tool(PLAYWRIGHT, &["playwright"], true, false),
    tool("prisma db", &["prisma"], false, false),
    tool("prisma migrate", &["prisma"], false, false),
    tool("rollup", &["rollup"], false, false),
    tool("tsdown", &["tsdown"], false, false),
    tool("tsup", &["tsup"], false, false),
    tool("vite build", &["vite", "svelte"], false, true),
    tool("vitest", &["vitest", "vite", "svelte"], true, false),
    tool("webpack", &["webpack"], false, false),
];

const PLAYWRIGHT: &str = "playwright test";

/// The known variables that a task reads, in the order of their names.
pub(super) fn of(checkout: &Path, task: &Task<'_>, known: &Known) -> Vec<Read> {
    let mut found = in_script(task, known);
    let words: Vec<&str> = task
        .script
        .split([' ', '\t', ';', '&', '|', '(', ')', '"', '\''])
        .collect();
    let calls = |command: &str| {
        let command: Vec<&str> = command.split(' ').collect();
        let mut runs = words.windows(command.len());
        runs.any(|run| run[0].rsplit('/').next() == Some(command[0]) && run[1..] == command[1..])
    };
    let tools: Vec<&Tool> = TOOLS.iter().filter(|tool| calls(tool.command)).collect();
    let tests = tools.iter().any(|tool| tool.tests) || words.contains(&"--test") || task.script.contains("bun test");
    let builds_in = tools.iter().any(|tool| tool.builds_in) && !tests;
    for file in files(&task.package.folder) {
        let Ok(path) = file.strip_prefix(&task.package.folder) else {
            continue;
        };
        let path = from(Path::new(""), path);
        let is_named = words.iter().any(|word| word.trim_start_matches("./") == path);
        let is_config = tools
            .iter()
            .any(|tool| tool.configs.iter().any(|stem| is_config(&path, stem)));
        // Where both are, the browser's tests are not run by the others.
        let is_test = tests && is_test(&path) && (calls(PLAYWRIGHT) || !is_end_to_end(&path));
        // Tests run what they test. A Worker's code gets its variables from bindings, in tests, too.
        let is_tested = tests && !task.package.is_worker && (path.starts_with("src/") || path.starts_with("lib/"));
        let is_schema = (calls("prisma db") || calls("prisma migrate")) && has_ending(&path, "prisma");
        let is_whole = is_named || is_config || is_test || is_tested;
        if !is_whole && !builds_in && !is_schema {
            continue;
        }
        let too_long = std::fs::metadata(&file).map_or(true, |data| data.len() > LONGEST);
        let Some(text) = (!too_long).then(|| std::fs::read_to_string(&file).ok()).flatten() else {
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            let names = if is_schema {
                in_schema(line)
            } else if has_ending(&path, "sh") {
                in_shell(line)
            } else {
                in_code(line, is_whole)
            };
            for name in names.into_iter().filter(|name| known.has(name)) {
                found.push(Read {
                    name: name.to_owned(),
                    at: format!("{}:{}", from(checkout, &file), at + 1),
                });
            }
        }
    }
    // The script itself may give it.
    found.retain(|read| !assigns(task.script, &read.name));
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found.dedup_by(|one, other| one.name == other.name);
    found
}

/// `$NAME` and `${NAME}` of the script itself.
fn in_script(task: &Task<'_>, known: &Known) -> Vec<Read> {
    let names = in_shell(task.script).into_iter().filter(|name| known.has(name));
    names
        .map(|name| Read {
            name: name.to_owned(),
            at: format!("the script `{}`", task.name),
        })
        .collect()
}

fn in_shell(line: &str) -> Vec<&str> {
    let names = line.split('$').skip(1);
    names.map(|rest| identifier(rest.trim_start_matches('{'))).collect()
}

fn assigns(script: &str, name: &str) -> bool {
    script
        .split_whitespace()
        .any(|word| word.split_once('=').is_some_and(|(key, _)| key == name))
}

fn identifier(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end]
}

/// The variables that a line of code reads; `whole`: also those of the process, which a build leaves alone.
fn in_code(line: &str, whole: bool) -> Vec<&str> {
    let code = line.trim_start();
    if code.starts_with("//") || code.starts_with('*') || code.starts_with("/*") || code.starts_with('#') {
        return Vec::new();
    }
    let mut names = Vec::new();
    let objects: &[&str] = if whole {
        &["process.env", "Bun.env", "import.meta.env"]
    } else {
        &["import.meta.env"]
    };
    for object in objects {
        for rest in line.split(object).skip(1) {
            let rest = rest.trim_start_matches('?').trim_start_matches('.');
            names.push(identifier(rest.trim_start_matches(['[', '"', '\''])));
        }
        // const { A, B: b } = process.env
        if let Some((before, _)) = line.split_once(&format!("}} = {object}"))
            && let Some((_, list)) = before.rsplit_once('{')
        {
            names.extend(list.split(',').map(|name| identifier(name.trim_start())));
        }
    }
    if whole {
        names.extend(
            line.split("Deno.env.get(")
                .skip(1)
                .map(|rest| identifier(rest.trim_start_matches(['"', '\'']))),
        );
    }
    // SvelteKit: values at build time, and only those.
    if line.contains("$env/static/")
        && let Some((before, _)) = line.split_once('}')
        && let Some((_, list)) = before.split_once('{')
    {
        names.extend(list.split(',').map(|name| identifier(name.trim_start())));
    }
    names
}

/// Prisma's `env("NAME")`.
fn in_schema(line: &str) -> Vec<&str> {
    let calls = line.split("env(").skip(1);
    calls
        .map(|rest| identifier(rest.trim_start_matches(['"', '\''])))
        .collect()
}

fn has_ending(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|own| own == ending)
}

const CODE: [&str; 10] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "svelte", "vue"];

fn is_config(path: &str, stem: &str) -> bool {
    // Knex has a name of its own.
    let name = path.strip_prefix(stem);
    name.is_some_and(|rest| rest.starts_with(".config.") || stem == "knex" && rest.starts_with("file."))
}

pub(in crate::checks) fn is_test(path: &str) -> bool {
    let in_folder = ["test/", "tests/", "__tests__/", "e2e/"];
    path.contains(".test.")
        || path.contains(".spec.")
        || in_folder
            .iter()
            .any(|folder| path.starts_with(folder) || path.contains(&format!("/{folder}")))
}

fn is_end_to_end(path: &str) -> bool {
    path.starts_with("e2e/") || path.contains("/e2e/")
}

/// A package's own code, without packages inside of it.
pub(in crate::checks) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let root = folder.to_owned();
    let mut walk = WalkBuilder::new(folder);
    walk.require_git(false).filter_entry(move |entry| {
        let is_other = entry.path() != root && entry.path().join("package.json").is_file();
        !is_other && !NOT_CODE.iter().any(|name| entry.file_name() == *name)
    });
    let is_code = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        CODE.contains(&ending) || ending == "prisma" || ending == "sh"
    };
    let mut files: Vec<_> = walk
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path)
        .filter(|path| is_code(path))
        .take(MOST)
        .collect();
    files.sort();
    files
}
