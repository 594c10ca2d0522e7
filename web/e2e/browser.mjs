// Chromium for the browser tests, and the checks that every page state goes through.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const screenshots = join(root, "target/e2e");
const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Address of the server under test, without a slash at the end. */
export const base = process.env.MEER_E2E_BASE ?? "http://127.0.0.1:8080";

let running;

/** What went wrong on a page besides the test's own steps. */
const faultsOf = new WeakMap();

async function browser() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: apt-get install chromium, or set CHROMIUM to a Chromium or Chrome`);
  }
  running ??= chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return running;
}

/** Ends the browser; each test file calls it in `after`. */
export async function closeBrowser() {
  const started = await running;
  running = undefined;
  await started?.close();
}

/**
 * Opens a page in a fresh profile. The page fails the test at its end (`close`) when a script threw or the content
 * security policy was violated.
 *
 * Options: `width`, `height` (CSS pixels), `javaScript`, `forcedColors`, `textScale` (2 = 200 % text), `storageState`
 * (cookies of a person who is signed in, from `page.context().storageState()`), `server` (address of another server).
 */
export async function open(path, options = {}) {
  const { width = 1280, height = 900, javaScript = true, forcedColors = false, textScale = 1, storageState, server = base } = options;
  const context = await (await browser()).newContext({
    viewport: { width, height },
    javaScriptEnabled: javaScript,
    forcedColors: forcedColors ? "active" : "none",
    locale: "de-DE",
    timezoneId: "Europe/Berlin",
    ...(storageState && { storageState }),
  });
  const page = await context.newPage();
  const faults = [];
  faultsOf.set(page, faults);
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy/.test(message.text())) faults.push(message.text());
  });
  const answer = await page.goto(server + path);
  if (textScale !== 1) {
    await page.evaluate((scale) => (document.documentElement.style.fontSize = `${scale * 100}%`), textScale);
  }
  return {
    page,
    status: answer?.status(),
    close: async () => {
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** Opens a page, hands it to `body` and closes it, also when `body` fails. */
export async function visit(path, options, body) {
  const opened = await open(path, options);
  try {
    await body(opened.page, opened);
  } finally {
    await opened.close();
  }
}

export const withoutJavaScript = (path, body, options = {}) => visit(path, { ...options, javaScript: false }, body);

export const on320Pixels = (path, body, options = {}) => visit(path, { ...options, width: 320, height: 640 }, body);

/** Fails on any accessibility violation, naming each element; leaves a picture in target/e2e/<name>.png. */
export async function axe(page, name) {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const report = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}\n    ${node.target.join(" ")}\n    ${node.failureSummary?.replaceAll("\n", "\n    ")}`),
  );
  assert.equal(report.length, 0, `${name}: ${report.length} violations\n${report.join("\n")}`);
}

/** Fails when the page is wider than the window (WCAG 1.4.10 Reflow), naming the elements that stick out. */
export async function assertNoHorizontalScroll(page) {
  const { wide, culprits } = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const inScroller = (element) => {
      for (let up = element.parentElement; up; up = up.parentElement) {
        if (["auto", "scroll", "hidden"].includes(getComputedStyle(up).overflowX)) return true;
      }
      return false;
    };
    const culprits = [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > width + 1 && !inScroller(element))
      .map((element) => `${element.tagName.toLowerCase()}.${element.className} ${Math.round(element.getBoundingClientRect().right)}px`);
    return { wide: document.documentElement.scrollWidth > width, culprits };
  });
  assert.deepEqual({ wide, culprits }, { wide: false, culprits: [] });
}

/** Drives a page by keys only: any use of a pointer fails the test at its end. */
export async function keyboardOnly(page) {
  await page.exposeFunction("pointerUsed", () => faultsOf.get(page)?.push("this walk uses the keyboard only"));
  const watch = () => document.addEventListener("pointerdown", () => globalThis.pointerUsed(), { capture: true });
  await page.addInitScript(watch);
  await page.evaluate(watch);
  const focused = () => page.evaluateHandle(() => document.activeElement);
  return {
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    /** Tabs forward until the element has the focus; fails when it cannot be reached or the focus is not visible. */
    async tabTo(selector) {
      const goal = await page.locator(selector).elementHandle();
      for (let i = 0; i < 300; i++) {
        await page.keyboard.press("Tab");
        const reached = await (await focused()).evaluate((active, element) => active === element, goal);
        if (reached) {
          await assertFocusVisible(page);
          return;
        }
      }
      assert.fail(`${selector} cannot be reached with the Tab key`);
    },
  };
}

/** Fails when the focused element neither has an outline nor a shadow nor a border that it lacks without focus. */
export async function assertFocusVisible(page) {
  const visible = await page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return false;
    const look = () => {
      const style = getComputedStyle(element);
      const after = getComputedStyle(element, "::after");
      const before = getComputedStyle(element, "::before");
      return [style, after, before]
        .map((s) => [s.outlineStyle === "none" ? "" : s.outline, s.boxShadow, s.border, s.textDecoration].join())
        .join("|");
    };
    const withFocus = look();
    element.blur();
    const without = look();
    element.focus({ focusVisible: true });
    return withFocus !== without;
  });
  assert.ok(visible, "the focus cannot be seen");
}
