// A process is changed as the handbook says (docs/handbook/prozesse-aendern.md): one more approval above an amount, in the list
// with the keyboard alone; somebody else releases it.
import assert from "node:assert/strict";
import { after, test as testOf } from "node:test";
import { startCity } from "./city.mjs";

const city = await startCity();
process.env.MEER_E2E_BASE = city.base;
const { closeBrowser, keyboardOnly, on320Pixels, visit } = await import("./browser.mjs");
const { look, signInAsStaff } = await import("./citizen.mjs");

/** A walk that hangs fails by itself; the others go on. */
const test = (name, walk) => testOf(name, { timeout: 120_000 }, walk);

after(async () => {
  await closeBrowser();
  await city.stop();
});

const WORKSHOP = "/intern/prozesswerkstatt";
const BEGIN = `form[action="${WORKSHOP}/beginnen"]:has([name="art"][value="processes"]):has([name="key"][value="personenstandsurkunde"]) button`;
const APPROVAL = "Freigabe durch eine zweite Person";
const ISSUE = "Urkunde im Fachverfahren ausstellen";
const NO_FAULTS = /keine Fehler/;

/** Address of the draft. */
const drafts = {};

test("one more approval above an amount, in the list with the keyboard alone", () =>
  visit("/", {}, async (page) => {
    await signInAsStaff(page, "petra.prozess", "werkstatt");
    const keys = await keyboardOnly(page);
    const go = async (selector) => {
      await keys.tabTo(selector);
      await Promise.all([page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame()), keys.press("Enter")]);
      await page.waitForLoadState();
    };
    /** Arrow keys until this is chosen, in a field or a list of radio buttons. */
    const choose = async (name, text) => {
      const field = `main [name="${name}"]`;
      const isSelect = (await page.locator(field).first().evaluate((element) => element.tagName)) === "SELECT";
      await keys.tabTo(isSelect ? field : `${field} >> nth=0`);
      const chosen = () =>
        page.evaluate(() => {
          const active = document.activeElement;
          if (active.tagName === "SELECT") return active.selectedOptions[0].text;
          return active.checked ? active.labels[0].textContent.trim() : "";
        });
      for (let i = 0; (await chosen()) !== text; i++) {
        assert.ok(i < 60, `${text} cannot be chosen with the arrow keys`);
        await keys.press(!isSelect && i === 0 ? "Space" : "ArrowDown");
      }
    };
    const write = async (name, text) => {
      await keys.tabTo(`main [name="${name}"]`);
      await keys.type(text);
    };

    await go(`.meer-nav__link[href="${WORKSHOP}"], nav a[href="${WORKSHOP}"]`);
    await look(page, "werkstatt-liste");
    await go(BEGIN);
    await look(page, "werkstatt-entwurf");
    drafts.list = new URL(page.url()).pathname;
    await go(`main a[href="${drafts.list}/schritte"]`);
    await look(page, "werkstatt-schritte");
    await go(`main li:has(h2:has-text(": Ergebnis")) li:has-text("ausgestellt:") a[href*="/schritte/neu"]`);
    await look(page, "werkstatt-schritt-neu");
    await choose("art", "Aufgabe für eine Person");
    await choose("wann", "nur unter einer Bedingung");
    await go('main form.meer-form button[type="submit"]');
    await look(page, "werkstatt-schritt");
    await choose("variable", "Gebühr in Cent (gebuehr_cents)");
    await choose("vergleich", "mehr als");
    await write("wert", "5000");
    await write("frage", "Mehr als 50 Euro?");
    await write("ja", "mehr");
    await write("nein", "höchstens");
    await write("name", APPROVAL);
    await choose("einheit", `wie im Schritt „${ISSUE}“`);
    await choose("formular", "Vorgang freigeben");
    await write("frist", "3");
    await choose("vieraugen", ISSUE);
    await look(page, "werkstatt-schritt-ausgefuellt");
    await go('main form.meer-form button[type="submit"]');
    await look(page, "werkstatt-schritte-neu");
    const focused = page.locator("main li:focus");
    assert.match(await focused.innerText(), new RegExp(`${APPROVAL}[^]*gespeichert`), "the new step has the focus");

    await page.goto(city.base + drafts.list);
    await look(page, "werkstatt-vergleich");
    const main = await page.locator("main").innerText();
    assert.match(main, NO_FAULTS);
    assert.match(main, new RegExp(`${APPROVAL}.*3 Tage`));
    await page.goto(`${city.base}${drafts.list}/zeichnung`);
    await page.locator(".djs-container").waitFor();
  }));

test("the pages of the workshop on a phone of 320 pixels", () =>
  on320Pixels("/", async (page) => {
    await signInAsStaff(page, "petra.prozess");
    const pages = { liste: WORKSHOP, entwurf: drafts.list, schritte: `${drafts.list}/schritte`, probelauf: `${drafts.list}/probelauf` };
    for (const [name, path] of Object.entries({ ...pages, zeichnung: `${drafts.list}/zeichnung` })) {
      await page.goto(city.base + path);
      await look(page, `werkstatt-320-${name}`);
    }
    await page.locator(".djs-container").waitFor();
    assert.equal(await page.locator(".djs-palette").isVisible(), false, "the tools do not lie over the drawing");
    assert.ok(await page.locator(`main a[href="${drafts.list}/schritte"]`).isVisible(), "the list is one link away");
  }));

test("somebody else releases the draft; whoever worked on it cannot", () =>
  visit("/", {}, async (petra) => {
    await signInAsStaff(petra, "petra.prozess");
    await petra.goto(city.base + drafts.list);
    await petra.locator('[name="note"]').fill("Über 50 Euro gibt eine zweite Person frei.");
    await petra.getByRole("button", { name: "Text speichern" }).click();
    await petra.getByText("Der Text ist gespeichert.").waitFor();
    await petra.getByRole("button", { name: "Zur Prüfung geben" }).click();
    await petra.getByText("Der Entwurf liegt zur Prüfung.").first().waitFor();
    await look(petra, "werkstatt-vorgelegt");
    await petra.getByText(/Jemand anderes muss ihn prüfen/).waitFor();
    assert.equal(await petra.getByRole("button", { name: "Freigeben" }).count(), 0);
    const refused = await petra.evaluate(async (action) => {
      const body = new URLSearchParams({ revision: document.querySelector('[name="revision"]')?.value ?? "1" });
      return (await fetch(action, { method: "POST", body })).status;
    }, `${drafts.list}/freigeben`);
    assert.equal(refused, 403);

    await visit("/", {}, async (sabine) => {
      await signInAsStaff(sabine, "sabine.beispiel");
      await sabine.goto(city.base + WORKSHOP);
      await look(sabine, "freigabe-liste");
      await sabine.locator(`main a[href="${drafts.list}"]`).click();
      await sabine.getByText("Über 50 Euro gibt eine zweite Person frei.").waitFor();
      await look(sabine, "freigabe");
      await sabine.getByRole("button", { name: "Zurückgeben" }).click();
      await sabine.locator(".meer-error-summary").waitFor();
      await look(sabine, "freigabe-fehler");
      await sabine.getByRole("button", { name: "Freigeben" }).click();
      await sabine.getByText("Die neue Fassung ist freigegeben.").waitFor();
      await look(sabine, "freigabe-freigegeben");
      await sabine.goto(`${city.base}/intern/prozessregister`);
      await look(sabine, "freigabe-register");
      const row = sabine.locator("tr", { hasText: "Personenstandsurkunde" }).first();
      assert.match(await row.innerText(), /\t2\t/);
    });
  }));

test("nothing was logged as an error while processes were changed", async () => {
  const errors = (await city.log()).split("\n").filter((line) => /\bERROR\b|panicked/.test(line));
  assert.deepEqual(errors, []);
});
