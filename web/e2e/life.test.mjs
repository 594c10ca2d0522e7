// The whole life of a file in a real browser: opened, worked on by three offices, signed, closed, kept for years (the
// clock is moved), offered, appraised, handed over, deleted by two people. What its proofs say holds afterwards, too.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test as testOf } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertNoHorizontalScroll, closeBrowser, open } from "./browser.mjs";
import { date, fill, look as lookAt, option, signInAsStaff, until } from "./citizen.mjs";
import { binary, startCity } from "./city.mjs";

const run = promisify(execFile);
const conformance = process.env.MEER_CONFORMANCE ?? fileURLToPath(new URL("../../../shared/conformance", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "meer-e2e-life-"));
const kept = (name) => join(folder, name);

/** The city in which the file lives, and the database of its walk. */
let city;
let engine;
const cities = [];
const look = (page, name) => lookAt(page, `${engine}-${name}`);

/** One part builds on the other: after one that failed the rest would only say so again. */
const broken = new Set();
const test = (on, name, walk) =>
  testOf(`${on}: ${name}`, { timeout: 60_000 }, async (t) => {
    if (broken.has(on)) return t.skip("an earlier part of this life failed");
    broken.add(on);
    await walk(t);
    for (const close of visitors.splice(0)) await close();
    broken.delete(on);
  });

const visitors = [];

after(async () => {
  await closeBrowser();
  for (const each of cities) await each.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Somebody of the staff at their own screen, until the part of the walk ends. */
async function atWork(login, options = {}) {
  const { page, close } = await open("/intern/anmelden", { ...options, server: city.base });
  visitors.push(close);
  await signInAsStaff(page, login);
  return page;
}

const PHONE = { width: 390, height: 844 };

/** Presses something that leads to the next page. */
async function leads(page, thing) {
  await Promise.all([
    page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame()),
    thing.click(),
  ]);
  await page.waitForLoadState();
}

const press = (page, name) => leads(page, page.locator("main").getByRole("button", { name, exact: true }).first());
const follow = (page, name) => leads(page, page.locator("main").getByRole("link", { name }).first());
const go = (page, path) => page.goto(city.base + path);
const pathOf = (page) => new URL(page.url()).pathname;
const says = (page, text) => page.locator("main, .meer-notice, [role=status], [role=alert]").getByText(text).first().waitFor();
const text = (name, content) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
const put = (page, file) => page.locator('main input[name="datei"]').setInputFiles(file);

/** The day on the city's calendar. */
const dayOf = (time) => {
  const [year, month, day] = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" }).format(time).split("-");
  return { day: String(Number(day)), month: String(Number(month)), year };
};

/** Lets go of files over the form's title, as somebody does who drags them there from the desktop. */
async function drop(page, ...files) {
  const field = page.locator('main input[name="titel"]');
  await field.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await field.boundingBox();
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: x + width / 2, y: y + height / 2, data });
  }
  await session.detach();
}

/** The bytes behind a link, as the browser's owner gets them. */
async function bytesOf(page, href) {
  const answered = await page.request.get(city.base + href);
  assert.equal(answered.status(), 200, href);
  return answered.body();
}

/** The files of a ZIP whose files are stored as they are. */
function unpacked(zip) {
  const files = {};
  const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    assert.equal(zip.readUInt16LE(at + 10), 0, "the package is not compressed");
    const [size, name, extra, comment] = [zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    files[zip.toString("utf8", at + 46, at + 46 + name)] = zip.subarray(begin, begin + size);
    at += 46 + name + extra + comment;
  }
  return files;
}

/** Fails when a message does not follow the schema of xdomea 3.0.0; says so where there is nothing to judge by. */
async function assertValid(t, name, xml) {
  const schema = join(conformance, "xdomea/schemes/xdomea_3.0.0/xdomea-Nachrichten-AussonderungDurchfuehren.xsd");
  if (!existsSync(schema)) return t.diagnostic(`${name}: not validated, no conformance data`);
  await writeFile(kept(name), xml);
  try {
    await run("xmllint", ["--noout", "--nonet", "--huge", "--schema", schema, kept(name)]);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    t.diagnostic(`${name}: not validated, xmllint is not installed`);
  }
}

/** 0506: the long-term store says that it has the case. */
const takenOver = (process, caseId, at) => `<?xml version="1.0" encoding="UTF-8"?>
<xdomea:Aussonderung.AussonderungImportBestaetigen.0506 xmlns:xdomea="urn:xoev-de:xdomea:schema:3.0.0">
  <xdomea:Kopf>
    <xdomea:ProzessID>${process}</xdomea:ProzessID>
    <xdomea:Nachrichtentyp><code>0506</code></xdomea:Nachrichtentyp>
    <xdomea:Erstellungszeitpunkt>${at.toISOString()}</xdomea:Erstellungszeitpunkt>
    <xdomea:Absender/>
    <xdomea:Empfaenger/>
  </xdomea:Kopf>
  <xdomea:AusgesondertesSGO>
    <xdomea:IDSGO>${caseId}</xdomea:IDSGO>
    <xdomea:Erfolgreich>true</xdomea:Erfolgreich>
    <xdomea:Archivkennung>StAM 10 Nr. 4711</xdomea:Archivkennung>
  </xdomea:AusgesondertesSGO>
</xdomea:Aussonderung.AussonderungImportBestaetigen.0506>
`;

/** Checks a document with the program alone: no server, no configuration, no network. */
async function verify(file, proof, more = []) {
  const args = ["verify", kept(file), kept(proof), "--key", kept("schluessel.txt"), ...more];
  return run(binary("meer"), args, { cwd: folder, env: {} }).then(
    ({ stdout }) => ({ holds: true, stdout }),
    ({ stdout }) => ({ holds: false, stdout }),
  );
}

const TITLE = "Dienstanweisung Schlüssel";
const ENTWURF = "Entwurf der Dienstanweisung\nAbschnitt 1: Wer einen Schlüssel bekommt\n";
const BUERGERBUERO = `${ENTWURF}Abschnitt 2: Schlüssel im Bürgerbüro\n`;
const STANDESAMT = `${ENTWURF}Abschnitt 2: Schlüssel im Trauzimmer\n`;
const RUECKFRAGE = "Rückfrage zum Schlüsselverlust im März\n";

/** What the file plan says for its entry. */
const YEARS = 10;
const opened = new Date();
const year = Number(dayOf(opened).year) + YEARS + 1;

function life(on, database) {
  /** Where things are, as the walk finds them. */
  const at = {};

  test(on, "a file is opened by its type, with two cases", async () => {
    engine = on;
    city = await startCity({ database });
    cities.push(city);
    const rita = await atWork("rita.registratur");
    await go(rita, "/intern/akten/neu");
    await look(rita, "leben-01-neu");
    await follow(rita, "Dienstanweisung");
    await look(rita, "leben-02-neu-typ");
    await press(rita, "Anlegen");
    await look(rita, "leben-03-neu-fehler");
    await fill(rita, { title: TITLE, unit: option("dezernat-1") });
    await press(rita, "Anlegen");
    await says(rita, "Die Akte ist angelegt.");
    at.file = pathOf(rita);
    await look(rita, "leben-04-akte");
    for (const [key, title] of [["main", "Neufassung der Dienstanweisung"], ["held", "Rückfragen zum Schlüsselverlust"]]) {
      await go(rita, at.file);
      await fill(rita, { title });
      await press(rita, "Vorgang anlegen");
      await says(rita, "Der Vorgang ist angelegt.");
      at[key] = pathOf(rita);
    }
    await look(rita, "leben-05-vorgang");

    // The first document is dropped onto the form, the others are chosen.
    await go(rita, `${at.main}/dokumente`);
    await writeFile(kept("entwurf.txt"), ENTWURF);
    await drop(rita, kept("entwurf.txt"));
    assert.equal(await rita.locator('main input[name="datei"]').evaluate((field) => field.files[0]?.name), "entwurf.txt");
    await fill(rita, { titel: "Entwurf" });
    await press(rita, "Hinzufügen");
    await says(rita, "Das Dokument liegt im Vorgang");
    await fill(rita, { titel: "Anlage" });
    await put(rita, { name: "anlage.pdf", mimeType: "application/pdf", buffer: await rita.pdf() });
    await press(rita, "Hinzufügen");
    await rita.locator("main table").getByText("Anlage").waitFor();
    await look(rita, "leben-06-dokumente");
    await follow(rita, "Anlage");
    await follow(rita, "Ansehen");
    assert.match(await rita.locator("main iframe").getAttribute("src"), /\/anzeige\?/);
    await look(rita, "leben-06-ansehen");
    await go(rita, `${at.main}/dokumente`);
    await follow(rita, "Entwurf");
    at.draft = pathOf(rita).replace(/\/fassungen$/, "");
    await go(rita, `${at.held}/dokumente`);
    await fill(rita, { titel: "Rückfrage" });
    await put(rita, text("rueckfrage.txt", RUECKFRAGE));
    await press(rita, "Hinzufügen");
    await says(rita, "Das Dokument liegt im Vorgang");
    await follow(rita, "Rückfrage");
    at.question = pathOf(rita).replace(/\/fassungen$/, "");
  });

  test(on, "two other offices work on it, and two who save at once lose nothing", async () => {
    const rita = await atWork("rita.registratur");
    const [mara, stefan] = [await atWork("melde.muster"), await atWork("stefan.muster")];
    assert.equal((await go(mara, at.main)).status(), 404, "nobody is in who was not invited");
    await look(mara, "leben-07-nicht-beteiligt");
    await go(rita, `${at.main}/beteiligung`);
    await press(rita, "Einladen");
    await look(rita, "leben-08-beteiligung-fehler");
    for (const unit of ["buergerbuero", "standesamt"]) {
      await fill(rita, { stelle: option(unit), recht: option("bearbeiten"), grund: "Stellungnahme zum Entwurf" });
      await press(rita, "Einladen");
      await says(rita, "Die Stelle wirkt jetzt mit.");
    }
    await look(rita, "leben-09-beteiligung");

    await go(mara, at.main);
    await look(mara, "leben-10-vorgang-beteiligt");
    assert.equal((await go(mara, at.held)).status(), 404, "the other case of the file was shared with nobody");
    await go(mara, `${at.main}/dokumente`);
    await fill(mara, { titel: "Stellungnahme des Bürgerbüros" });
    await put(mara, text("stellungnahme.txt", "Das Bürgerbüro braucht drei Schlüssel.\n"));
    await press(mara, "Hinzufügen");
    await says(mara, "Das Dokument liegt im Vorgang");

    await go(stefan, `${at.main}/notiz`);
    await fill(stefan, { text: "Das Trauzimmer hat ein eigenes Schloss." });
    await press(stefan, "Speichern");
    await says(stefan, "Die Notiz ist gespeichert.");
    await look(stefan, "leben-11-notiz");

    // Both look at the first version, both write a second.
    for (const page of [mara, stefan]) await go(page, `${at.draft}/fassungen`);
    for (const [page, content, note] of [[stefan, STANDESAMT, "Trauzimmer ergänzt"], [mara, BUERGERBUERO, "Bürgerbüro ergänzt"]]) {
      await put(page, text("entwurf.txt", content));
      await fill(page, { notiz: note });
      await press(page, "Speichern");
    }
    await says(stefan, "Die neue Fassung ist gespeichert.");
    await says(mara, "Jemand war schneller");
    await says(mara, "Zwei haben gleichzeitig gespeichert");
    await look(mara, "leben-12-konflikt");
    for (const [n, content] of [[1, ENTWURF], [2, STANDESAMT], [3, BUERGERBUERO]]) {
      assert.equal((await bytesOf(mara, `${at.draft}/fassung/${n}`)).toString(), content, `version ${n}`);
    }
    await go(rita, `${at.draft}/fassungen`);
    await press(rita, "Fassung 3 übernehmen");
    await look(rita, "leben-13-konflikt-geloest");
    assert.equal(await rita.locator("main .kern-badge").getByText("gilt", { exact: true }).count(), 1, "one version holds");
    assert.equal(await rita.getByText("Zwei haben gleichzeitig gespeichert").count(), 0);
    assert.equal((await bytesOf(rita, at.draft)).toString(), BUERGERBUERO);
    await go(rita, at.main);
    await look(rita, "leben-14-vorgang");
  });

  test(on, "a folder goes round: a deputy signs on a phone, the head of the office signs last", async () => {
    const mara = await atWork("melde.muster");
    const rita = await atWork("rita.registratur");
    await go(rita, `${at.main}/laufmappe`);
    await fill(rita, {
      titel: "Mitzeichnung der Dienstanweisung",
      auftrag: "Bitte bis Freitag prüfen.",
      "person-1": option("Mara Muster-Meldewesen"),
      "person-2": option("Stefan Muster-Standesamt"),
      "art-2": option("note"),
      "person-3": option("Sabine Beispiel-Standesamt"),
      "art-3": option("final"),
    });
    await look(rita, "leben-15-laufmappe-neu");
    await press(rita, "Auf den Weg bringen");
    await says(rita, "Die Laufmappe ist auf dem Weg.");
    at.folder = pathOf(rita);
    await look(rita, "leben-16-laufmappe");

    // Nothing is closed that is still on its way, nor what somebody works on.
    await go(rita, at.main);
    await press(rita, "Vorgang schließen (z. d. A.)");
    await says(rita, "noch eine Laufmappe unterwegs");
    await look(rita, "leben-17-zda-verweigert");
    await follow(rita, "Zurück");
    assert.equal(pathOf(rita), at.main, "a refusal leads back to where it was asked for");

    await go(mara, "/intern/vertretung");
    const [from, to] = [dayOf(opened), dayOf(new Date(opened.getTime() + 5 * 86_400_000))];
    await fill(mara, {
      deputy: option("Stefan Muster-Standesamt (stefan.muster)"),
      ...date("from", from.day, from.month, from.year),
      ...date("to", to.day, to.month, to.year),
    });
    await press(mara, "Eintragen");
    await says(mara, "Die Vertretung ist eingetragen.");
    await look(mara, "leben-18-vertretung");

    const phone = await atWork("stefan.muster", PHONE);
    await go(phone, "/intern/laufmappen");
    await says(phone, "in Vertretung für Mara Muster-Meldewesen");
    await look(phone, "leben-19-telefon-laufmappen");
    const menu = phone.getByRole("navigation", { name: "Hauptmenü" });
    assert.equal(await menu.getByRole("link").count(), 0, "on a phone the content comes before the menu");
    await menu.getByText("Menü: Laufmappen").click();
    await menu.getByRole("link", { name: "Wiedervorlagen" }).waitFor();
    await look(phone, "leben-19-telefon-menue");
    await assertNoHorizontalScroll(phone);
    await follow(phone, "Mitzeichnung der Dienstanweisung");
    await look(phone, "leben-20-telefon-laufmappe");
    await assertNoHorizontalScroll(phone);
    await follow(phone, "Dokumente und Fassungen");
    await look(phone, "leben-21-telefon-dokumente");
    await assertNoHorizontalScroll(phone);
    await go(phone, at.folder);
    await press(phone, "Zeichnen");
    await says(phone, "Stefan Muster-Standesamt in Vertretung für Mara Muster-Meldewesen");
    await press(phone, "Zur Kenntnis genommen");
    await says(phone, "Ihre Station ist erledigt.");
    await look(phone, "leben-22-telefon-gezeichnet");
    await assertNoHorizontalScroll(phone);

    const sabine = await atWork("sabine.beispiel");
    await go(sabine, at.folder);
    await look(sabine, "leben-23-schlusszeichnung");
    await press(sabine, "Zeichnen");
    await says(sabine, "Ihre Station ist erledigt.");
    await look(sabine, "leben-24-laufmappe-fertig");
  });

  test(on, "it is closed when nothing is open any more, and one case is held back", async () => {
    const rita = await atWork("rita.registratur");
    await go(rita, `${at.held}/sperre`);
    await fill(rita, { reason: "Klage anhängig" });
    await press(rita, "Sperre setzen");
    await says(rita, "Die Sperre gilt");
    await go(rita, `${at.draft}/fassungen`);
    await press(rita, "In Arbeit nehmen");
    await go(rita, at.main);
    await press(rita, "Vorgang schließen (z. d. A.)");
    await says(rita, "Jemand hat ein Dokument in Arbeit");
    await go(rita, `${at.draft}/fassungen`);
    await press(rita, "Ohne Änderung zurückgeben");
    await go(rita, at.file);
    await press(rita, "Akte schließen (z. d. A.)");
    await says(rita, "noch ein Vorgang oder eine Teilakte offen");
    await look(rita, "leben-25-akte-verweigert");
    for (const path of [at.main, at.held, at.file]) {
      await go(rita, path);
      await press(rita, path === at.file ? "Akte schließen (z. d. A.)" : "Vorgang schließen (z. d. A.)");
      await says(rita, "Zu den Akten verfügt");
    }
    await look(rita, "leben-26-akte-geschlossen");
    at.numbers = (await rita.locator("main table").innerText()).match(/10\.10-\d+\/\d{4}\/\d+/g);
    await go(rita, at.main);
    at.number = (await rita.locator("main").innerText()).match(/10\.10-\d+\/\d{4}\/\d+/)[0];
    await look(rita, "leben-27-vorgang-geschlossen");
    await go(rita, "/intern/aussonderung");
    await says(rita, "Nichts ist fällig");
  });

  test(on, "it is kept for ten years, to the last day", async () => {
    await city.moveTo(new Date(`${year - 1}-12-31T21:00:00Z`), { renewed: true });
    const rita = await atWork("rita.registratur");
    await go(rita, "/intern/aussonderung");
    await says(rita, "Nichts ist fällig");
    await look(rita, "leben-28-nichts-faellig");
    await follow(rita, "Vorschau: was wird wann fällig?");
    await rita.locator("main table").getByText(String(year)).first().waitFor();
    await look(rita, "leben-28-vorschau");
  });

  test(on, "then it is offered, appraised by the archive, handed over and taken over", async (t) => {
    const now = new Date(`${year}-01-02T09:00:00Z`);
    await city.moveTo(now);
    const rita = await atWork("rita.registratur");
    await go(rita, "/intern/aussonderung");
    await says(rita, "Ein Vorgang ist anzubieten");
    await look(rita, "leben-29-faellig");
    await press(rita, "Alle dem Stadtarchiv anbieten");
    await says(rita, "Die Vorgänge sind angeboten.");
    at.offer = pathOf(rita);
    await until(rita, "Anbieteverzeichnis (0501)");
    await look(rita, "leben-30-angeboten");
    assert.equal(await rita.getByRole("button", { name: "Bewertung abschließen" }).count(), 0, "who offers does not appraise");

    const anton = await atWork("anton.archiv");
    await go(anton, "/intern/aussonderung");
    await look(anton, "leben-31-archiv");
    await follow(anton, "Anbietung vom");
    assert.equal(pathOf(anton), at.offer);
    await look(anton, "leben-32-bewerten");
    await follow(anton, "Dokumente von");
    await anton.locator("main table").getByText("Stellungnahme des Bürgerbüros").waitFor();
    await look(anton, "leben-32-dokumente");
    await go(anton, at.offer);
    assert.ok(await anton.getByRole("radio", { name: "ins Archiv" }).isChecked(), "the plan proposes the archive");
    await press(anton, "Bewertung abschließen");
    await says(anton, "Die Bewertung ist abgeschlossen.");
    await until(anton, "Aussonderung mit Dokumenten (0503)");
    await look(anton, "leben-33-uebergeben");

    const process = at.offer.split("/").at(-1);
    const caseId = at.main.split("/").at(-1);
    for (const [kind, label] of [["0501", "Anbieteverzeichnis (0501)"], ["0503", "Aussonderung mit Dokumenten (0503)"]]) {
      const href = await anton.getByRole("link", { name: label }).getAttribute("href");
      const zip = unpacked(await bytesOf(anton, href));
      const name = Object.keys(zip).find((file) => file.endsWith(`${kind}.xml`));
      assert.equal(name?.split("_")[0], process, Object.keys(zip).join());
      await assertValid(t, name, zip[name]);
      const xml = zip[name].toString();
      assert.ok(xml.includes(at.number) && xml.includes(caseId), "the message names the case");
      assert.equal(at.numbers.filter((number) => xml.includes(number)).length, 1, "what is held back is not in it");
      const others = Object.keys(zip).filter((file) => file !== name);
      if (kind === "0501") assert.deepEqual(others, [], "an offer holds no documents");
      else {
        const contents = others.map((file) => zip[file].toString());
        for (const content of [ENTWURF, STANDESAMT, BUERGERBUERO]) assert.ok(contents.includes(content), content);
        assert.ok(others.every((file) => xml.includes(file)), "the message names each file");
        assert.equal((await rita.request.get(city.base + href)).status(), 404, "the documents are for the archive alone");
      }
    }

    const file = (name, xml) => ({ name, mimeType: "application/xml", buffer: Buffer.from(xml) });
    await put(anton, file("0506.xml", takenOver("0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a01", caseId, now)));
    await press(anton, "Einspielen");
    await says(anton, "gehört zu einer anderen Anbietung");
    await look(anton, "leben-34-andere-anbietung");
    await put(anton, file("0506.xml", takenOver(process, caseId, now)));
    await press(anton, "Einspielen");
    await says(anton, "Die Übernahme ist bestätigt.");
    await says(anton, "StAM 10 Nr. 4711");
    await look(anton, "leben-35-uebernommen");

    // The proofs of a document that will go and of one that stays, and the key to check them with.
    await go(rita, `${at.main}/nachweise`);
    await look(rita, "leben-36-nachweise");
    for (const [name, path] of [["entwurf", at.draft], ["rueckfrage", at.question]]) {
      await writeFile(kept(`${name}.txt`), await bytesOf(rita, path));
      await writeFile(kept(`${name}.tlog-proof`), await bytesOf(rita, `${path}/nachweis`));
    }
    await writeFile(kept("schluessel.txt"), await bytesOf(rita, "/protokoll/schluessel"));
  });

  test(on, "two people delete it, and the protocol says that something went", async () => {
    await city.moveTo(new Date(`${year}-01-03T09:00:00Z`));
    const rita = await atWork("rita.registratur");
    await go(rita, "/intern/loeschlauf");
    await until(rita, at.number);
    await look(rita, "leben-37-loeschlauf");
    await press(rita, "Die gezeigten Vorgänge dürfen gelöscht werden");
    await says(rita, "Jetzt gibt jemand anderes die Löschung frei.");
    await look(rita, "leben-38-geprueft");
    assert.equal(await rita.getByRole("button", { name: /freigeben/ }).count(), 0, "nobody releases what they have checked");

    const dora = await atWork("dora.datenschutz");
    await go(dora, "/intern/loeschlauf");
    await look(dora, "leben-39-freigeben");
    await press(dora, "Geprüfte Vorgänge zur Löschung freigeben");
    await says(dora, "Freigegeben.");
    const hash = createHash("sha256").update(at.number).digest("hex").slice(0, 16);
    await until(dora, hash);
    await look(dora, "leben-40-protokoll");
    const protocol = await dora.locator("main").innerText();
    assert.ok(!protocol.includes(at.number) && !protocol.includes(TITLE), "the protocol leads to nothing that went");

    for (const path of [at.main, `${at.main}/dokumente`, at.draft, `${at.draft}/fassungen`, `${at.draft}/nachweis`]) {
      assert.equal((await rita.request.get(city.base + path)).status(), 404, path);
    }
    await go(rita, at.main);
    await look(rita, "leben-41-geloescht");
    await go(rita, at.file);
    await look(rita, "leben-42-akte-danach");
    assert.equal((await bytesOf(rita, at.question)).toString(), RUECKFRAGE, "what is held back is still there");
  });

  test(on, "the proofs hold, on the page and without any server", async () => {
    const { page, close } = await open("/nachweis", { server: city.base });
    visitors.push(close);
    for (const name of ["rueckfrage", "entwurf"]) {
      await go(page, "/nachweis");
      await put(page, kept(`${name}.txt`));
      await page.locator('main input[name="nachweis"]').setInputFiles(kept(`${name}.tlog-proof`));
      await press(page, "Prüfen");
      await says(page, "Der Echtheitsnachweis stimmt");
      await look(page, `leben-43-nachweis-${name}`);
      const stamp = page.getByRole("link", { name: "Zeitstempel herunterladen", exact: true });
      await writeFile(kept(`${name}.tsr`), await bytesOf(page, await stamp.getAttribute("href")));
    }
    await put(page, kept("entwurf.txt"));
    await page.locator('main input[name="nachweis"]').setInputFiles(kept("rueckfrage.tlog-proof"));
    await writeFile(kept("ca.pem"), await readFile(city.ca));
    await press(page, "Prüfen");
    await says(page, "Das Dokument ist ein anderes oder verändert");
    await look(page, "leben-44-nachweis-falsch");

    // Journal, rows and documents still agree, with a case gone. Then the city is switched off.
    await run(binary("meer"), ["--config", city.config, "check"]);
    await city.stop();
    for (const name of ["rueckfrage", "entwurf"]) {
      const stamp = ["--timestamp", kept(`${name}.tsr`), "--authority", kept("ca.pem")];
      const { holds, stdout } = await verify(`${name}.txt`, `${name}.tlog-proof`, stamp);
      assert.ok(holds && stdout.includes("Der Nachweis stimmt.") && stdout.includes("Der Zeitstempel stimmt"), stdout);
    }
    const { holds, stdout } = await verify("entwurf.txt", "rueckfrage.tlog-proof");
    assert.ok(!holds && stdout.includes("andere Bytes"), stdout);
  });

  test(on, "nothing was logged as an error in all these years", async () => {
    const errors = (await city.log()).split("\n").filter((line) => /\bERROR\b|panicked/.test(line));
    assert.deepEqual(errors, []);
  });
}

life("sqlite");
const database = process.env.MEER_TEST_DATABASE;
if (!database) throw new Error("MEER_TEST_DATABASE is not set: scripts/e2e.sh starts a server; `none` leaves PostgreSQL out");
if (database === "none") testOf("on PostgreSQL", { skip: "MEER_TEST_DATABASE=none" });
else life("postgres", database);
