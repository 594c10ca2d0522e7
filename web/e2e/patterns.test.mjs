// Every component in every state, in a real browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { assertNoHorizontalScroll, axe, base, closeBrowser, keyboardOnly, on320Pixels, visit, withoutJavaScript } from "./browser.mjs";

after(closeBrowser);

const states = ["muster", "muster-fehler", "muster-en", "muster-intern"];

for (const state of states) {
  test(`${state}: no violation at 1280 pixels`, () => visit(`/${state}`, {}, (page) => axe(page, `${state}-1280`)));

  test(`${state}: no violation and no sideways scrolling at 320 pixels`, () =>
    on320Pixels(`/${state}`, async (page) => {
      await axe(page, `${state}-320`);
      await assertNoHorizontalScroll(page);
    }));

  test(`${state}: no violation and no sideways scrolling with 200 % text`, () =>
    visit(`/${state}`, { textScale: 2 }, async (page) => {
      await axe(page, `${state}-text200`);
      await assertNoHorizontalScroll(page);
    }));

  test(`${state}: no violation with forced colours`, () =>
    visit(`/${state}`, { forcedColors: true }, (page) => axe(page, `${state}-forced`)));
}

const classesIn = (css) => new Set([...css.matchAll(/\.((?:kern|meer)-[\w-]+)/g)].map(([, name]) => name));

test("no style is lost by the purge, also of classes that templates put together", async () => {
  const kern = await readFile(createRequire(import.meta.url).resolve("@kern-ux/native/dist/kern.css"), "utf8");
  const own = await readFile(new URL("../src/meer.css", import.meta.url), "utf8");
  const written = classesIn(kern + own);
  for (const state of states) {
    await visit(`/${state}`, {}, async (page) => {
      const built = classesIn(await page.evaluate(async () => (await fetch(document.querySelector("link[rel=stylesheet]").href)).text()));
      const onPage = await page.evaluate(() => [...new Set([...document.querySelectorAll("[class]")].flatMap((e) => [...e.classList]))]);
      assert.deepEqual(onPage.filter((name) => written.has(name) && !built.has(name)), []);
    });
  }
});

test("200 % text doubles what people read, and buttons grow with it", () =>
  visit("/muster", { textScale: 2 }, async (page) => {
    const size = (selector) => page.locator(selector).first().evaluate((e) => parseFloat(getComputedStyle(e).fontSize));
    for (const selector of ["main p.kern-body", "main h1", "label.kern-label", "input[type=text]", ".meer-nav__link", ".kern-btn .kern-label"]) {
      const large = await size(selector);
      await page.evaluate(() => (document.documentElement.style.fontSize = ""));
      const normal = await size(selector);
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      assert.ok(large >= 1.99 * normal, `${selector}: ${normal}px grows to ${large}px`);
    }
  }));

test("own fonts are loaded, and nothing from elsewhere", () =>
  visit("/muster", {}, async (page) => {
    const elsewhere = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    await page.reload();
    await page.evaluate(() => document.fonts.ready);
    assert.ok(await page.evaluate(() => document.fonts.check("400 16px 'Fira Sans'")));
    const loaded = await page.evaluate(() => [...document.fonts].filter((f) => f.status === "loaded").length);
    assert.ok(loaded >= 2, `${loaded} fonts loaded`);
    assert.deepEqual(elsewhere, []);
  }));

test("the error summary has the focus, and its links lead into the fields", () =>
  visit("/muster-fehler", {}, async (page) => {
    const active = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className);
    assert.match(await active(), /meer-error-summary/);
    for (const field of ["mail", "geburt", "zweck"]) {
      await page.locator(`.meer-error-summary a[href='#${field}']`).click();
      assert.equal(await active(), field);
      await page.locator(`label[for='${field}']`).waitFor({ state: "visible" });
    }
  }));

test("keyboard: skip link, then the whole form, always with visible focus", () =>
  visit("/muster", {}, async (page) => {
    const keys = await keyboardOnly(page);
    await page.evaluate(() => document.activeElement?.blur());
    await keys.tabTo(".meer-skip");
    await keys.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "inhalt");
    await keys.tabTo("#vorname");
    await keys.press("Control+A");
    await keys.type("Łucja");
    await keys.tabTo("#ortsteil");
    await keys.press("ArrowDown");
    await keys.tabTo("#themen");
    await keys.press("Space");
    await keys.tabTo("#formular .kern-btn--primary");
    assert.equal(await page.locator("#vorname").inputValue(), "Łucja");
    assert.ok(await page.locator("#themen").isChecked());
  }));

test("without JavaScript everything is there: errors, links into fields, values to copy, no dead buttons", () =>
  withoutJavaScript("/muster-fehler", async (page) => {
    await page.locator(".meer-error-summary a[href='#mail']").click();
    assert.equal(new URL(page.url()).hash, "#mail");
    assert.equal(await page.locator("#kopie-name").textContent(), "Muster-Weiß");
    assert.equal(await page.locator("[data-copy]").isVisible(), false);
    assert.equal(await page.locator("[data-insert]:visible").count(), 0);
    assert.equal(await page.locator("#vermerk-block-ausweis").textContent(), "Ausweis am Schalter gesehen.");
    assert.equal(await page.locator("#sitzung").isVisible(), false);
    await page.locator("details summary").first().click();
    await page.getByText("Die Gebühr sehen Sie, bevor Sie den Antrag abschicken.").waitFor();
  }));

const sent = async (page, path) =>
  (await page.evaluate(async () => (await fetch("/gesendet")).json())).filter((post) => post.path === path);

test("a form is sent once, however often the button is pressed", () =>
  visit("/muster", {}, async (page) => {
    const before = (await sent(page, "/muster")).length;
    const button = page.locator("#formular button[type=submit]").first();
    await button.click();
    await button.click({ force: true });
    await button.press("Enter");
    await page.waitForTimeout(300);
    assert.equal((await sent(page, "/muster")).length, before + 1);
  }));

test("drafts are saved while typing, without files", () =>
  visit("/muster", {}, async (page) => {
    await page.locator("#nachname").fill("Ünal-Beispiel");
    await page.locator("#nachweis").setInputFiles({ name: "a.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF") });
    await page.locator(".meer-saved").getByText("Entwurf gespeichert").waitFor();
    const drafts = await sent(page, "/muster/entwurf");
    const last = new URLSearchParams(drafts.at(-1).body);
    assert.equal(last.get("nachname"), "Ünal-Beispiel");
    assert.equal(last.has("nachweis"), false);
  }));

test("a draft that cannot be saved is said and tried again", () =>
  visit("/muster", {}, async (page) => {
    await page.route("**/muster/entwurf", (route) => route.fulfill({ status: 503 }));
    await page.locator("#nachname").fill("Erster");
    await page.getByText("konnte nicht gespeichert werden").waitFor();
    await page.unroute("**/muster/entwurf");
    await page.locator("#nachname").fill("Zweiter");
    await page.locator(".meer-saved").getByText("Entwurf gespeichert").waitFor();
  }));

test("the session warns in time and goes on with one press", () =>
  visit("/muster-sitzung", {}, async (page) => {
    const before = (await sent(page, "/sitzung/verlaengern")).length;
    const dialog = page.locator("#sitzung");
    await dialog.getByText("In zwei Minuten").waitFor({ timeout: 5000 });
    await axe(page, "muster-sitzung");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "sitzung-weiter");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    assert.equal((await sent(page, "/sitzung/verlaengern")).length, before + 1);
    await dialog.getByText("Sie wurden abgemeldet").waitFor({ timeout: 10000 });
  }));

test("values are copied with one click", () =>
  visit("/muster-intern", {}, async (page) => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("[data-copy='kopie-name']").click();
    await page.getByText("Kopiert", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "Muster-Weiß");
  }));

test("a ready-made text comes where the cursor is, by keyboard, and the focus returns to the field", () =>
  visit("/muster-intern", {}, async (page) => {
    const keys = await keyboardOnly(page);
    const note = page.locator("#vermerk");
    const insert = (id) => page.locator(`[data-insert='${id}']`);
    await page.locator("details", { has: insert("vermerk-block-register") }).locator("summary").focus();
    await keys.press("Enter");
    await keys.tabTo("[data-insert='vermerk-block-ausweis']");
    await keys.press("Enter");
    assert.equal(await note.inputValue(), "Angerufen. Ausweis am Schalter gesehen.");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "vermerk");
    await page.getByRole("status").filter({ hasText: "Eingefügt" }).waitFor();
    await axe(page, "muster-textbaustein");

    await keys.press("Control+Home");
    await keys.tabTo("[data-insert='vermerk-block-register']");
    await keys.press("Space");
    const register = "Mit dem Register verglichen.\nNichts weicht ab.";
    assert.equal(await note.inputValue(), `${register} Angerufen. Ausweis am Schalter gesehen.`);
    await keys.type("!");
    assert.equal(await note.inputValue(), `${register} !Angerufen. Ausweis am Schalter gesehen.`);
  }));

test("the key N opens the next case, never while typing, and can be switched off", () =>
  visit("/muster-intern", {}, async (page) => {
    await page.locator("#nachname").press("n");
    assert.match(page.url(), /muster-intern$/);
    const toggle = page.locator("[data-case-keys]");
    await toggle.click();
    assert.equal(await toggle.getAttribute("aria-pressed"), "false");
    await page.keyboard.press("n");
    assert.match(page.url(), /muster-intern$/);
    await toggle.click();
    await page.locator("h1").first().click();
    await page.keyboard.press("n");
    await page.waitForURL(/intern\/vorgang\/2$/);
  }));

test("the print view leaves out what cannot be used on paper", () =>
  visit("/muster", {}, async (page) => {
    await page.emulateMedia({ media: "print" });
    for (const selector of [".meer-nav", ".meer-footer", ".meer-header__tools"]) {
      assert.equal(await page.locator(selector).isVisible(), false, selector);
    }
    assert.ok(await page.locator(".meer-summary").first().isVisible());
  }));
