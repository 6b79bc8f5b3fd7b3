// Reads what `cargo run -p actions-comment --example states` prints (a file, or stdin), and renders the comments about hostile reports as
// GitHub's Markdown does, raw HTML left in. Nothing may come out but what we write ourselves: no link, image, mention,
// reference or tag of a stranger's. Exits 1 with each place where something does.
import { readFileSync } from "node:fs";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

// The tags of our own layout, and what Markdown makes of it.
const OURS =
  /^<\/?(?:h3|p|strong|em|del|code|pre|ul|li|blockquote|table|thead|tbody|tr|th|td|br|sub|details|summary|b|span)>$|^<br \/>$|^<(?:th|td) align="(?:left|right)">$|^<code class="language-(?:text|diff)">$/;
// What GitHub makes links of after Markdown is done: outside of code, and not broken by a zero-width space.
const REFERENCES = [
  /(?<![\p{L}\p{N}_])@[\p{L}\p{N}]/u,
  /(?<![\p{L}\p{N}&])(?:[\w.-]+\/[\w.-]+)?#\d/u,
  /\bGH-\d/i,
  /(?:https?|ftp):\/\//i,
  /\bwww\./i,
  /\$[^\s$]/,
  /:[a-z0-9+_-]+:/i,
];

const { hostile } = JSON.parse(readFileSync(process.argv[2] ?? 0, "utf8"));
const names = Object.keys(hostile);
let wrong = 0;
const tell = (name, what) => {
  wrong += 1;
  console.error(`${name}: ${what}`);
};
for (const name of names) {
  const html = micromark(hostile[name], {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  for (const [tag] of html.matchAll(/<!--|<\/?[a-z][^>]*>?/gi)) {
    if (!OURS.test(tag)) tell(name, `${tag} in ${context(html, tag)}`);
  }
  const text = html
    .replaceAll(/<pre>.*?<\/pre>/gs, "")
    .replaceAll(/<code>.*?<\/code>/gs, "")
    .replaceAll(/<[^>]*>/g, "\n")
    .replaceAll(/&(lt|gt|amp|quot);/g, (_, entity) => ({ lt: "<", gt: ">", amp: "&", quot: '"' })[entity]);
  for (const pattern of REFERENCES) {
    const found = text.match(pattern);
    if (found) tell(name, `${pattern} finds ${JSON.stringify(context(text, found[0]))}`);
  }
  // The layout is whole: what it opens, it closes.
  for (const tag of ["table", "details", "blockquote", "sub"]) {
    const opened = html.split(`<${tag}>`).length;
    const closed = html.split(`</${tag}>`).length;
    if (opened !== closed) tell(name, `${opened - 1} <${tag}> and ${closed - 1} </${tag}>`);
  }
}

function context(text, what) {
  const at = text.indexOf(what);
  return text.slice(Math.max(0, at - 40), at + 60);
}

if (names.length < 50) tell("corpus", `only ${names.length} comments`);
console.log(`${names.length} comments, ${wrong} problems`);
process.exit(wrong > 0 ? 1 : 0);
