// The two services of the demo city from the first click to delivery, as citizen and as clerk, in a real browser.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test as testOf } from "node:test";
import { promisify } from "node:util";
import { startCity } from "./city.mjs";

const city = await startCity();
process.env.MEER_E2E_BASE = city.base;
const { closeBrowser, keyboardOnly, on320Pixels, visit, withoutJavaScript } = await import("./browser.mjs");
const {
  NEXT,
  answer,
  assertErrors,
  begin,
  certificateOf,
  date,
  fill,
  fillMeldebescheinigung,
  look,
  next,
  option,
  orderUrkunde,
  pay,
  signInAsStaff,
  signInWithCard,
  signInWithPassword,
  stepOf,
  submit,
  takeTask,
  until,
  untilStatus,
  withCard,
} = await import("./citizen.mjs");

/** A walk that hangs fails by itself; the others go on. */
const test = (name, walk) => testOf(name, { timeout: 90_000 }, walk);

after(async () => {
  await closeBrowser();
  await city.stop();
});

const COMPARE = 'form[action$="/datei"] button[type="submit"]';

const today = () => {
  const [year, month, day] = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" }).format(new Date()).split("-");
  return { day, month, year };
};

// ---- Meldebescheinigung -------------------------------------------------------------------------------------------

/** The text of a PDF by poppler; undefined where it is not installed. */
async function textOf(pdf) {
  const running = promisify(execFile)("pdftotext", ["-layout", "-", "-"]);
  running.child.stdin.on("error", () => {});
  running.child.stdin.end(pdf);
  try {
    return (await running).stdout;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

test("Meldebescheinigung with the online ID: in the postbox within seconds, and anybody can check it", async (t) => {
  await visit("/", {}, async (page) => {
    await look(page, "melde-start");
    await signInWithCard(page, "erika", "/", "melde");
    await begin(page, "meldebescheinigung", "melde");
    await fillMeldebescheinigung(page, "melde", { refuses: true });
    const { path } = await submit(page, "melde");
    await untilStatus(page, "Erledigt");
    await look(page, "melde-vorgang");
    const pdf = await certificateOf(page);

    await page.goto(`${city.base}/postfach`);
    await look(page, "melde-postfach");
    await page.getByRole("link", { name: "Ihre Bescheinigung ist da" }).first().click();
    await look(page, "melde-nachricht");
    await page.goto(`${city.base}/meine-vorgaenge`);
    await look(page, "melde-meine-vorgaenge");
    assert.ok(await page.locator(`main a[href="${path}"]`).isVisible());
    await page.goto(`${city.base}/konto`);
    await look(page, "melde-konto");

    const text = await textOf(pdf);
    if (text === undefined) {
      t.diagnostic("pdftotext is missing (apt-get install poppler-utils): the code on the certificate was not looked up");
      return;
    }
    assert.match(text, /Beispiel-Ahorn/);
    assert.match(text, /MUSTER/);
    const code = text.match(/[2-9A-Z]{4}(?:[-\s]+[2-9A-Z]{4}){6}/)?.[0].replace(/\s+/g, "-");
    assert.ok(code, `no code on the certificate:\n${text}`);
    await visit("/pruefen", {}, async (stranger) => {
      await look(stranger, "pruefen");
      await assertErrors(stranger, "pruefen-fehler");
      await stranger.locator("#code").fill(code.toLowerCase());
      await next(stranger);
      await look(stranger, "pruefen-echt");
      const main = await stranger.locator("main").innerText();
      assert.match(main, /ist von uns und gilt/);
      assert.doesNotMatch(main, /Ahorn|Erika/);
      const file = { name: "bescheinigung.pdf", mimeType: "application/pdf" };
      await stranger.locator("#datei").setInputFiles({ ...file, buffer: pdf });
      await next(stranger, COMPARE);
      await look(stranger, "pruefen-datei-gleich");
      await stranger.locator(".kern-alert--success").getByText(/Datei/).first().waitFor();
      await stranger.locator("#datei").setInputFiles({ ...file, buffer: Buffer.concat([pdf, Buffer.from("\n")]) });
      await next(stranger, COMPARE);
      await look(stranger, "pruefen-datei-anders");
      await stranger.locator(".kern-alert--danger").first().waitFor();
      await stranger.goto(`${city.base}/pruefen/${code.replace(/^./, (c) => (c === "7" ? "8" : "7"))}`);
      await look(stranger, "pruefen-unbekannt");
      await stranger.locator(".kern-alert--danger").first().waitFor();
    });
  });
});

test("Meldebescheinigung without JavaScript", () =>
  withoutJavaScript("/", async (page) => {
    await signInWithCard(page, "diacritics");
    await begin(page, "meldebescheinigung");
    await next(page);
    await page.locator(".meer-error-summary").getByText(/Für wen/).waitFor();
    await fillMeldebescheinigung(page, "", { art: "erweitert" });
    await submit(page);
    await untilStatus(page, "Erledigt");
    const extended = await textOf(await certificateOf(page));
    if (extended !== undefined) assert.match(extended, /Erweiterte Meldebescheinigung/);
    await page.locator('form[action="/abmelden"] button').click();
    await page.getByRole("link", { name: "Anmelden" }).first().waitFor();
  }));

test("Meldebescheinigung on a phone of 320 pixels", () =>
  on320Pixels("/", async (page) => {
    await look(page, "klein-start");
    await signInWithCard(page, "long-name", "/", "klein");
    await begin(page, "meldebescheinigung", "klein");
    await fillMeldebescheinigung(page, "klein", { refuses: true, art: "erweitert" });
    await submit(page, "klein");
    await untilStatus(page, "Erledigt");
    await look(page, "klein-vorgang");
    await page.goto(`${city.base}/postfach`);
    await look(page, "klein-postfach");
  }));

test("Meldebescheinigung with the keyboard alone", () =>
  visit("/", {}, async (page) => {
    const keys = await keyboardOnly(page);
    const go = async (selector, key = "Enter") => {
      await keys.tabTo(selector);
      await Promise.all([page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame()), keys.press(key)]);
      await page.waitForLoadState();
    };
    const tick = async (name, value) => {
      await keys.tabTo(`#${name}`);
      for (let i = 0; !(await page.locator(`[name="${name}"][value="${value}"]`).isChecked()); i++) {
        assert.ok(i < 10, `${value} cannot be chosen with the arrow keys`);
        await keys.press(i === 0 ? "Space" : "ArrowDown");
      }
    };
    await go('a[href^="/anmelden"]');
    await go('form[action^="/anmelden/eid"] button');
    await go('button[value="year-only"]');
    await go('.meer-nav__link[href="/leistungen"]');
    await go('main a[href="/leistungen/meldebescheinigung"]');
    await go('main a[href="/leistungen/meldebescheinigung/antrag"]');
    await go(NEXT);
    await tick("fuer_wen", "selbst");
    await go(NEXT);
    await tick("art", "einfach");
    await go(NEXT);
    await tick("zustellung", "elektronisch");
    await go(NEXT);
    for (const step of ["person", "anschrift", "zweck"]) {
      assert.equal(stepOf(page), step);
      await go(NEXT);
    }
    await keys.tabTo('[name="erklaerung"]');
    await keys.press("Space");
    await go(NEXT);
    await go(NEXT);
    await page.locator(".meer-receipt").waitFor();
    await go('main a[href^="/vorgang/"]');
    await untilStatus(page, "Erledigt");
    await keys.tabTo('main a[href*="/dokument/"]:has-text("Meldebescheinigung")');
  }));

test("Meldebescheinigung with an old address on the card: a clerk asks back, gets an answer and decides", () =>
  visit("/", {}, async (page) => {
    await signInWithCard(page, "differing-address");
    await begin(page, "meldebescheinigung");
    await fillMeldebescheinigung(page);
    const { path } = await submit(page);
    await until(page, "mit dem Register abgeglichen");
    await look(page, "abweichung-vorgang");

    await visit("/", {}, async (clerk) => {
      await clerk.goto(`${city.base}/intern/anmelden`);
      await next(clerk);
      await look(clerk, "abweichung-intern-anmelden-fehler");
      await clerk.locator(".kern-alert").first().waitFor();
      await signInAsStaff(clerk, "melde.muster", "abweichung-intern");
      await clerk.goto(`${city.base}/intern/aufgaben`);
      await look(clerk, "abweichung-aufgaben");
      await clerk.locator("main form", { has: clerk.getByRole("button", { name: "Übernehmen" }) }).first().locator("button").click();
      await clerk.waitForURL(/\/intern\/aufgabe\//);
      await clerk.goto(`${city.base}/intern${path}`);
      await look(clerk, "abweichung-gegenueber");
      assert.equal(new URL(clerk.url()).pathname, `/intern${path}`);
      const main = clerk.locator("main");
      await main.getByText("Teststraße 20").first().waitFor();
      await main.getByText("Probeallee 7a").first().waitFor();

      await clerk.getByRole("link", { name: "Bearbeiten" }).click();
      await answer(clerk, "entscheidung", { entscheidung: option("rueckfrage") }, { name: "abweichung-aufgabe", refuses: true });
      assert.equal(stepOf(clerk), "rueckfrage");
      await assertErrors(clerk, "abweichung-aufgabe-rueckfrage-fehler");
      await clerk.locator("summary", { hasText: "Textbausteine" }).focus();
      await clerk.keyboard.press("Enter");
      await clerk.getByRole("button", { name: "Einfügen: Seit wann wohnen Sie dort?" }).press("Enter");
      await clerk.getByRole("status").filter({ hasText: "Eingefügt" }).waitFor();
      await look(clerk, "abweichung-textbaustein");
      assert.equal(await clerk.evaluate(() => document.activeElement?.id), "rueckfrage_text");
      await clerk.keyboard.type(" Danke.");
      await next(clerk);
      await look(clerk, "abweichung-aufgabe-pruefen");
      await next(clerk);
      await look(clerk, "abweichung-gefragt");

      await until(page, /seit wann Sie unter der angegebenen Anschrift wohnen.* Danke\./);
      await look(page, "abweichung-frage");
      await page.locator("#antwort").fill("Seit dem 15. November 2025.");
      await page.locator("#datei").setInputFiles({ name: "a.pdf", mimeType: "application/pdf", buffer: Buffer.from("kein PDF") });
      await next(page);
      await look(page, "abweichung-antwort-fehler");
      assert.equal(await page.locator("#antwort").inputValue(), "Seit dem 15. November 2025.");
      await next(page);
      await look(page, "abweichung-beantwortet");

      await clerk.goto(`${city.base}/intern${path}`);
      await until(clerk, "Seit dem 15. November 2025.");
      await look(clerk, "abweichung-antwort");
      await clerk.getByRole("button", { name: "Übernehmen" }).click();
      await clerk.waitForURL(/\/intern\/aufgabe\//);
      await answer(clerk, "entscheidung", { entscheidung: option("ausstellen") });
      await answer(
        clerk,
        "ausstellen",
        { ausstellen_grund: option("umzug"), ausstellen_vermerk: "Umzug nachgewiesen." },
        { name: "abweichung-ausstellen", refuses: true },
      );
      await next(clerk);
      await untilStatus(clerk, "Erledigt");
      await look(clerk, "abweichung-erledigt");
      await clerk.goto(`${city.base}/intern/vorgaenge?erledigt=true`);
      await look(clerk, "abweichung-vorgaenge");
    });
    await page.goto(city.base + path);
    await untilStatus(page, "Erledigt");
    await certificateOf(page);
  }));

test("Meldebescheinigung with an account of a low level: the draft waits until the online ID has been read", () =>
  visit("/", {}, async (page) => {
    await signInWithPassword(page, "/", "niveau");
    await begin(page, "meldebescheinigung", "niveau");
    await answer(page, "fuer-wen", { fuer_wen: option("selbst") });
    await answer(page, "art", { art: option("einfach") });
    await look(page, "niveau-papier");
    await page.locator('button[name="aktion"][value="spaeter"], button[name="aktion"]').last().click();
    await page.waitForURL((url) => url.pathname === "/");
    await look(page, "niveau-entwurf");
    await page.locator('main a[href^="/antrag/"]').first().click();
    await answer(page, "papier", { papier_weiter: option("online-ausweis") }, { refuses: true, name: "niveau" });
    assert.equal(stepOf(page), "online-ausweis");
    await look(page, "niveau-online-ausweis");
    const draft = new URL(page.url()).pathname.split("/")[2];
    await page.locator('main a[href^="/anmelden"]').click();
    await look(page, "niveau-anmelden");
    // The card of the same person has had an account of its own since the first walk: the draft goes on there.
    await withCard(page, "erika");
    assert.equal(new URL(page.url()).pathname.split("/")[2], draft);
    await answer(page, "zustellung", { zustellung: option("elektronisch") }, { name: "niveau" });
    for (const step of ["person", "anschrift", "zweck"]) await answer(page, step, {});
    await answer(page, "erklaerung", { erklaerung: true });
    await submit(page);
    await untilStatus(page, "Erledigt");
  }));

test("Meldebescheinigung as a guest: on paper, for a fee, with a claim code for later", async () => {
  let claim;
  let path;
  await visit("/", {}, async (page) => {
    await begin(page, "meldebescheinigung", "gast");
    await answer(page, "fuer-wen", { fuer_wen: option("vertretung") });
    assert.equal(stepOf(page), "vertretung");
    await look(page, "gast-vertretung");
    await page.locator("main .meer-back a").click();
    await answer(page, "fuer-wen", { fuer_wen: option("selbst") });
    await answer(page, "art", { art: option("einfach") });
    await answer(page, "papier", { papier_weiter: option("papier") }, { name: "gast", refuses: true });
    const born = date("geburtsdatum", "12", "6", "1984");
    const person = { familienname: "Beispiel-Ahorn", vornamen: "Erika Maria", ...born };
    await answer(page, "person", person, { name: "gast", refuses: true });
    const home = { anschrift: "Musterweg", "anschrift-house-number": "12", "anschrift-postal-code": "40667", "anschrift-city": "Meerbusch" };
    await answer(page, "anschrift", home, { name: "gast", refuses: true });
    await fill(page, { email: "gast@example" });
    await assertErrors(page, "gast-zweck-fehler");
    await answer(page, "zweck", { email: "gast@example.org" });
    await answer(page, "erklaerung", { erklaerung: true }, { name: "gast", refuses: true });
    ({ claim, path } = await submit(page, "gast"));
    assert.match(claim, /^[2-9A-Z]{4}(-[2-9A-Z]{4})+$/);
    await untilStatus(page, "Wartet auf Zahlung");
    await look(page, "gast-vorgang");
  });
  await visit("/abholen", {}, async (page) => {
    await look(page, "gast-abholen");
    await assertErrors(page, "gast-abholen-fehler");
    await page.locator("#code").fill(claim.toLowerCase().replaceAll("-", " "));
    await next(page);
    assert.equal(new URL(page.url()).pathname, path);
    await pay(page, "bezahlen", "gast");
    await page.goto(city.base + path);
    await untilStatus(page, "Erledigt");
    await look(page, "gast-bezahlt");
    // Who only typed a name may be anybody: the certificate exists on paper only.
    assert.equal(await page.locator('main a[href*="/dokument/"]').filter({ hasText: "Meldebescheinigung" }).count(), 0);
    await page.locator("main").getByText("Ihre Bescheinigung ist unterwegs").first().waitFor();
  });
  await visit("/", {}, async (clerk) => {
    await signInAsStaff(clerk, "paula.poststelle");
    await clerk.goto(`${city.base}/intern/postausgang`);
    await until(clerk, "Meldebescheinigung");
    await look(clerk, "gast-postausgang");
    await next(clerk);
    await look(clerk, "gast-gedruckt");
    await clerk.getByRole("button", { name: "Verschickt" }).click();
    await clerk.getByText("als verschickt vermerkt").waitFor();
    await look(clerk, "gast-verschickt");
  });
});

test("an expired session loses nothing that was typed", () =>
  visit("/", {}, async (page) => {
    await signInWithCard(page, "one-name");
    await begin(page, "meldebescheinigung");
    await answer(page, "fuer-wen", { fuer_wen: option("selbst") });
    await answer(page, "art", { art: option("einfach") });
    await answer(page, "zustellung", { zustellung: option("elektronisch") });
    for (const step of ["person", "anschrift"]) await answer(page, step, {});
    await page.locator("#zweck").fill("Für den Umzug nach Łódź");
    await page.context().clearCookies({ name: "meer_session" });
    await next(page);
    assert.equal(new URL(page.url()).pathname, "/anmelden");
    await look(page, "abgelaufen-anmelden");
    await withCard(page, "one-name");
    assert.equal(stepOf(page), "zweck");
    assert.equal(await page.locator("#zweck").inputValue(), "Für den Umzug nach Łódź");
  }));

test("the portal in English, and back", () =>
  visit("/", {}, async (page) => {
    await page.locator('a[hreflang="en"]').click();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    await look(page, "en-start");
    await begin(page, "meldebescheinigung", "en");
    await answer(page, "fuer-wen", { fuer_wen: option("selbst") }, { name: "en", refuses: true });
    await page.locator("main").getByText("Which certificate do you need?").first().waitFor();
    await page.locator('a[hreflang="de"]').click();
    assert.equal(stepOf(page), "art", "the language changes without leaving the page");
    await page.locator("main").getByText("Welche Bescheinigung brauchen Sie?").first().waitFor();
  }));

// ---- Personenstandsurkunde ----------------------------------------------------------------------------------------

test("Personenstandsurkunde: declined and cancelled payments, then paid, issued and dispatched", () =>
  visit("/", {}, async (page) => {
    await signInWithCard(page, "erika");
    const { path } = await orderUrkunde(page, "urkunde", { refuses: true });
    await untilStatus(page, "Wartet auf Zahlung");
    await look(page, "urkunde-vorgang");
    await pay(page, "ablehnen", "urkunde");
    await page.goto(city.base + path);
    await pay(page, "abbrechen", "urkunde");
    await page.goto(city.base + path);
    await pay(page, "vorgetaeuscht", "urkunde");
    await page.goto(city.base + path);
    await page.locator("main").getByText("Wartet auf Zahlung").first().waitFor();
    await pay(page, "doppelt", "urkunde");
    await page.goto(city.base + path);
    await untilStatus(page, "In Bearbeitung");
    await look(page, "urkunde-bezahlt");
    assert.equal(await page.locator('form[action$="/bezahlen"]').count(), 0, "a paid fee is not asked for again");

    await visit("/", {}, async (clerk) => {
      await signInAsStaff(clerk, "stefan.muster", "urkunde-intern");
      await clerk.goto(`${city.base}/intern/aufgaben`);
      await until(clerk, "Urkunde im Fachverfahren ausstellen");
      await clerk.keyboard.press("n");
      await clerk.waitForURL(/\/intern\/vorgang\//);
      await look(clerk, "urkunde-intern-vorgang");
      await takeTask(clerk, path);
      await answer(
        clerk,
        "ergebnis",
        { register_gesehen: true, ergebnis: option("ausgestellt") },
        { name: "urkunde-aufgabe", refuses: true },
      );
      const { day, month, year } = today();
      await answer(
        clerk,
        "ausgestellt",
        { urkunde_registernummer: "G 123/1984", ...date("versandt_am", day, month, year) },
        { name: "urkunde-aufgabe", refuses: true },
      );
      await look(clerk, "urkunde-aufgabe-pruefen");
      await next(clerk);
      await untilStatus(clerk, "Erledigt");
      await look(clerk, "urkunde-intern-erledigt");
      assert.match(await clerk.locator("main").innerText(), /Medienbr/);
    });
    await page.goto(city.base + path);
    await untilStatus(page, "Erledigt");
    await look(page, "urkunde-erledigt");
    await page.goto(`${city.base}/postfach`);
    await page.getByRole("link", { name: "Ihre Urkunde ist unterwegs" }).first().click();
    await look(page, "urkunde-nachricht");
  }));

test("Personenstandsurkunde refused: decision with remedy, and two people give the rest of the fee back", () =>
  visit("/", {}, async (page) => {
    await signInWithCard(page, "erika");
    const { path } = await orderUrkunde(page, "");
    await untilStatus(page, "Wartet auf Zahlung");
    await pay(page, "bezahlen");
    await page.goto(city.base + path);
    await untilStatus(page, "In Bearbeitung");

    await visit("/", {}, async (stefan) => {
      await signInAsStaff(stefan, "stefan.muster");
      await takeTask(stefan, path);
      await answer(stefan, "ergebnis", { register_gesehen: true, ergebnis: option("ablehnen") });
      await answer(
        stefan,
        "ablehnen",
        { ablehnungsgrund: option("beziehung-unbelegt"), ablehnung_text: "Die Beziehung ist nicht belegt." },
        { name: "ablehnung-aufgabe", refuses: true },
      );
      await next(stefan);
      await untilStatus(stefan, "Abgelehnt");
      await look(stefan, "ablehnung-intern");
      await stefan.goto(`${city.base}/intern/erstattungen`);
      await look(stefan, "erstattung-vorschlagen");
      await stefan.locator('form[action$="/vorschlagen"] button').first().click();
      await stefan.waitForLoadState();
      await look(stefan, "erstattung-vorgeschlagen");
      assert.equal(await stefan.locator('form[action$="/freigeben"]').count(), 0, "nobody approves the own proposal");
    });
    await visit("/", {}, async (sabine) => {
      await signInAsStaff(sabine, "sabine.beispiel");
      await sabine.goto(`${city.base}/intern/erstattungen`);
      await look(sabine, "erstattung-freigeben");
      await sabine.locator('form[action$="/freigeben"] button').first().click();
      await sabine.waitForLoadState();
      await look(sabine, "erstattung-freigegeben");
    });
    await page.goto(city.base + path);
    await untilStatus(page, "Abgelehnt");
    await look(page, "ablehnung-vorgang");
    const text = await textOf(await certificateOf(page, "Ablehnung"));
    if (text !== undefined) assert.match(text, /Rechtsbehelf|Klage|Widerspruch/);
    await page.goto(`${city.world}/kasse`);
    await until(page, "17,50");
    await page.goto(city.base + path);
    await until(page, /17,50/);
    await look(page, "ablehnung-erstattet");
  }));

test("Personenstandsurkunde: another Standesamt, the archive and a low level end in a clear answer", () =>
  visit("/", {}, async (page) => {
    await begin(page, "personenstandsurkunde");
    await answer(page, "standesamt", { standesamt: option("anderes") });
    await answer(page, "anderes-standesamt", { anderer_ort: "Neuss" }, { name: "ende", refuses: true });
    assert.equal(stepOf(page), "nicht-zustaendig");
    await look(page, "ende-anderes-standesamt");
    await page.locator("main").getByText("Neuss").first().waitFor();

    await begin(page, "personenstandsurkunde");
    await answer(page, "standesamt", { standesamt: option("meerbusch") });
    assert.equal(stepOf(page), "online-ausweis");
    await look(page, "ende-online-ausweis");
    await page.locator('main a[href^="/anmelden"]').click();
    await withCard(page, "max");
    await answer(page, "ereignis", { ereignis: option("tod") });
    await answer(page, "wann", date("ereignis_datum", "", "", "1950"));
    assert.equal(stepOf(page), "stadtarchiv");
    await look(page, "ende-stadtarchiv");
    await page.locator("main .meer-back a").click();
    await answer(page, "wann", date("ereignis_datum", "11", "2", "2025"));
    await answer(page, "person", { person_familienname: "Muster-Ulme", person_vornamen: "Otto" }, { name: "ende" });
    await answer(page, "eintrag", {});
    await answer(page, "beziehung", { beziehung: option("andere") }, { name: "ende" });
    await answer(page, "alle-verstorben", { alle_verstorben: option("nein") }, { name: "ende", refuses: true });
    await fill(page, { rechtliches_interesse: "Ich bin Gläubiger." });
    await assertErrors(page, "ende-nachweis-fehler");
    const evidence = (name, text) => ({ name, mimeType: "application/pdf", buffer: Buffer.from(text) });
    await page.locator("#nachweis_interesse").setInputFiles(evidence("titel.pdf", "kein PDF"));
    await assertErrors(page, "ende-nachweis-falsch");
    assert.equal(await page.locator("#rechtliches_interesse").inputValue(), "Ich bin Gläubiger.");
  }));

// ---- Everything else ----------------------------------------------------------------------------------------------

test("pages around the services", () =>
  visit("/", {}, async (page) => {
    const pages = ["/leistungen", "/leistungen?q=perso", "/leistungen?q=xyzzy", "/leistungen/fuehrerschein", "/impressum"];
    pages.push("/datenschutz", "/barrierefreiheit", "/kontakt", "/feedback", "/anmelden", "/registrieren", "/nachweis");
    pages.push("/passwort-vergessen", "/gibt-es-nicht", "/postfach", "/meine-vorgaenge");
    for (const path of pages) {
      await page.goto(city.base + path);
      await look(page, `seite-${path.slice(1).replaceAll(/[^a-z]+/g, "-")}`);
    }
    await page.goto(`${city.base}/feedback`);
    await assertErrors(page, "seite-feedback-fehler");
    for (const path of ["/registrieren", "/passwort-vergessen"]) {
      await page.goto(city.base + path);
      await assertErrors(page, `seite${path.replaceAll("/", "-")}-fehler`);
    }
    await page.goto(`${city.base}/registrieren`);
    await page.locator("#email").fill("neu@example.org");
    await next(page);
    await look(page, "seite-registrieren-geschickt");
  }));

test("pages of staff: lists, caller view, refunds, processes, on a phone too", async () => {
  const paths = {
    "melde.muster": ["/intern", "/intern/aufgaben", "/intern/vorgaenge", "/intern/suche", "/intern/auskunft", "/intern/konto", "/intern/vertretung", "/intern/verarbeitungen", "/intern/vor-ort"],
    "admin.muster": ["/intern", "/intern/prozesse", "/intern/prozesse/arbeiter", "/intern/prozessregister", "/intern/prozessregister/personenstandsurkunde", "/intern/vorgaenge"],
    "dora.datenschutz": ["/intern"],
    "rita.registratur": ["/intern/laufmappen", "/intern/wiedervorlagen"],
  };
  for (const [login, own] of Object.entries(paths)) {
    await on320Pixels("/intern/anmelden", async (page) => {
      await signInAsStaff(page, login);
      for (const path of own) {
        await page.goto(city.base + path);
        await look(page, `intern-${login.split(".")[0]}${path.replaceAll("/", "-")}`);
      }
    });
  }
  await visit("/intern/auskunft", {}, async (page) => {
    await look(page, "intern-ohne-anmeldung");
    await signInAsStaff(page, "melde.muster");
    await page.goto(`${city.base}/intern/auskunft`);
    await assertErrors(page, "intern-auskunft-fehler");
    await fill(page, { name: "Muster-Birke", ...date("born", "5", "1", "1971") });
    await next(page);
    await look(page, "intern-auskunft-gefunden");
    await page.locator("main").getByText("Meldebescheinigung").first().waitFor();
    await page.goto(`${city.base}/intern/suche`);
    await assertErrors(page, "intern-suche-fehler");
    await fill(page, { q: "gibtesnicht" });
    await next(page);
    await look(page, "intern-suche-nichts");
  });
});

test("a file from opening to closing, with versions and a hold, on a phone too", () =>
  visit("/intern/anmelden", {}, async (page) => {
    const to = (text) => page.getByRole("link", { name: text }).first().click();
    const press = (text) => page.getByRole("button", { name: text, exact: true }).first().click();
    const put = (name, text) =>
      page.locator('main input[name="datei"]').setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
    await signInAsStaff(page, "rita.registratur");
    await page.goto(`${city.base}/intern/aktenplan`);
    await look(page, "akte-plan");
    await to("Anliegen und Ortstermine");
    await look(page, "akte-liste-leer");
    await to("Akte anlegen");
    await press("Anlegen");
    await look(page, "akte-neu-fehler");
    await fill(page, { title: "Radweg am Musterbach", unit: option("dezernat-1") });
    await press("Anlegen");
    await page.getByText("61.50-1/").first().waitFor();
    await look(page, "akte-leer");
    await fill(page, { title: "Ortstermin im Frühjahr" });
    await press("Vorgang anlegen");
    await look(page, "akte-vorgang");
    await to("Laufmappe anlegen");
    await press("Auf den Weg bringen");
    await look(page, "laufmappe-neu-fehler");
    await to("Zurück");
    await to("Dokumente und Fassungen");
    await press("Hinzufügen");
    await look(page, "akte-dokumente-fehler");
    await fill(page, { titel: "Vermerk" });
    await put("vermerk.txt", "erste Fassung");
    await press("Hinzufügen");
    await page.getByText("Das Dokument liegt im Vorgang").waitFor();
    await look(page, "akte-dokumente");
    await to("Vermerk");
    await press("In Arbeit nehmen");
    await put("vermerk.txt", "zweite Fassung");
    await fill(page, { notiz: "Abschnitt 2 neu" });
    await press("Speichern");
    await page.getByText("Fassung 2").first().waitFor();
    await look(page, "akte-fassungen");
    await to("Zurück");
    await to("Zurück");
    await to("Löschsperre");
    await press("Sperre setzen");
    await look(page, "akte-sperre-fehler");
    await fill(page, { reason: "Klage anhängig" });
    await press("Sperre setzen");
    await page.getByText("Die Sperre gilt").waitFor();
    await look(page, "akte-sperre");
    await press("Aufheben");
    await to("Zurück");
    await press("Vorgang schließen (z. d. A.)");
    await page.getByText("Zu den Akten verfügt").waitFor();
    await to("Zur Akte");
    await press("Akte schließen (z. d. A.)");
    await page.getByText("Zu den Akten verfügt").waitFor();
    await look(page, "akte-geschlossen");
    const path = new URL(page.url()).pathname;
    await page.goto(`${city.base}/intern/aktenplan/einspielen`);
    await fill(page, { table: "kennzeichen;titel\n1;" });
    await press("Prüfen");
    await look(page, "akte-plan-fehler");
    await page.goto(`${city.base}/intern/aussonderung`);
    await look(page, "aussonderung");
    await on320Pixels("/intern/anmelden", async (phone) => {
      await signInAsStaff(phone, "rita.registratur");
      for (const [name, at] of [["plan", "/intern/aktenplan"], ["akte", path], ["aussonderung", "/intern/aussonderung"]]) {
        await phone.goto(city.base + at);
        await look(phone, `akte-320-${name}`);
      }
    });
    await visit("/intern/anmelden", {}, async (archive) => {
      await signInAsStaff(archive, "anton.archiv");
      await archive.goto(`${city.base}/intern/aussonderung`);
      await look(archive, "aussonderung-archiv");
    });
  }));

test("nothing was logged as an error while people walked through the city", async () => {
  const errors = (await city.log()).split("\n").filter((line) => /\bERROR\b|panicked/.test(line));
  assert.deepEqual(errors, []);
});
