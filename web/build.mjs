// build.mjs FOLDER: make the assets that are compiled into the server (docs/web.md tells the whole way).
//
// Every file gets a name with the hash of its content, so that a browser may keep it for good:
//
//     FOLDER/app-3f9a0c21b7.js.br, .gz     what a page loads, compressed twice
//     FOLDER/index-77ab3d90c4.html.br, .gz a page, in which {{app.js}} became /assets/app-3f9a0c21b7.js
//
// The server has no other copy: for a client that takes neither encoding it unpacks the .gz. What is
// there already under the same name is not compressed again; what no longer belongs there goes.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const folder = process.argv[2];
if (!folder) {
  console.error("usage: build.mjs FOLDER");
  process.exit(2);
}

const names = new Map(); // "app.js" -> "app-3f9a0c21b7.js"
const written = new Set();

async function pack(name, content) {
  if (existsSync(join(folder, `${name}.br`))) {
    written.add(`${name}.br`).add(`${name}.gz`);
    return;
  }
  const packed = await Promise.all([
    promisify(gzip)(content, { level: 9 }),
    promisify(brotliCompress)(content, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
  ]);
  for (const [index, extension] of ["gz", "br"].entries()) {
    await writeFile(join(folder, `${name}.${extension}`), packed[index]);
    written.add(`${name}.${extension}`);
  }
}

/** Keeps `content` under `name`, "app.js", with its hash in it. */
async function keep(name, content) {
  const bytes = Buffer.from(content);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const dot = name.lastIndexOf(".");
  names.set(name, `${name.slice(0, dot)}-${hash}${name.slice(dot)}`);
  await pack(names.get(name), bytes);
}

/** Bundles our own sources: scripts and style sheets. */
async function bundle() {
  const result = await build({
    entryPoints: {
      app: join(here, "src/main.tsx"),
      style: join(here, "src/styles/main.css"),
      theme: join(here, "src/theme-early.ts"),
      docs: join(here, "docs/swagger.ts"),
      reference: join(here, "docs/redoc.ts"),
      reading: join(here, "docs/reading.css"),
    },
    bundle: true,
    minify: true,
    target: ["chrome109", "firefox115", "safari16"],
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    legalComments: "inline",
    outdir: folder,
    write: false,
    logLevel: "warning",
  });
  for (const file of result.outputFiles) await keep(basename(file.path), file.contents);
}

/** Takes over what others have bundled. */
async function adopt() {
  const swagger = dirname(require.resolve("swagger-ui-dist/package.json"));
  await keep("swagger-ui.js", await readFile(join(swagger, "swagger-ui-bundle.js")));
  await keep("swagger-ui.css", await readFile(join(swagger, "swagger-ui.css")));
  // ReDoc shows a picture from its makers' host; no page of ours asks another host for anything.
  const redoc = await readFile(require.resolve("redoc/bundles/redoc.standalone.js"), "utf8");
  const foreign = "https://cdn.redoc.ly/redoc/logo-mini.svg";
  if (!redoc.includes(foreign)) throw new Error("redoc: the picture from another host has moved");
  await keep("redoc.js", redoc.replaceAll(foreign, "data:,"));
}

/** The pages, with the names that the assets got. */
async function pages() {
  for (const page of await readdir(join(here, "pages"))) {
    const source = await readFile(join(here, "pages", page), "utf8");
    if (page.endsWith(".svg")) continue;
    const html = source.replace(/{{(.+?)}}/g, (whole, name) => {
      if (!names.has(name)) throw new Error(`${page}: there is no ${name}`);
      return `/assets/${names.get(name)}`;
    });
    await keep(page, html);
  }
}

await mkdir(folder, { recursive: true });
await keep("icon.svg", await readFile(join(here, "pages/icon.svg")));
await Promise.all([bundle(), adopt()]);
await pages();
for (const name of await readdir(folder)) if (!written.has(name)) await rm(join(folder, name));
