// A process is changed as the handbook says (docs/handbook/prozesse-aendern.md): one more approval above an amount, once in
// the list by keyboard, once in the diagram by mouse. Both are the same process; somebody else releases it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test as testOf } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startCity } from "./city.mjs";

const city = await startCity();
process.env.MEER_E2E_BASE = city.base;
const { closeBrowser, keyboardOnly, on320Pixels, visit } = await import("./browser.mjs");
const { look, signInAsStaff } = await import("./citizen.mjs");

const root = fileURLToPath(new URL("../..", import.meta.url));
const same = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug/examples/same");
const drawings = await mkdtemp(join(tmpdir(), "meer-drawings-"));

/** A walk that hangs fails by itself; the others go on. */
const test = (name, walk) => testOf(name, { timeout: 120_000 }, walk);

after(async () => {
  await closeBrowser();
  await city.stop();
  await rm(drawings, { recursive: true, force: true });
});

const WORKSHOP = "/intern/prozesswerkstatt";
const BEGIN = `form[action="${WORKSHOP}/beginnen"]:has([name="art"][value="processes"]):has([name="key"][value="personenstandsurkunde"]) button`;
const APPROVAL = "Freigabe durch eine zweite Person";
const ISSUE = "Urkunde im Fachverfahren ausstellen";
const NO_FAULTS = /keine Fehler/;

/** Addresses of the two drafts. */
const drafts = {};

/** The text of the process, as the drawing's page has it. */
async function keepText(page, name) {
  const text = await page.locator('textarea[name="body"]').inputValue();
  assert.match(text, /^<\?xml/);
  await writeFile(join(drawings, `${name}.bpmn`), text);
}

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
    await keepText(page, "list");
  }));

/** The diagram's elements, by the mouse. */
function diagramOf(page) {
  const { mouse } = page;
  const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });
  const boxOf = async (selector) => {
    const box = await page.locator(selector).boundingBox();
    assert.ok(box, `${selector} cannot be seen`);
    return box;
  };
  const click = async ({ x, y }) => {
    await mouse.move(x - 20, y - 25);
    await mouse.move(x, y, { steps: 6 });
    await mouse.down();
    await mouse.up();
    // The library swallows a click within 400 ms of one that placed something; nobody is as quick.
    await page.waitForTimeout(450);
  };
  const ids = () => page.locator(".djs-element").evaluateAll((all) => all.map((element) => element.dataset.elementId));
  /** Ids of what an action made: of the step and of the arrow. */
  const made = async (action) => {
    const before = await ids();
    await action();
    const fresh = (await ids()).filter((id) => !before.includes(id) && !id.endsWith("_label"));
    return { step: fresh.find((id) => !id.startsWith("Flow")), arrow: fresh.find((id) => id.startsWith("Flow")) };
  };
  const step = async (id) => middle(await boxOf(`.djs-shape[data-element-id="${id}"] > .djs-visual`));
  const arrow = (id, at) =>
    page.locator(`.djs-connection[data-element-id="${id}"] .djs-visual > path`).last().evaluate((path, at) => {
      const point = path.getPointAtLength(path.getTotalLength() * at).matrixTransform(path.getScreenCTM());
      return { x: point.x, y: point.y };
    }, at);
  const tool = async (name) => click(middle(await boxOf(`.djs-palette .entry[data-action="${name}"]`)));
  const pad = async (name) => {
    await page.locator(`.djs-context-pad.open .entry[data-action="${name}"]`).waitFor({ timeout: 5000 });
    await click(middle(await boxOf(`.djs-context-pad.open .entry[data-action="${name}"]`)));
  };
  const canvas = () => boxOf("[data-canvas]");
  /** Clicks until the element is chosen; a click that closes a menu chooses nothing. */
  const select = async (id, where) => {
    const chosen = page.locator(`.djs-element.selected[data-element-id="${id}"]`);
    for (let i = 0; i < 3 && (await chosen.count()) === 0; i++) await click(await where());
    assert.equal(await chosen.count(), 1, `${id} cannot be chosen`);
  };
  const selectStep = (id) => select(id, () => step(id));
  return {
    arrow,
    canvas,
    click,
    made,
    pad,
    step,
    selectArrow: (id) => select(id, () => arrow(id, 0.5)),
    selectStep,
    tool,
    /** The mouse wheel: bigger with the Ctrl key until a step can be read, then sideways until it stands there. */
    async moveTo(id, x, y) {
      await mouse.move(...Object.values(middle(await canvas())));
      const width = async () => (await boxOf(`.djs-shape[data-element-id="${id}"] > .djs-visual`)).width;
      await page.keyboard.down("Control");
      for (let i = 0; i < 30 && (await width()) < 48; i++) await mouse.wheel(0, -50);
      await page.keyboard.up("Control");
      const corner = await canvas();
      for (let i = 0; i < 60; i++) {
        const at = await step(id);
        const [right, down] = [at.x - corner.x - x, at.y - corner.y - y];
        if (Math.abs(right) < 15 && Math.abs(down) < 15) return;
        if (Math.abs(right) >= 15) await mouse.wheel(Math.max(-300, Math.min(300, right)), 0);
        if (Math.abs(down) >= 15) await mouse.wheel(0, Math.max(-300, Math.min(300, down)));
        await page.waitForTimeout(30);
      }
      assert.fail(`${id} cannot be brought there with the mouse wheel`);
    },
    async drag(from, to) {
      await mouse.move(from.x, from.y, { steps: 4 });
      await mouse.down();
      await mouse.move(to.x, to.y, { steps: 10 });
      await mouse.up();
    },
    /** A tool, then a click where its step shall stand. */
    put: (name, where) =>
      made(async () => {
        await tool(name);
        await click(await where());
      }),
    connect: (from, to) =>
      made(async () => {
        await selectStep(from);
        await pad("connect");
        await click(await step(to));
      }),
  };
}

test("one more approval above an amount, in the diagram with the mouse", () =>
  visit("/", { width: 1600, height: 1000 }, async (page) => {
    await signInAsStaff(page, "petra.prozess");
    await page.goto(city.base + WORKSHOP);
    await page.locator(BEGIN).click();
    await page.waitForURL((url) => url.pathname.startsWith(`${WORKSHOP}/`));
    drafts.diagram = new URL(page.url()).pathname;
    await page.getByRole("link", { name: "In der Zeichnung bearbeiten" }).click();
    await page.locator(".djs-palette .entry").first().waitFor();
    await look(page, "zeichnung");
    await page.locator("[data-canvas]").evaluate((element) => element.scrollIntoView({ block: "start" }));

    const { arrow, canvas, click, connect, drag, made, moveTo, pad, put, selectArrow, selectStep, step, tool } = diagramOf(page);
    await moveTo("ergebnis-weiche", 170, 240);
    const result = await step("ergebnis-weiche");
    await tool("space-tool");
    await drag({ x: result.x + 40, y: result.y - 90 }, { x: result.x + 390, y: result.y - 90 });
    await page.keyboard.press("Escape");
    const split = await put("create.exclusive-gateway", () => arrow("f7", 0.25));
    const join = await put("create.exclusive-gateway", () => arrow(split.arrow, 0.75));
    const [first, second] = [await step(split.step), await step(join.step)];
    const above = { x: (first.x + second.x) / 2, y: first.y - 120 };
    const { step: task } = await made(async () => {
      await tool("create.task");
      await click(above);
      await page.locator(".djs-direct-editing-content").waitFor();
      await page.keyboard.type(APPROVAL);
      await click({ x: above.x, y: above.y - 80 });
    });
    await selectStep(task);
    await pad("replace");
    const kind = page.locator('.djs-popup .entry[data-id="replace-with-user-task"]');
    await kind.waitFor();
    await look(page, "zeichnung-art");
    await kind.click();
    await page.waitForTimeout(450);
    const { arrow: more } = await connect(split.step, task);
    await connect(task, join.step);

    const field = (label) => page.locator("[data-panel]").getByLabel(label, { exact: true });
    const write = async (label, text) => {
      await field(label).click();
      await page.keyboard.press("Control+a");
      await page.keyboard.type(text);
      await page.keyboard.press("Tab");
    };
    const empty = async () => {
      const { x, y, width } = await canvas();
      await click({ x: x + width - 40, y: y + 40 });
    };
    await empty();
    await selectStep(task);
    await field("Formular").selectOption({ label: "Vorgang freigeben" });
    await write("Wer bearbeitet den Schritt?", "= stelle");
    await write("Frist", "P3D");
    await field("Nicht dieselbe Person wie bei").selectOption({ label: ISSUE });
    await look(page, "zeichnung-aufgabe");
    await selectStep(split.step);
    await write("Name", "Mehr als 50 Euro?");
    await selectArrow(more);
    await write("Name", "mehr");
    await write("Bedingung", "gebuehr_cents > 5000");
    await look(page, "zeichnung-weg");
    await selectArrow(split.arrow);
    await write("Name", "höchstens");
    await field("Dieser Weg gilt, wenn keine Bedingung zutrifft").check();
    await look(page, "zeichnung-geaendert");
    await page.getByText("Es gibt ungespeicherte Änderungen.").waitFor();
    await page.locator('form[data-designer] button[type="submit"]').click();
    await page.getByText("Die Zeichnung ist gespeichert.").waitFor();
    await page.locator(".djs-container").waitFor();
    await look(page, "zeichnung-gespeichert");
    assert.match(await page.locator("main").innerText(), NO_FAULTS);
    await keepText(page, "diagram");
  }));

test("both are the same process", async () => {
  const { stdout } = await promisify(execFile)(same, [join(drawings, "list.bpmn"), join(drawings, "diagram.bpmn")]);
  assert.match(stdout, /the same process/);
});

test("the pages of the workshop on a phone of 320 pixels", () =>
  on320Pixels("/", async (page) => {
    await signInAsStaff(page, "petra.prozess");
    const pages = { liste: WORKSHOP, entwurf: drafts.list, schritte: `${drafts.list}/schritte`, probelauf: `${drafts.list}/probelauf` };
    for (const [name, path] of Object.entries({ ...pages, zeichnung: `${drafts.list}/zeichnung` })) {
      await page.goto(city.base + path);
      await look(page, `werkstatt-320-${name}`);
    }
  }));

test("somebody else releases the draft; whoever worked on it cannot", () =>
  visit("/", {}, async (petra) => {
    await signInAsStaff(petra, "petra.prozess");
    await petra.goto(city.base + drafts.diagram);
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
    }, `${drafts.diagram}/freigeben`);
    assert.equal(refused, 403);

    await visit("/", {}, async (sabine) => {
      await signInAsStaff(sabine, "sabine.beispiel");
      await sabine.goto(city.base + WORKSHOP);
      await look(sabine, "freigabe-liste");
      await sabine.locator(`main a[href="${drafts.diagram}"]`).click();
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

    // The other draft began from the version before.
    await petra.goto(city.base + drafts.list);
    await petra.getByText("Seit Beginn des Entwurfs wurde eine andere Fassung freigegeben").waitFor();
    await look(petra, "werkstatt-ueberholt");
  }));

test("nothing was logged as an error while processes were changed", async () => {
  const errors = (await city.log()).split("\n").filter((line) => /\bERROR\b|panicked/.test(line));
  assert.deepEqual(errors, []);
});
