// Both services are changed as the handbook says (docs/handbook/prozesse-aendern.md): one more approval above an amount, once in
// the list by keyboard, once in the diagram by mouse. Both ways make the same process; somebody else releases it; what had begun
// goes on without the approval, what begins after takes it. With MEER_E2E_ENGINE=postgres on the server of MEER_TEST_DATABASE.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test as testOf } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startCity } from "./city.mjs";

const city = await startCity({ database: process.env.MEER_E2E_ENGINE === "postgres" ? process.env.MEER_TEST_DATABASE : undefined });
process.env.MEER_E2E_BASE = city.base;
const { closeBrowser, keyboardOnly, on320Pixels, visit } = await import("./browser.mjs");
const {
  answer,
  begin,
  date,
  fillMeldebescheinigung,
  look,
  next,
  option,
  orderOnPaper,
  orderUrkunde,
  pay,
  signInAsStaff,
  signInWithCard,
  submit,
  takeTask,
  until,
  untilStatus,
} = await import("./citizen.mjs");
const { diagramOf } = await import("./diagram.mjs");

const root = fileURLToPath(new URL("../..", import.meta.url));
const same = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug/examples/same");
const texts = await mkdtemp(join(tmpdir(), "meer-processes-"));

/** A walk that hangs fails by itself; the others go on. */
const test = (name, walk) => testOf(name, { timeout: 240_000 }, walk);

after(async () => {
  await closeBrowser();
  await city.stop();
  await rm(texts, { recursive: true, force: true });
});

const WORKSHOP = "/intern/prozesswerkstatt";
const APPROVAL = "Freigabe durch eine zweite Person";
const NO_FAULTS = /keine Fehler/;
const TAKE = { name: "Übernehmen" };

/** What the handbook tells to enter, and where; `before` and `after` are the steps between which the approval stands. */
const URKUNDE = {
  key: "personenstandsurkunde",
  title: "Personenstandsurkunde",
  insert: 'main li:has(h2:has-text(": Ergebnis")) li:has-text("ausgestellt:") a[href*="/schritte/neu"]',
  before: "ergebnis-weiche",
  after: "mitteilen",
  way: "f7",
  cents: "5000",
  question: "Mehr als 50 Euro?",
  unit: { list: "wie im Schritt „Urkunde im Fachverfahren ausstellen“", diagram: "= stelle" },
  notBy: "Urkunde im Fachverfahren ausstellen",
  note: "Über 50 Euro gibt eine zweite Person frei.",
};
const MELDE = {
  key: "meldebescheinigung",
  title: "Meldebescheinigung",
  insert: 'main li li:has-text("„Bescheinigung ausstellen“") a[href*="/schritte/neu"]',
  before: "vor-ausstellen",
  after: "ausstellen",
  way: "f17",
  cents: "500",
  question: "Mehr als 5 Euro?",
  unit: { list: "Bürgerbüro", diagram: "buergerbuero" },
  notBy: "Abweichung prüfen",
  note: "Über 5 Euro gibt eine zweite Person frei.",
};
const beginButton = ({ key }) =>
  `form[action="${WORKSHOP}/beginnen"]:has([name="art"][value="processes"]):has([name="key"][value="${key}"]) button`;

/** Addresses of the drafts: `list` and `diagram` of each service. */
const drafts = { [URKUNDE.key]: {}, [MELDE.key]: {} };

/** What was ordered before the new versions: paths and a claim code. */
const old = {};

/** Keeps the text of a draft, as the page of its drawing has it, for the comparison. */
async function keepText(page, name) {
  const text = await page.locator('textarea[name="body"]').inputValue();
  assert.match(text, /^<\?xml/);
  await writeFile(join(texts, `${name}.bpmn`), text);
}

/** A guest comes back with the claim code and pays. */
const payWith = (code, path) =>
  visit("/abholen", {}, async (page) => {
    await page.locator("#code").fill(code);
    await next(page);
    assert.equal(new URL(page.url()).pathname, path);
    await pay(page, "bezahlen");
  });

/** Somebody takes the approval and gives it. */
async function approve(page, path, name) {
  await takeTask(page, path);
  await answer(page, "freigabe", { freigegeben: true }, { name, refuses: Boolean(name) });
  await next(page);
}

/** The clerk issues the Urkunde that was ordered here. */
async function issue(page, path) {
  await takeTask(page, path);
  await answer(page, "ergebnis", { register_gesehen: true, ergebnis: option("ausgestellt") });
  const [year, month, day] = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" }).format(new Date()).split("-");
  await answer(page, "ausgestellt", { urkunde_registernummer: "G 123/1984", ...date("versandt_am", day, month, year) });
  await next(page);
}

/** Erika orders for 65 euros and pays. */
async function orderAndPay(page, order) {
  const { path } = await orderUrkunde(page, "", order);
  await untilStatus(page, "Wartet auf Zahlung");
  await pay(page, "bezahlen");
  await page.goto(city.base + path);
  await untilStatus(page, "In Bearbeitung");
  return path;
}
const DEAR = { copies: "10", fee: "65,00" };

test("two orders above the amount begin before anything is changed", async () => {
  await visit("/", {}, async (page) => {
    await signInWithCard(page, "erika");
    old.urkunde = await orderAndPay(page, DEAR);
  });
  await visit("/", {}, async (page) => {
    old.melde = await orderOnPaper(page);
    await untilStatus(page, "Wartet auf Zahlung");
  });
});

/** The handbook's steps in the list; pictures and checks of each page state with `name`. */
async function addInTheList(page, service, name = "") {
  const keys = await keyboardOnly(page);
  const at = (state) => name && `${name}-${state}`;
  const go = async (selector) => {
    await keys.tabTo(selector);
    await Promise.all([page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame()), keys.press("Enter")]);
    await page.waitForLoadState();
  };
  /** Arrow keys until this is chosen, in a field or a list of radio buttons. */
  const choose = async (field, text) => {
    const selector = `main [name="${field}"]`;
    const isSelect = (await page.locator(selector).first().evaluate((element) => element.tagName)) === "SELECT";
    await keys.tabTo(isSelect ? selector : `${selector} >> nth=0`);
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
  const write = async (field, text) => {
    await keys.tabTo(`main [name="${field}"]`);
    await keys.type(text);
  };

  await go(`nav a[href="${WORKSHOP}"]:visible`);
  await look(page, at("liste"));
  await go(beginButton(service));
  await look(page, at("entwurf"));
  const draft = new URL(page.url()).pathname;
  drafts[service.key].list = draft;
  await go(`main a[href="${draft}/schritte"]`);
  await look(page, at("schritte"));
  await go(service.insert);
  await look(page, at("schritt-neu"));
  await choose("art", "Aufgabe für eine Person");
  await choose("wann", "nur unter einer Bedingung");
  await go('main form.meer-form button[type="submit"]');
  await look(page, at("schritt"));
  await choose("variable", "Gebühr in Cent (gebuehr_cents)");
  await choose("vergleich", "mehr als");
  await write("wert", service.cents);
  await write("frage", service.question);
  await write("ja", "mehr");
  await write("nein", "höchstens");
  await write("name", APPROVAL);
  await choose("einheit", service.unit.list);
  await choose("formular", "Vorgang freigeben");
  await write("frist", "3");
  await choose("vieraugen", service.notBy);
  await look(page, at("schritt-ausgefuellt"));
  await go('main form.meer-form button[type="submit"]');
  await look(page, at("schritte-neu"));
  const focused = page.locator("main li:focus");
  assert.match(await focused.innerText(), new RegExp(`${APPROVAL}[^]*gespeichert`), "the new step has the focus");

  await page.goto(city.base + draft);
  await look(page, at("vergleich"));
  const main = await page.locator("main").innerText();
  assert.match(main, NO_FAULTS);
  assert.match(main, new RegExp(`${APPROVAL}.*3 Tage`));
  await page.goto(`${city.base}${draft}/zeichnung`);
  await keepText(page, `${service.key}-list`);
}

for (const [service, name] of [[URKUNDE, "werkstatt"], [MELDE, ""]]) {
  test(`${service.title}: one more approval above an amount, in the list with the keyboard alone`, () =>
    visit("/", {}, async (page) => {
      await signInAsStaff(page, "petra.prozess", name);
      await addInTheList(page, service, name);
    }));
}

/** The handbook's steps in the diagram. */
async function addInTheDiagram(page, service, name = "") {
  const at = (state) => name && `${name}-${state}`;
  await page.goto(city.base + WORKSHOP);
  await page.locator(beginButton(service)).click();
  await page.waitForURL((url) => url.pathname.startsWith(`${WORKSHOP}/`));
  drafts[service.key].diagram = new URL(page.url()).pathname;
  await page.getByRole("link", { name: "In der Zeichnung bearbeiten" }).click();
  await page.locator(".djs-palette .entry").first().waitFor();
  await look(page, name);
  await page.locator("[data-canvas]").evaluate((element) => element.scrollIntoView({ block: "start" }));

  const diagram = diagramOf(page);
  const { chooseOption, selectArrow, selectStep, write } = diagram;
  await diagram.scrollTo(service.before, 180, 300);
  const from = await diagram.step(service.before);
  await diagram.makeRoom({ x: from.x + 30, y: from.y - 60 }, 250, service.after);
  const wrong = await diagram.insertGateway(service.way, 0.5);
  await diagram.undo(wrong.step);
  const split = await diagram.insertGateway(service.way, 0.25);
  const join = await diagram.insertGateway(split.arrow, 0.8);
  const [left, right] = [await diagram.step(split.step), await diagram.step(join.step)];
  const task = await diagram.appendTask(split.step, { x: (left.x + right.x) / 2, y: left.y - 120 }, APPROVAL);
  await diagram.changeKind(task.step, "replace-with-user-task", () => look(page, at("art")));
  await diagram.connect(task.step, join.step);

  await selectStep(task.step);
  await chooseOption("Formular", "Vorgang freigeben");
  await write("Wer bearbeitet den Schritt?", service.unit.diagram);
  await write("Frist", "P3D");
  await chooseOption("Nicht dieselbe Person wie bei", service.notBy);
  await look(page, at("aufgabe"));
  await selectStep(split.step);
  await write("Name", service.question);
  await selectArrow(task.arrow);
  await write("Name", "mehr");
  await write("Bedingung", `gebuehr_cents > ${service.cents}`, { tab: false });
  await selectArrow(split.arrow);
  await selectArrow(task.arrow);
  assert.equal(await diagram.field("Bedingung").inputValue(), `gebuehr_cents > ${service.cents}`);
  await look(page, at("weg"));
  await selectArrow(split.arrow);
  await write("Name", "höchstens", { tab: false });
  await diagram.tick("Dieser Weg gilt, wenn keine Bedingung zutrifft");
  assert.equal(await diagram.field("Name").inputValue(), "höchstens");
  await page.getByText("Es gibt ungespeicherte Änderungen.").waitFor();
  await look(page, at("geaendert"));
  await page.locator('form[data-designer] button[type="submit"]').click();
  await page.getByText("Die Zeichnung ist gespeichert.").waitFor();
  await page.locator(".djs-container").waitFor();
  await look(page, at("gespeichert"));
  assert.match(await page.locator("main").innerText(), NO_FAULTS);
  await keepText(page, `${service.key}-diagram`);
}

for (const [service, name] of [[URKUNDE, "zeichnung"], [MELDE, ""]]) {
  test(`${service.title}: one more approval above an amount, in the diagram with the mouse`, () =>
    visit("/", {}, async (page) => {
      await signInAsStaff(page, "petra.prozess");
      await addInTheDiagram(page, service, name);
    }));
}

test("list and diagram say the same process, and another one than before", async () => {
  assert.ok(existsSync(same), `${same} is missing: cargo build -p bpmn --example same, or make e2e`);
  const compare = (a, b) => promisify(execFile)(same, [join(texts, `${a}.bpmn`), join(texts, `${b}.bpmn`)]);
  for (const { key } of [URKUNDE, MELDE]) {
    assert.match((await compare(`${key}-list`, `${key}-diagram`)).stdout, /the same process/);
  }
  await assert.rejects(compare(`${URKUNDE.key}-list`, `${MELDE.key}-diagram`), "the comparison finds what differs");
});

test("the pages of the workshop on a phone of 320 pixels", () =>
  on320Pixels("/", async (page) => {
    await signInAsStaff(page, "petra.prozess");
    const { list } = drafts[URKUNDE.key];
    const pages = { liste: WORKSHOP, entwurf: list, schritte: `${list}/schritte`, probelauf: `${list}/probelauf` };
    for (const [name, path] of Object.entries({ ...pages, zeichnung: `${list}/zeichnung` })) {
      await page.goto(city.base + path);
      await look(page, `werkstatt-320-${name}`);
    }
    await page.locator(".djs-container").waitFor();
    assert.equal(await page.locator(".djs-palette").isVisible(), false, "the tools do not lie over the drawing");
    assert.ok(await page.locator(`main a[href="${list}/schritte"]`).isVisible(), "the list is one link away");
  }));

/** Puts a draft to review; whoever worked on it cannot release it. */
async function submitDraft(page, draft, note, name = "") {
  await page.goto(city.base + draft);
  await page.locator('[name="note"]').fill(note);
  await page.getByRole("button", { name: "Text speichern" }).click();
  await page.getByText("Der Text ist gespeichert.").waitFor();
  await page.getByRole("button", { name: "Zur Prüfung geben" }).click();
  await page.getByText("Der Entwurf liegt zur Prüfung.").first().waitFor();
  await look(page, name);
  await page.getByText(/Jemand anderes muss ihn prüfen/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Freigeben" }).count(), 0);
  const refused = await page.evaluate(async (action) => {
    const body = new URLSearchParams({ revision: document.querySelector('[name="revision"]')?.value ?? "1" });
    return (await fetch(action, { method: "POST", body })).status;
  }, `${draft}/freigeben`);
  assert.equal(refused, 403);
}

test("somebody else releases the drafts, one from the diagram and one from the list", () =>
  visit("/", {}, async (petra) => {
    await signInAsStaff(petra, "petra.prozess");
    const [drawn, listed] = [drafts[URKUNDE.key].diagram, drafts[MELDE.key].list];
    await submitDraft(petra, drawn, URKUNDE.note, "werkstatt-vorgelegt");
    await submitDraft(petra, listed, MELDE.note);

    await visit("/", {}, async (sabine) => {
      await signInAsStaff(sabine, "sabine.beispiel");
      await sabine.goto(city.base + WORKSHOP);
      await look(sabine, "freigabe-liste");
      await sabine.locator(`main a[href="${drawn}"]`).click();
      await sabine.getByText(URKUNDE.note).waitFor();
      await look(sabine, "freigabe");
      await sabine.getByRole("button", { name: "Zurückgeben" }).click();
      await sabine.locator(".meer-error-summary").waitFor();
      await look(sabine, "freigabe-fehler");
      await sabine.getByRole("button", { name: "Freigeben" }).click();
      await sabine.getByText("Die neue Fassung ist freigegeben.").waitFor();
      await look(sabine, "freigabe-freigegeben");
      await sabine.goto(city.base + listed);
      await sabine.getByText(MELDE.note).waitFor();
      await sabine.getByRole("button", { name: "Freigeben" }).click();
      await sabine.getByText("Die neue Fassung ist freigegeben.").waitFor();
      await sabine.goto(`${city.base}/intern/prozessregister`);
      await look(sabine, "freigabe-register");
      for (const { title } of [URKUNDE, MELDE]) {
        const row = sabine.locator("tr", { hasText: title }).first();
        assert.match(await row.innerText(), /\t2\t/);
      }
    });

    // The drafts that were made beside them began from the version before.
    for (const draft of [drafts[URKUNDE.key].list, drafts[MELDE.key].diagram]) {
      await petra.goto(city.base + draft);
      await petra.getByText("Seit Beginn des Entwurfs wurde eine andere Fassung freigegeben").first().waitFor();
    }
    await look(petra, "werkstatt-ueberholt");
  }));

test("what had begun before ends on its old version, without the approval", async () => {
  await visit("/", {}, async (stefan) => {
    await signInAsStaff(stefan, "stefan.muster");
    await issue(stefan, old.urkunde);
    await untilStatus(stefan, "Erledigt");
    assert.doesNotMatch(await stefan.locator("main").innerText(), new RegExp(APPROVAL));
  });
  await payWith(old.melde.claim, old.melde.path);
  await visit("/", {}, async (mara) => {
    await signInAsStaff(mara, "melde.muster");
    await mara.goto(`${city.base}/intern${old.melde.path}`);
    await untilStatus(mara, "Erledigt");
    assert.doesNotMatch(await mara.locator("main").innerText(), new RegExp(APPROVAL));
  });
});

test("Personenstandsurkunde: what begins after the release waits above the amount for a second person", async () => {
  const ordered = {};
  await visit("/", {}, async (page) => {
    await signInWithCard(page, "erika");
    ordered.dear = await orderAndPay(page, DEAR);
    ordered.cheap = await orderAndPay(page);
  });
  await visit("/", {}, async (stefan) => {
    await signInAsStaff(stefan, "stefan.muster");
    await issue(stefan, ordered.cheap);
    await untilStatus(stefan, "Erledigt");
    await issue(stefan, ordered.dear);
    await until(stefan, APPROVAL);
    await look(stefan, "freigabe-wartet");
    assert.equal(await stefan.getByRole("button", TAKE).count(), 0, "who issued the Urkunde does not approve it");
  });
  await visit("/", {}, async (sabine) => {
    await signInAsStaff(sabine, "sabine.beispiel");
    await approve(sabine, ordered.dear, "freigabe-aufgabe");
    await untilStatus(sabine, "Erledigt");
  });
});

test("Meldebescheinigung: what begins after the release waits above the amount for a person", async () => {
  let ordered;
  await visit("/", {}, async (page) => {
    ordered = await orderOnPaper(page);
    await untilStatus(page, "Wartet auf Zahlung");
  });
  await payWith(ordered.claim, ordered.path);
  await visit("/", {}, async (mara) => {
    await signInAsStaff(mara, "melde.muster");
    await mara.goto(`${city.base}/intern${ordered.path}`);
    await until(mara, APPROVAL);
    await approve(mara, ordered.path);
    await untilStatus(mara, "Erledigt");
  });
  // Electronically it costs nothing: nobody is asked.
  await visit("/", {}, async (page) => {
    await signInWithCard(page, "erika");
    await begin(page, "meldebescheinigung");
    await fillMeldebescheinigung(page);
    await submit(page);
    await untilStatus(page, "Erledigt");
  });
});

test("nothing was logged as an error while processes were changed", async () => {
  const errors = (await city.log()).split("\n").filter((line) => /\bERROR\b|panicked/.test(line));
  assert.deepEqual(errors, []);
});
