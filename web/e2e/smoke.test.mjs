// The short walk through both services on PostgreSQL; `MEER_TEST_DATABASE` names a server that may get a database more.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startCity } from "./city.mjs";

const database = process.env.MEER_TEST_DATABASE;

if (!database) throw new Error("MEER_TEST_DATABASE is not set: scripts/e2e.sh starts a server; `none` leaves PostgreSQL out");
if (database === "none") {
  test("both services on PostgreSQL", { skip: "MEER_TEST_DATABASE=none" });
} else {
  const city = await startCity({ database });
  process.env.MEER_E2E_BASE = city.base;
  const { closeBrowser, visit } = await import("./browser.mjs");
  const { certificateOf, fillMeldebescheinigung, begin, look, orderUrkunde, pay, signInAsStaff, signInWithCard, submit, takeTask, untilStatus } =
    await import("./citizen.mjs");

  after(async () => {
    await closeBrowser();
    await city.stop();
  });

  test("PostgreSQL: Meldebescheinigung in the postbox", () =>
    visit("/", {}, async (page) => {
      await signInWithCard(page, "erika");
      await begin(page, "meldebescheinigung");
      await fillMeldebescheinigung(page);
      await submit(page);
      await untilStatus(page, "Erledigt");
      await look(page, "postgres-vorgang");
      assert.ok((await certificateOf(page)).length > 1000);
    }));

  test("PostgreSQL: Personenstandsurkunde paid, and a task for the Standesamt", () =>
    visit("/", {}, async (page) => {
      await signInWithCard(page, "erika");
      const { path } = await orderUrkunde(page, "");
      await pay(page, "bezahlen");
      await page.goto(city.base + path);
      await untilStatus(page, "In Bearbeitung");
      await visit("/", {}, async (clerk) => {
        await signInAsStaff(clerk, "stefan.muster");
        await takeTask(clerk, path);
        await look(clerk, "postgres-aufgabe");
      });
    }));

  test("PostgreSQL: nothing was logged as an error", async () => {
    const errors = (await city.log()).split("\n").filter((line) => /\bERROR\b|panicked/.test(line));
    assert.deepEqual(errors, []);
  });
}
