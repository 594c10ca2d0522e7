// The diagram of a process by the mouse alone: real presses and moves, one after the other without a pause. After each gesture
// the drawing is asked whether it did what it should; a click that is lost fails the walk, as it would hurt a person.
import assert from "node:assert/strict";

/** A slow machine may take this long to draw what a gesture made. */
const DRAWN_WITHIN_MS = 10_000;

const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

export function diagramOf(page) {
  const { mouse, keyboard } = page;
  const boxOf = async (selector) => {
    const found = page.locator(selector);
    await found.waitFor({ timeout: DRAWN_WITHIN_MS });
    return found.boundingBox();
  };
  const moveTo = ({ x, y }) => mouse.move(x, y, { steps: 8 });
  const click = async (at) => {
    await moveTo(at);
    await mouse.down();
    await mouse.up();
  };
  const drag = async (from, to) => {
    await moveTo(from);
    await mouse.down();
    await mouse.move(to.x, to.y, { steps: 16 });
    await mouse.up();
  };

  /** Middle of a step, and a place on an arrow: 0 at its beginning, 1 at its end. */
  const step = async (id) => middle(await boxOf(`.djs-shape[data-element-id="${id}"] > .djs-visual`));
  const arrow = (id, at = 0.5) =>
    page.locator(`.djs-connection[data-element-id="${id}"] .djs-visual > path`).last().evaluate((path, at) => {
      const { x, y } = path.getPointAtLength(path.getTotalLength() * at).matrixTransform(path.getScreenCTM());
      return { x, y };
    }, at);
  const canvas = () => boxOf("[data-canvas]");

  const ids = () =>
    page.locator(".djs-element").evaluateAll((all) => all.map(({ dataset }) => dataset.elementId).filter((id) => !id.endsWith("_label")));
  /** What a gesture makes: ids of the new step (if `steps` is 1) and of the new arrow. */
  const made = async (gesture, what, steps) => {
    const before = await ids();
    await gesture();
    const wanted = before.length + steps + 1;
    await page
      .waitForFunction(
        (wanted) => [...document.querySelectorAll(".djs-element")].filter(({ dataset }) => !dataset.elementId.endsWith("_label")).length >= wanted,
        wanted,
        { timeout: DRAWN_WITHIN_MS },
      )
      .catch(() => assert.fail(`${what}: nothing was made`));
    const fresh = (await ids()).filter((id) => !before.includes(id));
    assert.equal(fresh.length, steps + 1, `${what} made ${fresh}`);
    const isArrow = (id) => id.startsWith("Flow_");
    return { step: fresh.find((id) => !isArrow(id)), arrow: fresh.find(isArrow) };
  };

  const tool = async (name) => click(middle(await boxOf(`.djs-palette .entry[data-action="${name}"]`)));
  const padEntry = async (name) => middle(await boxOf(`.djs-context-pad.open .entry[data-action="${name}"]`));
  const select = async (id, where) => {
    await click(where);
    await page
      .locator(`.djs-element.selected[data-element-id="${id}"]`)
      .waitFor({ state: "attached", timeout: DRAWN_WITHIN_MS })
      .catch(() => assert.fail(`${id} was clicked and is not chosen`));
    assert.equal(await page.locator(".djs-element.selected").count(), 1);
  };
  const selectStep = async (id) => select(id, await step(id));

  const field = (label) => page.locator("[data-panel]").getByLabel(label, { exact: true });

  return {
    field,
    selectArrow: async (id) => select(id, await arrow(id)),
    selectStep,
    step,
    /** The mouse wheel, sideways with the Shift key, until a step stands `x` and `y` from the corner of the drawing. */
    async scrollTo(id, x, y) {
      const corner = await canvas();
      await moveTo(middle(corner));
      for (let i = 0; i < 80; i++) {
        const at = await step(id);
        const [right, down] = [at.x - corner.x - x, at.y - corner.y - y];
        if (Math.abs(right) < 15 && Math.abs(down) < 15) return;
        const sideways = Math.abs(right) >= 15;
        const by = Math.max(-300, Math.min(300, sideways ? right : down));
        if (sideways) await keyboard.down("Shift");
        await mouse.wheel(0, by);
        if (sideways) await keyboard.up("Shift");
        // The drawing follows in the next frame; a turn that is not yet drawn is only seen one round later.
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      }
      assert.fail(`${id} cannot be brought there with the mouse wheel`);
    },
    /** The tool that makes room: everything to the right of a place moves. */
    async makeRoom(from, by, moved) {
      const before = await step(moved);
      await tool("space-tool");
      await drag(from, { x: from.x + by, y: from.y });
      await keyboard.press("Escape");
      const after = await step(moved);
      assert.ok(Math.abs(after.x - before.x - by) < 10, `made room of ${after.x - before.x} instead of ${by} pixels`);
    },
    /** A gateway into an arrow. */
    insertGateway: (flow, at) =>
      made(
        async () => {
          await tool("create.exclusive-gateway");
          await click(await arrow(flow, at));
        },
        `a gateway in ${flow}`,
        1,
      ),
    /** Pulls a step out of another one to a free place, and writes its name there. */
    async appendTask(from, to, name) {
      await selectStep(from);
      const appended = await made(async () => drag(await padEntry("append.append-task"), to), `a step after ${from}`, 1);
      await page.locator(".djs-direct-editing-content").waitFor({ timeout: DRAWN_WITHIN_MS });
      await keyboard.type(name);
      const { x, y } = await canvas();
      await click({ x: to.x, y: Math.max(y + 20, to.y - 90) });
      await page.locator(".djs-direct-editing-content").waitFor({ state: "detached", timeout: DRAWN_WITHIN_MS });
      return appended;
    },
    /** The menu of kinds; `seen` is called while it is open. */
    async changeKind(id, kind, seen) {
      await selectStep(id);
      await click(await padEntry("replace"));
      const entry = `.djs-popup .entry[data-id="${kind}"]`;
      await page.locator(entry).waitFor({ timeout: DRAWN_WITHIN_MS });
      await seen?.();
      await click(middle(await boxOf(entry)));
      await page.locator(".djs-popup").waitFor({ state: "detached", timeout: DRAWN_WITHIN_MS });
    },
    async connect(from, to) {
      await selectStep(from);
      return made(
        async () => {
          await click(await padEntry("connect"));
          await click(await step(to));
        },
        `an arrow from ${from} to ${to}`,
        0,
      );
    },
    /** Writes into a field of the properties; it counts when it is left, by the Tab key or by the next click. */
    async write(label, text, { tab = true } = {}) {
      await click(middle(await field(label).boundingBox()));
      await keyboard.press("Control+a");
      await keyboard.type(text);
      if (!tab) return;
      await keyboard.press("Tab");
      assert.equal(await field(label).inputValue(), text);
      assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY", `the focus is lost after ${label}`);
    },
    async tick(label) {
      await click(middle(await field(label).boundingBox()));
      assert.ok(await field(label).isChecked(), `${label} was clicked and is not ticked`);
    },
    /** Takes back what was drawn last. */
    async undo(id) {
      await keyboard.press("Control+z");
      await page.locator(`.djs-element[data-element-id="${id}"]`).waitFor({ state: "detached", timeout: DRAWN_WITHIN_MS });
    },
    async chooseOption(label, option) {
      await field(label).selectOption({ label: option });
      assert.equal(await field(label).evaluate((select) => select.selectedOptions[0].text), option);
    },
  };
}
