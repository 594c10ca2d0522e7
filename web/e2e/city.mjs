// A fresh demo city for browser tests: the sandbox and the program on free ports, data in a temporary folder.
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const binaries = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug");
/** Where a program of the project was built. */
export const binary = (name) => join(binaries, name);
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

/**
 * What a program's environment must hold for it to live at another time: the wall clock is moved by libfaketime, the
 * clock that measures how long something takes is not.
 */
async function atTime(time) {
  const shift = Math.round((time.getTime() - Date.now()) / 1000);
  const preload = await run("faketime", ["-f", "+0", "printenv", "LD_PRELOAD"]).catch((error) => {
    if (error.code === "ENOENT") throw new Error("faketime is missing: apt-get install faketime");
    throw error;
  });
  return { LD_PRELOAD: preload.stdout.trim(), FAKETIME: `${shift < 0 ? "" : "+"}${shift}`, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

/** Starts a program of the project; its messages go to target/e2e/<name>.log, after those that `again` keeps. */
async function start(name, args, env, answersAt, { again = false } = {}) {
  const program = binary(name);
  if (!existsSync(program)) throw new Error(`${program} is missing: cargo build -p meer -p sandbox, or make e2e`);
  const log = join(logs, `${name}.log`);
  const file = createWriteStream(log, { flags: again ? "a" : "w" });
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1", ...env } });
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
 * Gives `base` (address of the program), `world` (address of the sandbox), `config` (file with its configuration), `ca`
 * (certificate of the time-stamping authority), `log()`, `moveTo(time)` and `stop()`. `moveTo` starts both programs anew
 * at another time; after years, `renewed` gives the time-stamping authority the new certificate that it needs by then, and
 * the city trusts it beside the old one.
 */
export async function startCity({ database } = {}) {
  await mkdir(logs, { recursive: true });
  const [web, world, smtp, clamd] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const data = await mkdtemp(join(tmpdir(), "meer-e2e-"));
  const own = database && (await freshDatabase(database));
  const demo = await readFile(join(root, "meer.demo.toml"), "utf8");
  const ca = join(data, "sandbox/timestamp/ca.pem");
  const config = demo
    .replaceAll("data/sandbox/timestamp/ca.pem", ca)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${web}`)
    .replaceAll("localhost:8090", `localhost:${world}`)
    .replaceAll("127.0.0.1:8025", `127.0.0.1:${smtp}`)
    .replaceAll("127.0.0.1:8026", `127.0.0.1:${clamd}`)
    .replace(/^data = .*$/m, `data = ${JSON.stringify(data)}${own ? `\ndatabase = ${JSON.stringify(own.url)}` : ""}`);
  if (config.includes("8080") || config.includes("8090") || config.includes("8025") || config.includes("8026")) {
    throw new Error("meer.demo.toml names its ports in a way this test does not know");
  }
  await writeFile(join(data, "meer.toml"), config);

  const programs = [];
  const stopPrograms = async () => {
    for (const program of programs.splice(0).toReversed()) await program.stop();
  };
  let stopped;
  const stop = () => {
    stopped ??= (async () => {
      await stopPrograms();
      await own?.drop();
      await rm(data, { recursive: true, force: true });
    })();
    return stopped;
  };
  const base = `http://localhost:${web}`;
  const outside = `http://localhost:${world}`;
  const notify = `http://127.0.0.1:${web}/api/v1/payments/notification`;
  const sandbox = ["--http", `127.0.0.1:${world}`, "--smtp", `127.0.0.1:${smtp}`, "--clamd", `127.0.0.1:${clamd}`, "--public-url", outside];
  sandbox.push("--notify", `meerbusch=${notify}`, "--pay-later-after", "2", "--data", join(data, "sandbox"));
  const file = join(data, "meer.toml");
  const startSandbox = async (clock, again) => {
    programs.push(await start("sandbox", sandbox, { RUST_LOG: "warn", ...clock }, `http://127.0.0.1:${world}/`, { again }));
  };
  const startMeer = async (clock, again) => {
    const serve = ["--config", file, "serve"];
    programs.push(await start("meer", serve, { RUST_LOG: "info", ...clock }, `http://127.0.0.1:${web}/gesund`, { again }));
  };
  try {
    await startSandbox({}, false);
    await startMeer({}, false);
    return {
      base,
      world: outside,
      config: file,
      ca,
      stop,
      moveTo: async (time, { renewed = false } = {}) => {
        await stopPrograms();
        const clock = await atTime(time);
        const old = renewed ? await readFile(ca, "utf8") : "";
        if (renewed) await rm(dirname(ca), { recursive: true });
        await startSandbox(clock, true);
        if (renewed) await appendFile(ca, old);
        await startMeer(clock, true);
      },
      log: () => readFile(join(logs, "meer.log"), "utf8"),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
