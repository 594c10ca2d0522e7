// Runs the browser tests. With MEER_E2E_BASE the server that runs there is tested; without, the pattern pages are
// rendered and served by themselves, under the same content security policy.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = join(root, "web/e2e");
const pages = join(root, "target/e2e/pages");
const types = { ".css": "text/css", ".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };
const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function run(command, args, env = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
    child.on("error", fail);
    child.on("exit", (code) => done(code ?? 1));
  });
}

/** Posts are kept, so tests can see what the page sent: `GET /gesendet` gives them as JSON. */
const posts = [];

const server = createServer(async (request, response) => {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  response.setHeader("content-security-policy", policy);
  if (request.method === "POST") {
    let body = "";
    for await (const chunk of request) body += chunk;
    posts.push({ path, body });
    response.writeHead(204).end();
    return;
  }
  if (path === "/gesendet") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(posts));
    return;
  }
  const file = path.startsWith("/assets/")
    ? join(root, "web/dist", basename(path))
    : join(pages, `${basename(path)}.html`);
  try {
    const bytes = await readFile(file);
    response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream");
    response.end(bytes);
  } catch {
    response.writeHead(404, { "content-type": "text/html; charset=utf-8" });
    response.end("<!DOCTYPE html><html lang='de'><title>404</title><p>Nicht gefunden");
  }
});

const tests = process.argv.slice(2);
const all = (await readdir(here)).filter((name) => name.endsWith(".test.mjs")).map((name) => join(here, name));
const files = tests.length > 0 ? tests : all.filter((file) => !process.env.MEER_E2E_BASE || !file.endsWith("patterns.test.mjs"));
const runTests = (env) => run(process.execPath, ["--test", "--test-reporter=spec", "--test-concurrency=1", ...files], env);

if (process.env.MEER_E2E_BASE) {
  process.exitCode = await runTests({});
} else {
  if (!existsSync(join(root, "web/dist/manifest.json"))) {
    console.error("web/dist is missing; run `make web` first");
    process.exit(1);
  }
  const rendered = await run("cargo", ["run", "-q", "-p", "ui", "--example", "patterns", "--", pages]);
  if (rendered !== 0) process.exit(rendered);
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  process.exitCode = await runTests({ MEER_E2E_BASE: `http://127.0.0.1:${server.address().port}` });
  server.close();
}
