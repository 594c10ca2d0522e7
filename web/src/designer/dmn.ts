// The tables of a decision.

import "dmn-js/dist/assets/diagram-js.css";
import "dmn-js/dist/assets/dmn-js-shared.css";
import "dmn-js/dist/assets/dmn-js-drd.css";
import "dmn-js/dist/assets/dmn-js-decision-table.css";
import "dmn-js/dist/assets/dmn-js-decision-table-controls.css";
import "dmn-js/dist/assets/dmn-js-literal-expression.css";
import "dmn-js/dist/assets/dmn-font/css/dmn.css";
import "./designer.css";

import Modeler from "dmn-js/lib/Modeler";

import { germanTables } from "./german-tables";
import { button } from "./fields";
import { hideText, place, sendWithForm, unreadable, type Place } from "./page";
import { translation, texts } from "./texts";

async function start(page: Place): Promise<void> {
  const german = { additionalModules: [translation(germanTables)] };
  const modeler = new Modeler({ container: page.canvas, drd: german, decisionTable: german, literalExpression: german });
  try {
    await modeler.importXML(page.body.value);
  } catch (error) {
    return unreadable(page, error);
  }
  hideText(page.body);
  const views = modeler.getViews();
  // A table is what people come for; the overview is one click away.
  const table = views.find((view) => view.type === "decisionTable");
  if (table) await modeler.open(table);
  page.panel.setAttribute("role", "group");
  page.panel.setAttribute("aria-label", texts.views);
  page.panel.replaceChildren(
    ...views.map((view) => {
      const name = view.type === "drd" ? texts.diagram : view.name || texts.unnamed;
      return button(name, () => void modeler.open(view));
    }),
  );
  const changed = sendWithForm(page, () => modeler.saveXML({ format: true }));
  // The views have no common event; whatever is typed or clicked in the drawing may be a change.
  page.canvas.addEventListener("input", changed);
  page.canvas.addEventListener("click", changed);
}

const found = place("dmn");
if (found) void start(found);
