// A fresh demo city for browser tests: the sandbox and the program on free ports, data in a temporary folder.
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const binaries = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug");
const logs = join(root, "target/e2e");

const READY_WITHIN_MS = 60_000;

/** A port nobody listens on. Another program may take it before its use; then the start fails and says so. */
async function freePort() {
  const server = createServer();
  await new Promise((listening, failed) => server.once("error", failed).listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Starts a program of the project; its messages go to target/e2e/<name>.log. */
async function start(name, args, env, answersAt) {
  const binary = join(binaries, name);
  if (!existsSync(binary)) throw new Error(`${binary} is missing: cargo build -p meer -p sandbox, or make e2e`);
  const log = join(logs, `${name}.log`);
  const file = createWriteStream(log);
  const child = spawn(binary, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  child.stdout.pipe(file);
  child.stderr.pipe(file);
  const ended = new Promise((done) => child.once("exit", done));
  const giveUp = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended at start:\n${await readFile(log, "utf8")}`);
    if (await fetch(answersAt).then((answer) => answer.ok, () => false)) break;
    if (Date.now() > giveUp) {
      child.kill("SIGKILL");
      throw new Error(`${name} did not answer at ${answersAt}:\n${await readFile(log, "utf8")}`);
    }
    await new Promise((waited) => setTimeout(waited, 100));
  }
  return {
    log,
    stop: async () => {
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(killer);
    },
  };
}

/** A database of its own on the server that `url` names; gives its URL and the function that drops it. */
async function freshDatabase(url) {
  const name = `meer_e2e_${randomBytes(6).toString("hex")}`;
  const sql = (statement) => run("psql", [url, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement]);
  await sql(`CREATE DATABASE ${name}`);
  return {
    url: url.replace(/^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*/, `$1${name}`),
    drop: () => sql(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/**
 * Starts the city. `database` is a `postgres://` URL of a server that may get a database more; without it SQLite.
 * Gives `base` (address of the program), `world` (address of the sandbox), `mails()` and `stop()`.
 */
export async function startCity({ database } = {}) {
  await mkdir(logs, { recursive: true });
  const [web, world, smtp, clamd] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const data = await mkdtemp(join(tmpdir(), "meer-e2e-"));
  const own = database && (await freshDatabase(database));
  const demo = await readFile(join(root, "meer.demo.toml"), "utf8");
  const config = demo
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${web}`)
    .replaceAll("localhost:8090", `localhost:${world}`)
    .replaceAll("127.0.0.1:8025", `127.0.0.1:${smtp}`)
    .replaceAll("127.0.0.1:8026", `127.0.0.1:${clamd}`)
    .replace(/^data = .*$/m, `data = ${JSON.stringify(data)}${own ? `\ndatabase = ${JSON.stringify(own.url)}` : ""}`);
  if (config.includes("8080") || config.includes("8090") || config.includes("8025") || config.includes("8026")) {
    throw new Error("meer.demo.toml names its ports in a way this test does not know");
  }
  await writeFile(join(data, "meer.toml"), config);

  const running = [];
  const stop = async () => {
    for (const program of running.toReversed()) await program.stop();
    await own?.drop();
    await rm(data, { recursive: true, force: true });
  };
  try {
    const base = `http://localhost:${web}`;
    const outside = `http://localhost:${world}`;
    const notify = `http://127.0.0.1:${web}/api/v1/payments/notification`;
    const sandbox = ["--http", `127.0.0.1:${world}`, "--smtp", `127.0.0.1:${smtp}`, "--clamd", `127.0.0.1:${clamd}`, "--public-url", outside];
    sandbox.push("--notify", `meerbusch=${notify}`, "--pay-later-after", "2");
    running.push(await start("sandbox", sandbox, { RUST_LOG: "warn" }, `http://127.0.0.1:${world}/`));
    const serve = ["--config", join(data, "meer.toml"), "serve"];
    running.push(await start("meer", serve, { RUST_LOG: "info" }, `http://127.0.0.1:${web}/gesund`));
    return { base, world: outside, stop, log: () => readFile(join(logs, "meer.log"), "utf8") };
  } catch (error) {
    await stop();
    throw error;
  }
}
