// The diagram of a process, and the properties of what is chosen in it. The list editor does the same without a drawing.

import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./designer.css";

import Modeler from "bpmn-js/lib/Modeler";
import german from "bpmn-js-i18n/translations/de";

import { chosenStaysChosen, everyClickCounts } from "./clicks";
import { takeOver } from "./fields";
import meer from "./meer.json";
import { catalogue, hideText, place, sendWithForm, unreadable, type Catalogue, type Place } from "./page";
import { properties, type Modeling, type Node, type Shape, type Tools } from "./panel";
import { asInTheList, texts, translation } from "./texts";

interface Registry {
  get(id: string): Shape | undefined;
  filter(wanted: (shape: Shape) => boolean): Shape[];
}
interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}
interface Canvas {
  getRootElement(): Shape;
  addMarker(shape: Shape, marker: string): void;
  zoom(level: "fit-viewport", center: "auto"): void;
  viewbox(): { inner: Area; outer: { width: number; height: number }; scale: number };
  viewbox(area: Area): void;
  scrollToElement(shape: Shape): void;
  focus(): void;
}

/** A drawing smaller than this cannot be read: a long process shows its beginning instead. */
const READABLE = 0.75;

/** Room for the tools in the drawing's left upper corner, in pixels; on a narrow screen the style sheet takes them away. */
const TOOLS = window.matchMedia("(max-width: 40rem)").matches ? { width: 10, height: 10 } : { width: 130, height: 40 };

/** Shows all of the drawing, or its beginning, beside the tools. */
function showBeginning(canvas: Canvas): void {
  canvas.zoom("fit-viewport", "auto");
  const { inner, outer, scale } = canvas.viewbox();
  const by = Math.max(scale, READABLE);
  const width = outer.width / by;
  const height = outer.height / by;
  const above = Math.max(TOOLS.height / by, (height - inner.height) / 2);
  canvas.viewbox({ x: inner.x - TOOLS.width / by, y: inner.y - above, width, height });
}

/** The tools are pictures; what they do is said when the mouse rests on them. */
function sayTools(drawing: HTMLElement): void {
  drawing.addEventListener("mouseover", ({ target }) => {
    const tool = target instanceof Element ? target.closest<HTMLElement>(".entry[aria-label]") : null;
    if (tool && !tool.title) tool.title = tool.getAttribute("aria-label") ?? "";
  });
}

async function start(page: Place): Promise<void> {
  const modeler = new Modeler({
    container: page.canvas,
    moddleExtensions: { meer },
    additionalModules: [translation({ ...german, ...asInTheList })],
  });
  let offers: Catalogue;
  try {
    [offers] = await Promise.all([catalogue(page.form), modeler.importXML(page.body.value)]);
  } catch (error) {
    return unreadable(page, error);
  }
  hideText(page.body);
  const canvas = modeler.get<Canvas>("canvas");
  const registry = modeler.get<Registry>("elementRegistry");
  const selection = modeler.get<{ get(): Shape[]; select(shape: Shape): void }>("selection");
  const moddle = modeler.get<{ create(type: string, properties: Record<string, unknown>): Node }>("moddle");
  const modeling = modeler.get<Modeling>("modeling");
  let written = false;
  /** Changes that come from the properties, not from the drawing. */
  const write = (change: () => void): void => {
    written = true;
    try {
      change();
    } finally {
      written = false;
    }
  };
  const tools: Tools = {
    modeling: {
      updateProperties: (shape, properties) => write(() => modeling.updateProperties(shape, properties)),
      updateModdleProperties: (shape, node, properties) => write(() => modeling.updateModdleProperties(shape, node, properties)),
    },
    create: (type, properties) => moddle.create(type, properties),
    definitions: () => (modeler as unknown as { getDefinitions(): Node }).getDefinitions(),
    steps: (type) => registry.filter((shape) => shape.type === type && !shape.labelTarget).map((shape) => shape.businessObject),
    offers,
  };
  showBeginning(canvas);
  sayTools(page.canvas);
  everyClickCounts(modeler.get("eventBus"), page.canvas);
  chosenStaysChosen(modeler.get("eventBus"), selection);

  page.panel.setAttribute("role", "region");
  page.panel.setAttribute("aria-label", texts.panel);
  let shown: Shape | undefined;
  const parts = (): HTMLElement[] => {
    const heading = document.createElement("h2");
    heading.className = "kern-heading-small";
    heading.textContent = shown ? shown.businessObject.name || texts.unnamed : texts.panel;
    if (shown) return [heading, ...properties(shown, tools)];
    const hint = document.createElement("p");
    hint.className = "kern-body";
    hint.textContent = texts.nothing;
    return [heading, hint];
  };
  const show = (): void => {
    const [first, ...more] = selection.get();
    const chosen = first?.labelTarget ?? first ?? canvas.getRootElement();
    shown = more.length ? undefined : chosen;
    page.panel.replaceChildren(...parts());
  };
  /** After a change in the properties: what stands there stays, unless fields come or go. */
  const update = (): void => {
    const fresh = document.createElement("div");
    fresh.append(...parts());
    if (takeOver(page.panel, fresh)) {
      page.panel.querySelector("h2")?.replaceWith(...fresh.querySelectorAll("h2"));
      return;
    }
    const fields = (): HTMLElement[] => [...page.panel.querySelectorAll<HTMLElement>("input, select, button")];
    const at = fields().indexOf(document.activeElement as HTMLElement);
    page.panel.replaceChildren(...fresh.children);
    if (at >= 0) fields()[at]?.focus();
  };
  const changed = sendWithForm(page, () => modeler.saveXML({ format: true }));
  modeler.on("selection.changed", show);
  modeler.on("commandStack.changed", () => {
    changed();
    if (written) return update();
    show();
    // Whoever draws has no focus anywhere; undoing with the keyboard works in the drawing alone.
    if (!document.activeElement?.closest("[contenteditable], input, select, textarea")) canvas.focus();
  });
  show();

  // Faults that the check found: marked in the drawing, and led to from their list.
  for (const fault of document.querySelectorAll<HTMLElement>("[data-faults] [data-element]")) {
    const shape = registry.get(fault.dataset["element"] ?? "");
    if (!shape) continue;
    canvas.addMarker(shape, "meer-faulty");
    fault.append(" ");
    const lead = document.createElement("button");
    lead.type = "button";
    lead.className = "kern-link";
    lead.textContent = shape.businessObject.name || shape.id;
    lead.addEventListener("click", () => {
      canvas.scrollToElement(shape);
      selection.select(shape);
      page.panel.querySelector<HTMLElement>("input, select")?.focus();
    });
    fault.append(lead);
  }
}

const found = place("bpmn");
if (found) void start(found);
