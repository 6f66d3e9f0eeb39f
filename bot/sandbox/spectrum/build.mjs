// Builds the spectrum face into one script, one style sheet and the licenses of what is in them:
//   node build.mjs OUTPUT-FOLDER
// Run by `make practice-bundle`, in a copy of this folder where `npm ci` has put the packages.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LANGUAGES = ["en-US", "nl-NL", "de-DE", "fr-FR"]; // those that the practice Admin speaks
const NAME = "spectrum";
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

/** What the page loads anyway, and shares with the other faces, stays where it is. */
const sharedScripts = {
  name: "shared-scripts",
  setup: ({ onResolve }) => onResolve({ filter: /^static:/ }, ({ path }) =>
    ({ path: path.replace("static:", "./"), external: true })),
};

/** The components bring their own few words along in thirty languages; the others are left out. */
const languages = {
  name: "languages",
  setup: ({ onLoad }) => onLoad({ filter: /[/\\]intl[/\\].*[/\\][a-z]{2}-[A-Z]{2}\.mjs$/ }, ({ path }) =>
    (LANGUAGES.some((language) => path.endsWith(`${language}.mjs`)) ? undefined : { contents: "export default {};" })),
};

/** Each component brings its style sheet along, whether or not it is used itself; only those of used ones are wanted. */
const stylesOf = ({ inputs, outputs }) => {
  const scripts = Object.entries(outputs).filter(([name]) => name.endsWith(".js")).flatMap(([, made]) =>
    Object.entries(made.inputs).filter(([, { bytesInOutput }]) => bytesInOutput).map(([file]) => file));
  const wanted = new Set(scripts.flatMap((file) => inputs[file].imports.map(({ path }) => path)));
  return {
    name: "styles",
    setup: ({ onLoad }) => onLoad({ filter: /\.css$/ }, ({ path }) =>
      (wanted.has(relative(process.cwd(), path).replaceAll("\\", "/")) ? undefined : { contents: "" })),
  };
};

const banner = `/*! Source: bot/sandbox/spectrum, sha256 ${sourceSum()}. Licenses: ${NAME}.NOTICE.txt */`;
const options = {
  entryPoints: { [NAME]: join(here, "src", "main.jsx") },
  outdir: output,
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: banner, css: banner },
  legalComments: "none",
  metafile: true,
  plugins: [sharedScripts, languages],
  logLevel: "warning",
};
const { metafile: everything } = await build({ ...options, write: false });
const { metafile } = await build({ ...options, plugins: [...options.plugins, stylesOf(everything)] });

/** The folder of the package that a bundled file belongs to. */
function packageOf(file) {
  const [, name] = /^.*?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  return name;
}

const used = new Set(Object.values(metafile.outputs).flatMap((made) => Object.entries(made.inputs)
  .filter(([, { bytesInOutput }]) => bytesInOutput).map(([file]) => packageOf(file))).filter(Boolean));
const notices = [...used].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license, repository } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  if (!texts.length) throw new Error(`${name} comes without its license`);
  return { name, version, license, texts: texts.map((file) => readFileSync(join(folder, file), "utf8").trim()) };
});
const alike = {};
for (const notice of notices) (alike[notice.texts.join("\n\n")] ??= []).push(notice);
const parts = Object.entries(alike).map(([text, packages]) =>
  `${packages.map(({ name, version, license }) => `${name} ${version} (${license})`).join("\n")}\n\n${text}\n`);
const line = "-".repeat(100);
writeFileSync(join(output, `${NAME}.NOTICE.txt`),
  `${NAME}.js and ${NAME}.css contain these packages, or parts of them, under these licenses.\n\n${line}\n${parts.join(`\n${line}\n`)}`);

for (const file of [`${NAME}.js`, `${NAME}.css`]) {
  const made = readFileSync(join(output, file));
  console.log(`${file}: ${made.length} bytes, ${gzipSync(made, { level: 9 }).length} compressed`);
}
