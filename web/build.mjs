// Builds web/dist: style sheet, script, fonts, icon, licences, and the manifest that maps plain to hashed names.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { transform } from "lightningcss";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..");
const dist = join(here, "dist");
const packages = createRequire(import.meta.url);
const packageFolder = (name) => join(packages.resolve(`${name}/package.json`), "..");

// Browsers of the last three years; lightningcss writes versions as major << 16.
const targets = { chrome: 120 << 16, firefox: 121 << 16, safari: (17 << 16) | (2 << 8) };

const manifest = {};

async function emit(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const extension = extname(name);
  const hashed = `${name.slice(0, -extension.length)}-${hash}${extension}`;
  await writeFile(join(dist, hashed), bytes);
  manifest[name] = hashed;
  return hashed;
}

/** Templates and Rust sources of all crates: what may name a class. */
async function sources() {
  const texts = [];
  for (const file of (await readdir(join(here, "src"), { recursive: true })).filter((name) => name.endsWith(".ts")))
    texts.push(await readFile(join(here, "src", file), "utf8"));
  for (const group of ["platform", "modules", "server", "sandbox"]) {
    const folder = join(root, group);
    if (!existsSync(folder)) continue;
    for (const file of (await readdir(folder, { recursive: true })).sort()) {
      if (/(^|\/)(target|node_modules|tests)\//.test(file)) continue;
      if (/templates\/.*\.html$|src\/.*\.rs$/.test(file)) texts.push(await readFile(join(folder, file), "utf8"));
    }
  }
  return texts;
}

/**
 * The test whether a class can occur: it stands somewhere in full, or a template puts it together,
 * as `kern-alert--{{ tone }}` does, and the variable part stands somewhere as a word.
 */
function usedClasses(texts) {
  const words = new Set();
  const prefixes = new Set();
  for (const text of texts) {
    for (const [word] of text.matchAll(/[A-Za-z][\w-]*|\d+/g)) words.add(word);
    for (const [, prefix] of text.matchAll(/((?:kern|meer)-[\w-]*[-_])\{\{/g)) prefixes.add(prefix);
  }
  return (name) =>
    words.has(name) ||
    [...prefixes].some((prefix) => name.startsWith(prefix) && words.has(name.slice(prefix.length)));
}

/** True if some part of the selector names a class, or the dark theme, that no page has. */
function neverMatches(selector, isUsed) {
  return selector.some((part) => {
    if (part.type === "class") return !isUsed(part.name);
    if (part.type === "attribute" && part.name === "data-kern-theme") return part.operation?.value === "dark";
    if (part.type === "pseudo-class" && ["is", "where", "has"].includes(part.kind))
      return part.selectors.every((inner) => neverMatches(inner, isUsed));
    return false;
  });
}

/** Pages are light (`data-kern-theme="light"`), so the rules that ask for the system's theme are not needed. */
const withoutDeadRules = (isUsed) => ({
  Rule: {
    media(rule) {
      const query = JSON.stringify(rule.value.query);
      if (query.includes("prefers-color-scheme")) return [];
      // meer.css gives all icons one rule for forced colours, in the system's own text colour.
      const onlyIcons = JSON.stringify(rule.value.rules).match(/"name":"kern-[\w-]+"/g)?.every((name) => name.includes("kern-icon--"));
      return query.includes("forced-colors") && onlyIcons ? [] : undefined;
    },
    style: (rule) => (rule.value.selectors.every((selector) => neverMatches(selector, isUsed)) ? [] : undefined),
  },
});

const withoutDeadSelectors = (isUsed) => ({
  Selector: (selector) => (neverMatches(selector, isUsed) ? [] : undefined),
});

/** KERN repeats the value of a token at every use as its fallback; with the tokens in the same file it is dead. */
function withoutFallbacks(code, declared) {
  let out = "";
  for (let at = 0; at < code.length; ) {
    const use = /^var\((--[\w-]+),/.exec(code.slice(at, at + 120));
    if (!use || !declared.has(use[1])) {
      out += code[at++];
      continue;
    }
    let depth = 1;
    for (at += use[0].length; depth > 0; at++) depth += code[at] === "(" ? 1 : code[at] === ")" ? -1 : 0;
    out += `var(${use[1]})`;
  }
  return out;
}

/** Short names for custom properties, the most used first: long names make up half of the file. */
function withShortNames(code) {
  const uses = new Map();
  for (const [name] of code.matchAll(/--(?:kern|meer)-[\w-]+/g)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const order = [...uses.keys()].sort((a, b) => uses.get(b) - uses.get(a) || a.localeCompare(b));
  const short = new Map(order.map((name, index) => [name, `--${index.toString(36)}`]));
  // A class modifier such as `.kern-btn--kern-x` does not occur: the name stands after a separator or a bracket.
  return code.replace(/(?<![\w-])--(?:kern|meer)-[\w-]+/g, (name) => short.get(name) ?? name);
}

/** Takes out rules that match nothing and custom properties that nothing reads, until nothing more falls out. */
function purge(css, isUsed) {
  const run = (code, options) =>
    transform({ filename: "meer.css", code: Buffer.from(code), minify: true, targets, ...options }).code.toString();
  const declaredIn = (code) => new Set([...code.matchAll(/[{;](--[\w-]+):/g)].map(([, name]) => name));
  let code = run(css, { visitor: withoutDeadRules(isUsed) });
  code = run(code, { visitor: withoutDeadSelectors(isUsed) });
  code = withoutFallbacks(code, declaredIn(code));
  for (;;) {
    const read = new Set([...code.matchAll(/var\(\s*(--[\w-]+)/g)].map(([, name]) => name));
    const unused = [...declaredIn(code)].filter((name) => !read.has(name));
    const next = unused.length === 0 ? code : run(code, { unusedSymbols: unused });
    if (next.length === code.length) return withShortNames(code);
    code = next;
  }
}

/** Font faces of the weights KERN uses; a browser loads only the ranges of characters that a page needs. */
async function fontFaces() {
  const folder = packageFolder("@fontsource/fira-sans");
  let faces = "";
  for (const weight of [400, 500, 600]) {
    const css = await readFile(join(folder, `${weight}.css`), "utf8");
    for (const [face] of css.matchAll(/@font-face\s*\{[^}]*\}/g)) {
      const file = /url\(\.\/files\/([\w-]+\.woff2)\)/.exec(face)?.[1];
      if (!file) throw new Error(`no woff2 file in a font face of weight ${weight}`);
      const hashed = await emit(file, await readFile(join(folder, "files", file)));
      faces += `${face.replace(/src:[^;]*;/, `src: url(${hashed}) format("woff2");`)}\n`;
    }
  }
  return faces;
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const kern = packageFolder("@kern-ux/native");
const css = [
  await fontFaces(),
  await readFile(join(kern, "dist/kern.css"), "utf8"),
  await readFile(join(here, "src/meer.css"), "utf8"),
].join("\n");
const style = purge(css, usedClasses(await sources()));
await emit("meer.css", style);

const script = await build({
  entryPoints: [join(here, "src/meer.ts")],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
  legalComments: "none",
});
await emit("meer.js", script.outputFiles[0].contents);

/**
 * Pictures of the diagram library bear `style` attributes, which the content security policy of our pages refuses: no nonce and
 * no hash allows them without "unsafe-hashes". As attributes of the picture they say the same.
 */
const attributesForStyles = {
  name: "attributes-for-styles",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]bpmn-js[\\/]lib[\\/]features[\\/][\w-]+[\\/]\w+Icons\.js$/ }, async ({ path }) => {
      const attributes = (style) =>
        style.split(";").map((part) => part.split(":")).filter(([, value]) => value)
          .map(([name, value]) => ` ${name.trim()}="${value.trim()}"`).join("");
      const text = await readFile(path, "utf8");
      return { contents: text.replace(/ style="([^"]*)"/g, (_, style) => attributes(style)), loader: "js" };
    });
  },
};

// The designers of processes and decisions: loaded on their pages alone.
const designers = await build({
  entryPoints: { "designer-bpmn": join(here, "src/designer/bpmn.ts"), "designer-dmn": join(here, "src/designer/dmn.ts") },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  outdir: dist,
  plugins: [attributesForStyles],
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".woff": "file", ".ttf": "file", ".eot": "file", ".svg": "file" },
  write: false,
  legalComments: "none",
});
for (const { path, contents } of designers.outputFiles) {
  const name = path.slice(dist.length + 1);
  // Every browser takes WOFF2; the other fonts and pictures are never asked for.
  if (/\.(js|css)$/.test(name)) await emit(name, contents);
  else if (name.endsWith(".woff2")) {
    await writeFile(path, contents);
    manifest[name] = name;
  }
}

await emit("icon.svg", await readFile(join(here, "src/icon.svg")));

const licences = [
  ["KERN design system (@kern-ux/native), EUPL-1.2", join(kern, "LICENSE.md")],
  ["bpmn-js, its own licence", join(packageFolder("bpmn-js"), "LICENSE")],
  ["dmn-js, its own licence", join(packageFolder("dmn-js"), "LICENSE")],
  ["bpmn-js-i18n, MIT", join(packageFolder("bpmn-js-i18n"), "LICENSE")],
  ["Fira Sans (@fontsource/fira-sans), SIL Open Font License 1.1", join(packageFolder("@fontsource/fira-sans"), "LICENSE")],
];
let licenceText = "";
for (const [name, file] of licences) licenceText += `${name}\n\n${await readFile(file, "utf8")}\n\n`;
await emit("licences.txt", licenceText);

await writeFile(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const size = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
console.log(`meer.css ${size(Buffer.byteLength(style))}, meer.js ${size(script.outputFiles[0].contents.length)}`);
if (Buffer.byteLength(style) > 80_000) {
  console.error("meer.css has grown beyond 80 KB: the purge no longer works, or too much is used");
  process.exit(1);
}
