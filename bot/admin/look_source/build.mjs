// Builds the looks at a page into one script, and the license of what is in it:
//   node build.mjs OUTPUT-FOLDER
// Run by `make look-bundle`, in a copy of this folder where `npm ci` has put the packages.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const NAME = "look";
const USED = "dom-accessibility-api";
const output = process.argv[2];
const here = import.meta.dirname;

/** The same sum as in tests/kit/bundle_kit.py: every file's name and text, in the order of their names. */
function sourceSum() {
  const files = readdirSync(here).filter((name) => name !== "node_modules").flatMap((name) =>
    (statSync(join(here, name)).isDirectory() ? readdirSync(join(here, name)).map((inner) => `${name}/${inner}`) : name)).sort();
  const sum = createHash("sha256");
  for (const name of files) {
    sum.update(`${name}\0${readFileSync(join(here, name), "utf8").replaceAll("\r\n", "\n")}\0`);
  }
  return sum.digest("hex");
}

/** Names are made of what is seen: in shadow roots too, and whatever the attribute `hidden` says that a style undoes. */
const CHANGES = [
  ["ArrayFrom(node.childNodes).concat", "ArrayFrom((node.shadowRoot || node).childNodes).concat"],
  ['node.hasAttribute("hidden") || node.getAttribute("aria-hidden")', 'node.getAttribute("aria-hidden")'],
];
const asSeen = {
  name: "as-seen",
  setup: ({ onLoad }) => onLoad({ filter: /accessible-name-and-description\.mjs$/ }, ({ path }) => {
    let contents = readFileSync(path, "utf8");
    for (const [before, after] of CHANGES) {
      if (contents.split(before).length !== 2) throw new Error(`${path} has not, exactly once: ${before}`);
      contents = contents.replace(before, after);
    }
    return { contents, loader: "js" };
  }),
};

await build({
  entryPoints: { [NAME]: join(here, "src", "entry.js") },
  outdir: output,
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  globalName: "countermand",
  target: "es2022",
  banner: { js: `/*! Source: bot/admin/look_source, sha256 ${sourceSum()}. License: ${NAME}.NOTICE.txt */` },
  legalComments: "none",
  plugins: [asSeen],
  logLevel: "warning",
});

const folder = join(here, "node_modules", USED);
const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const text = readFileSync(join(folder, "LICENSE.md"), "utf8").trim();
writeFileSync(join(output, `${NAME}.NOTICE.txt`),
  `${NAME}.js contains ${USED} ${version} (${license}), changed to see what a person sees, under this license.\n\n${text}\n`);
console.log(`${NAME}.js: ${statSync(join(output, `${NAME}.js`)).size} bytes`);
