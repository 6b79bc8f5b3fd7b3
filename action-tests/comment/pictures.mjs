// Takes pictures of the comment in each state, as GitHub shows it: wide and on a telephone, light and dark.
//
//   cargo run -p actions-comment --example states | node pictures.mjs FOLDER
//
// Needs a Chromium: CHROMIUM names it, else /usr/bin/chromium. Exits 1 when something has to be scrolled sideways.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { chromium } from "playwright-core";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node pictures.mjs FOLDER < states.json");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const { states } = JSON.parse(readFileSync(0, "utf8"));
const css = readFileSync(createRequire(import.meta.url).resolve("github-markdown-css/github-markdown.css"), "utf8");

// What GitHub makes of `> [!CAUTION]`; micromark leaves it a quote.
const alerts = (html) =>
  html.replaceAll(
    /<blockquote>\s*<p>\[!(CAUTION|NOTE|WARNING|TIP|IMPORTANT)\]\s*(?:<\/p>)?(.*?)<\/blockquote>/gs,
    (_, kind, rest) =>
      `<div class="markdown-alert markdown-alert-${kind.toLowerCase()}"><p class="markdown-alert-title">${kind[0]}${kind.slice(1).toLowerCase()}</p><p>${rest}</div>`,
  );
const html = (markdown) =>
  alerts(
    micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] }),
  );
// A comment's frame on GitHub: 16 px beside it, 16 px within it.
const page = (bodies) => `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>${css}
body { margin: 0; background: var(--bgColor-default, #fff); font-family: -apple-system, "Liberation Sans", sans-serif }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #f0f6fc } }
.name { padding: 16px 16px 4px; font-size: 12px; opacity: .6 }
.comment { margin: 0 16px; padding: 16px; border: 1px solid #8884; border-radius: 6px }
.markdown-body { font-size: 14px }
</style>${bodies
  .map(([name, body]) => `<div class="name">${name}</div><div class="comment"><div class="markdown-body" data-name="${name}">${body}</div></div>`)
  .join("")}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
let sideways = 0;
for (const width of [360, 800]) {
  for (const colorScheme of ["light", "dark"]) {
    const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, deviceScaleFactor: 1 });
    const bodies = Object.entries(states).map(([name, markdown]) => [name, html(markdown)]);
    await tab.setContent(page(bodies));
    const wide = await tab.evaluate(() =>
      [...document.querySelectorAll(".markdown-body, .markdown-body *")]
        // A log in its fence may be wider: it scrolls in itself.
        .filter((element) => !element.closest("pre") && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        .map((element) => `${element.closest("[data-name]").dataset.name}: <${element.tagName.toLowerCase()}> ${element.scrollWidth} of ${element.clientWidth} px`),
    );
    for (const line of wide) console.error(`${width} px: ${line}`);
    sideways += wide.length;
    for (const [name] of bodies) {
      const comment = tab.locator(`[data-name="${name}"]`).locator("..");
      await comment.screenshot({ path: `${folder}/${name} ${width} ${colorScheme}.png` });
    }
    await tab.close();
  }
}
await browser.close();
process.exit(sideways > 0 ? 1 : 0);
