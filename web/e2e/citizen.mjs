// What a person does on the pages: sign in, answer a step, send, wait for the result.
import assert from "node:assert/strict";
import { assertNoHorizontalScroll, axe } from "./browser.mjs";

export const CITIZEN = { email: "erika.beispiel@example.org", password: "Beispiel-Demo-2026" };
export const STAFF_PASSWORD = "Muster-Demo-2026";

/** The work in the background (register, certificate, letter, treasury) is done within this time. */
const DONE_WITHIN_MS = 20_000;

/** Every check a page state goes through: accessibility, on a phone no sideways scrolling, in the end a picture. */
export async function look(page, name) {
  if (!name) return;
  await axe(page, name);
  if (page.viewportSize().width <= 320) await assertNoHorizontalScroll(page);
}

/** The button that goes on; a step with further buttons has an invisible one before it, for the Enter key. */
export const NEXT = "main .meer-actions .kern-btn--primary";

export const next = async (page, button = NEXT) => {
  const before = page.url();
  await Promise.all([
    page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame()),
    page.locator(button).first().click(),
  ]);
  await page.waitForLoadState();
  return before;
};

/** A path of the program as an address. */
const at = (page, path) => new URL(path, page.url()).href;

/** Name of the step in the address. */
export const stepOf = (page) => new URL(page.url()).pathname.split("/").at(-1);

/**
 * Answers fields by their names: text is typed, `true` and `false` set a box, a list ticks several, an object with
 * `option` chooses in a list of radio buttons or a select.
 */
export async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const control = page.locator(`main [name="${name}"]`);
    if (Array.isArray(value)) {
      for (const one of value) await page.locator(`main [name="${name}"][value="${one}"]`).check();
    } else if (typeof value === "object") {
      const select = (await control.first().evaluate((element) => element.tagName)) === "SELECT";
      if (select) await control.selectOption(value.option);
      else await page.locator(`main [name="${name}"][value="${value.option}"]`).check();
    } else if (typeof value === "boolean") await control.setChecked(value);
    else await control.fill(value);
  }
}

export const option = (code) => ({ option: code });

/** A date in its three fields. */
export const date = (name, day, month, year) => ({ [name]: day, [`${name}-month`]: month, [`${name}-year`]: year });

/**
 * Answers one step and goes on. With `name`, the page is checked before. With `refuses`, the step is first sent as it
 * is: the errors must take the focus, be said in the title and lead into their fields.
 */
export async function answer(page, step, fields, { name, refuses = false } = {}) {
  assert.equal(stepOf(page), step, await page.locator("main").innerText());
  await look(page, name && `${name}-${step}`);
  if (refuses) await assertErrors(page, name && `${name}-${step}-fehler`);
  await fill(page, fields);
  await next(page);
  assert.notEqual(stepOf(page), step, `the step was not taken: ${await page.locator("main").innerText()}`);
}

/** Sends the form of the page as it is and expects errors that are hard to miss. */
export async function assertErrors(page, name) {
  await next(page);
  const summary = page.locator(".meer-error-summary");
  await summary.waitFor();
  await look(page, name);
  assert.match(await page.title(), /^(Fehler|Error):/);
  const scripted = await page.evaluate(() => document.activeElement?.classList.contains("meer-error-summary"));
  assert.ok(scripted, "the error summary has no focus");
  const link = summary.locator("a").first();
  const field = (await link.getAttribute("href"))?.slice(1);
  await link.click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), field, "the link of the error leads into its field");
}

/** Notice, then the first step of a new application. */
export async function begin(page, service, name) {
  await page.goto(new URL(`/leistungen/${service}`, page.url()).href);
  await look(page, name && `${name}-leistung`);
  await page.locator(`main a[href="/leistungen/${service}/antrag"]`).click();
  await look(page, name && `${name}-datenschutz`);
  await next(page);
  assert.match(new URL(page.url()).pathname, /^\/antrag\/[0-9a-f-]+\/[a-z-]+$/);
}

/** Sends the checked answers; gives the path of the case and the claim code of a guest. */
export async function submit(page, name) {
  assert.equal(stepOf(page), "pruefen");
  await look(page, name && `${name}-pruefen`);
  await next(page);
  if (!(await page.locator(".meer-receipt").isVisible())) {
    assert.fail(`no receipt: ${page.url()}\n${await page.locator("main").innerText()}`);
  }
  await look(page, name && `${name}-quittung`);
  const code = page.locator("#abholcode");
  const claim = (await code.count()) > 0 ? await code.textContent() : "";
  const link = page.locator('main a[href^="/vorgang/"]').first();
  const path = await link.getAttribute("href");
  await link.click();
  await page.waitForURL((url) => url.pathname === path);
  return { path, claim };
}

/** Loads the page anew until it is there. */
async function untilVisible(page, what, found) {
  const end = Date.now() + DONE_WITHIN_MS;
  while (!(await found().first().isVisible())) {
    if (Date.now() > end) {
      assert.fail(`${what} does not come: ${page.url()}\n${await page.locator("main").innerText()}`);
    }
    await page.waitForTimeout(250);
    await page.reload();
  }
}

export const until = (page, text) => untilVisible(page, text, () => page.locator("main").getByText(text));

/** Waits on the page of a case for its status, as the badge under the heading says it. */
export const untilStatus = (page, status) =>
  untilVisible(page, status, () => page.locator("main .kern-badge").getByText(status, { exact: true }));

/** Chooses a test card in the sandbox, on the page that asks for the online ID. */
export async function withCard(page, card, name) {
  await page.locator('form[action^="/anmelden/eid"] button').click();
  await page.locator(`button[name="card"][value="${card}"]`).waitFor();
  await look(page, name);
  await page.locator(`button[name="card"][value="${card}"]`).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/eid/"));
}

/** Signs in with a test card and comes back to `path`. */
export async function signInWithCard(page, card, path = "/", name = "") {
  await page.goto(new URL(`/anmelden?zurueck=${encodeURIComponent(path)}`, page.url()).href);
  await look(page, name && `${name}-anmelden`);
  await withCard(page, card, name && `${name}-karte`);
  assert.equal(new URL(page.url()).pathname, path);
}

export async function signInWithPassword(page, path = "/", name = "") {
  await page.goto(new URL(`/anmelden?zurueck=${encodeURIComponent(path)}`, page.url()).href);
  if (name) {
    await next(page);
    await look(page, `${name}-anmelden-fehler`);
  }
  await fill(page, CITIZEN);
  await next(page);
  assert.equal(new URL(page.url()).pathname, path);
}

export async function signInAsStaff(page, login, name = "") {
  await page.goto(new URL("/intern/anmelden", page.url()).href);
  await look(page, name && `${name}-anmelden`);
  await fill(page, { login, password: STAFF_PASSWORD });
  await next(page);
  assert.equal(new URL(page.url()).pathname, "/intern");
  await look(page, name && `${name}-schreibtisch`);
}

/** From the first question to "check your answers", with the online ID. */
export async function fillMeldebescheinigung(page, name, { refuses = false, art = "einfach" } = {}) {
  const step = (key, fields, errors = refuses) => answer(page, key, fields, { name, refuses: errors });
  await step("fuer-wen", { fuer_wen: option("selbst") });
  await step("art", { art: option(art) });
  if (art === "erweitert") await step("weitere-daten", { weitere_daten: ["geburtsort", "familienstand"] });
  await step("zustellung", { zustellung: option("elektronisch") });
  await step("person", {}, false);
  await step("anschrift", {}, false);
  await step("zweck", { zweck: "Kfz-Versicherung" }, false);
  await step("erklaerung", { erklaerung: true });
}

/** The document on the page of a case with this in its title: always a PDF. */
export async function certificateOf(page, title = "Meldebescheinigung") {
  const links = page.locator('main a[href*="/dokument/"]');
  const href = await links.filter({ hasText: title }).first().getAttribute("href");
  const answered = await page.request.get(at(page, href));
  assert.equal(answered.status(), 200);
  assert.match(answered.headers()["content-type"], /^application\/pdf/);
  const pdf = await answered.body();
  assert.equal(pdf.subarray(0, 5).toString("latin1"), "%PDF-");
  return pdf;
}

/** A guest orders the Meldebescheinigung on paper, for a fee; gives the path of the case and the claim code. */
export async function orderOnPaper(page) {
  await begin(page, "meldebescheinigung");
  await answer(page, "fuer-wen", { fuer_wen: option("selbst") });
  await answer(page, "art", { art: option("einfach") });
  await answer(page, "papier", { papier_weiter: option("papier") });
  const born = date("geburtsdatum", "12", "6", "1984");
  await answer(page, "person", { familienname: "Beispiel-Ahorn", vornamen: "Erika Maria", ...born });
  const home = { anschrift: "Musterweg", "anschrift-house-number": "12", "anschrift-postal-code": "40667", "anschrift-city": "Meerbusch" };
  await answer(page, "anschrift", home);
  await answer(page, "zweck", { email: "gast@example.org" });
  await answer(page, "erklaerung", { erklaerung: true });
  return submit(page);
}

/**
 * Erika orders her own birth certificate: one A4 and `copies` international ones, for 10 euros, 10 euros and 5 euros for each
 * further one; `fee` is their sum as the page says it.
 */
export async function orderUrkunde(page, name, { refuses = false, copies = "2", fee = "25,00" } = {}) {
  const step = (key, fields, errors = refuses) => answer(page, key, fields, { name, refuses: errors });
  await begin(page, "personenstandsurkunde", name);
  await step("standesamt", { standesamt: option("meerbusch") });
  await step("antragsteller", {}, false);
  await step("ereignis", { ereignis: option("geburt") });
  await step("wann", date("ereignis_datum", "12", "6", "1984"));
  await step("person", { person_familienname: "Muster-Linde", person_vornamen: "Erika Maria" });
  await step("eintrag", { ereignis_ort: "Meerbusch" }, false);
  await step("beziehung", { beziehung: option("selbst") });
  await step("zweck", { zweck: option("privat") });
  if (refuses) {
    assert.equal(stepOf(page), "urkunden");
    await assertErrors(page, name && `${name}-urkunden-fehler`);
  }
  await fill(page, { "urkunden.1.urkunde_art": option("a4"), "urkunden.1.urkunde_anzahl": "1" });
  await page.getByRole("button", { name: "Weitere Urkunde hinzufügen" }).click();
  await page.locator('[name="urkunden.2.urkunde_anzahl"]').waitFor();
  assert.equal(await page.locator('[name="urkunden.1.urkunde_anzahl"]').inputValue(), "1");
  await step("urkunden", { "urkunden.2.urkunde_art": option("mehrsprachig"), "urkunden.2.urkunde_anzahl": copies }, false);
  await step("versand", {}, false);
  await step("erklaerung", { erklaerung: true });
  const button = await page.locator(NEXT).innerText();
  assert.match(button, new RegExp(`${fee}\\s€`));
  return submit(page, name);
}

/** Goes to the sandbox's payment page and lets the payment end in this way. */
export async function pay(page, outcome, name = "") {
  await page.locator('form[action$="/bezahlen"] button').first().click();
  await page.locator(`button[name="choice"][value="${outcome}"]`).waitFor();
  const sandbox = new URL(page.url()).port;
  await look(page, name && `${name}-zahlungsseite`);
  await page.locator(`button[name="choice"][value="${outcome}"]`).click();
  await page.waitForURL((url) => url.port !== sandbox);
  await look(page, name && `${name}-zurueck-${outcome}`);
}

/** The clerk takes the only free task of the case and opens its form. */
export async function takeTask(clerk, path) {
  await clerk.goto(at(clerk, `/intern${path}`));
  await until(clerk, "Übernehmen");
  await clerk.getByRole("button", { name: "Übernehmen" }).first().click();
  await clerk.waitForURL(/\/intern\/aufgabe\//);
}
