// The properties of what is chosen in the diagram, as a plain form beside it.

import { button, choice, group, line, tick, type Choice } from "./fields";
import type { Catalogue } from "./page";
import { texts } from "./texts";

/** An element of the model (a "moddle" object). */
export interface Node {
  $type: string;
  id?: string;
  name?: string;
  $parent?: Node;
  get(name: string): unknown;
  [property: string]: unknown;
}

/** An element of the drawing. */
export interface Shape {
  id: string;
  type: string;
  businessObject: Node;
  labelTarget?: Shape;
}

export interface Modeling {
  updateProperties(shape: Shape, properties: Record<string, unknown>): void;
  updateModdleProperties(shape: Shape, node: Node, properties: Record<string, unknown>): void;
}

export interface Tools {
  modeling: Modeling;
  create(type: string, properties: Record<string, unknown>): Node;
  definitions(): Node;
  /** All steps of the diagram of a type. */
  steps(type: string): Node[];
  offers: Catalogue;
}

const named = (list: { key: string; name: string }[]): Choice[] => list.map(({ key, name }) => ({ key, label: name }));
const text = (value: unknown): string => (typeof value === "string" ? value : "");

export function properties(shape: Shape, tools: Tools): HTMLElement[] {
  const node = shape.businessObject;
  const { modeling, offers } = tools;
  const set = (properties: Record<string, unknown>): void => modeling.updateProperties(shape, properties);
  const attribute = (label: string, name: string, more: { hint?: string; choices?: Choice[] } = {}): HTMLElement =>
    line(label, text(node.get(name)), (value) => set({ [name]: value || undefined }), more);
  const from = (label: string, name: string, choices: Choice[]): HTMLElement =>
    choice(label, text(node.get(name)), choices, texts.choose, (value) => set({ [name]: value || undefined }));
  const parts: HTMLElement[] = [attribute(texts.name, "name")];

  switch (node.$type) {
    case "bpmn:Process":
      parts.push(
        attribute(texts.trigger, "meer:trigger"),
        attribute(texts.result, "meer:result"),
        attribute(texts.legalBasis, "meer:legal-basis"),
        attribute(texts.leika, "meer:leika"),
        from(texts.owner, "meer:owner", named(offers.units)),
      );
      break;
    case "bpmn:SequenceFlow":
      parts.push(...way(shape, tools));
      break;
    case "bpmn:UserTask":
      parts.push(
        from(texts.form, "meer:form", offers.forms.map(({ key, title }) => ({ key, label: title }))),
        attribute(texts.unit, "meer:unit", { hint: texts.unitHint, choices: named(offers.units) }),
        attribute(texts.due, "meer:due", { hint: texts.dueHint }),
        from(texts.fourEyes, "meer:four-eyes", others(node, tools)),
        attribute(texts.medienbruch, "meer:medienbruch", { hint: texts.medienbruchHint }),
        rows(shape, tools, "meer:Input", texts.inputs),
        rows(shape, tools, "meer:Output", texts.outputs),
      );
      break;
    case "bpmn:ServiceTask":
    case "bpmn:SendTask":
      parts.push(
        from(texts.command, "meer:command", offers.commands),
        rows(shape, tools, "meer:Input", texts.inputs),
        rows(shape, tools, "meer:Output", texts.outputs),
      );
      break;
    case "bpmn:BusinessRuleTask":
      parts.push(
        from(texts.decision, "meer:decision", named(offers.decisions)),
        rows(shape, tools, "meer:Input", texts.inputs),
        rows(shape, tools, "meer:Output", texts.outputs),
      );
      break;
    case "bpmn:CallActivity":
      parts.push(
        from(texts.calledProcess, "calledElement", named(offers.processes)),
        rows(shape, tools, "meer:Input", texts.inputs),
        rows(shape, tools, "meer:Output", texts.outputs),
      );
      break;
    case "bpmn:ReceiveTask":
      parts.push(attribute(texts.key, "meer:key"));
      break;
  }
  for (const definition of (node.get("eventDefinitions") as Node[] | undefined) ?? []) {
    if (definition.$type === "bpmn:TimerEventDefinition") parts.push(timer(shape, definition, tools));
    if (definition.$type === "bpmn:ErrorEventDefinition") parts.push(errorCode(shape, definition, tools));
    if (definition.$type === "bpmn:MessageEventDefinition") parts.push(attribute(texts.key, "meer:key"));
  }
  const repetition = node.get("loopCharacteristics") as Node | undefined;
  if (repetition?.$type === "bpmn:MultiInstanceLoopCharacteristics") {
    const of = (label: string, name: string): HTMLElement =>
      line(label, text(repetition.get(name)), (value) =>
        modeling.updateModdleProperties(shape, repetition, { [name]: value || undefined }),
      );
    parts.push(of(texts.collection, "meer:collection"), of(texts.item, "meer:item"));
  }
  return parts;
}

/** User tasks other than this one, by id. */
function others(node: Node, tools: Tools): Choice[] {
  const tasks = tools.steps("bpmn:UserTask").filter((task) => task !== node);
  return tasks.map((task) => ({ key: task.id ?? "", label: task.name || (task.id ?? "") }));
}

/** Condition of a way, where its gateway asks for one. */
function way(shape: Shape, { modeling, create }: Tools): HTMLElement[] {
  const flow = shape.businessObject;
  const source = flow.get("sourceRef") as Node | undefined;
  if (!source || !/^bpmn:(Exclusive|Inclusive|Complex)Gateway$/.test(source.$type)) return [];
  const condition = flow.get("conditionExpression") as Node | undefined;
  const isDefault = source.get("default") === flow;
  const parts = [
    tick(texts.otherwise, isDefault, (value) =>
      modeling.updateModdleProperties(shape, source, { default: value ? flow : undefined }),
    ),
  ];
  if (!isDefault) {
    const store = (body: string): void =>
      modeling.updateProperties(shape, {
        conditionExpression: body ? create("bpmn:FormalExpression", { body }) : undefined,
      });
    parts.unshift(line(texts.condition, text(condition?.get("body")), store, { hint: texts.conditionHint }));
  }
  return parts;
}

const TIMES = { timeDate: texts.timeDate, timeDuration: texts.timeDuration, timeCycle: texts.timeCycle };

function timer(shape: Shape, definition: Node, { modeling, create }: Tools): HTMLElement {
  const kinds = Object.keys(TIMES) as (keyof typeof TIMES)[];
  let kind = kinds.find((kind) => definition.get(kind)) ?? "timeDuration";
  let body = text((definition.get(kind) as Node | undefined)?.get("body"));
  const store = (): void => {
    const none = Object.fromEntries(kinds.map((kind) => [kind, undefined]));
    const value = body ? create("bpmn:FormalExpression", { body }) : undefined;
    modeling.updateModdleProperties(shape, definition, { ...none, [kind]: value });
  };
  const choices = kinds.map((kind) => ({ key: kind, label: TIMES[kind] }));
  return group(
    texts.timer,
    choice(texts.timerKind, kind, choices, texts.choose, (value) => {
      kind = (value || "timeDuration") as keyof typeof TIMES;
      store();
    }),
    line(texts.timer, body, (value) => {
      body = value;
      store();
    }, { hint: texts.timeHint }),
  );
}

function errorCode(shape: Shape, definition: Node, { modeling, create, definitions }: Tools): HTMLElement {
  const error = definition.get("errorRef") as Node | undefined;
  return line(texts.errorCode, text(error?.get("errorCode")), (code) => {
    const roots = definitions().get("rootElements") as Node[];
    let found = roots.find((root) => root.$type === "bpmn:Error" && root.get("errorCode") === code);
    if (code && !found) {
      found = create("bpmn:Error", { id: `fehler-${code.replace(/[^A-Za-z0-9_-]/g, "-")}`, name: code, errorCode: code });
      found.$parent = definitions();
      roots.push(found);
    }
    modeling.updateModdleProperties(shape, definition, { errorRef: found });
  });
}

/** Inputs or results of a step: a name and an expression each. */
function rows(shape: Shape, tools: Tools, type: "meer:Input" | "meer:Output", legend: string): HTMLElement {
  const { modeling, create } = tools;
  const node = shape.businessObject;
  // Read anew for each change: the controls outlive what they wrote before.
  const all = (): Node[] => {
    const extension = node.get("extensionElements") as Node | undefined;
    return ((extension?.get("values") as Node[] | undefined) ?? []).slice();
  };
  const mine = (): Node[] => all().filter(({ $type }) => $type === type);
  const store = (next: Node[]): void => {
    const made = next.length ? create("bpmn:ExtensionElements", { values: next }) : undefined;
    if (made) for (const value of next) value.$parent = made;
    modeling.updateProperties(shape, { extensionElements: made });
  };
  const parts = mine().map((value, index) => {
    const put = (name: string, text: string): void => {
      const before = mine()[index];
      if (!before) return;
      const after = create(type, { name: before.get("name"), value: before.get("value"), [name]: text });
      store(all().map((one) => (one === before ? after : one)));
    };
    const remove = (): void => {
      const gone = mine()[index];
      store(all().filter((one) => one !== gone));
    };
    const row = document.createElement("div");
    row.className = "meer-designer__row";
    row.append(
      line(texts.inputName, text(value.get("name")), (name) => put("name", name)),
      line(texts.inputValue, text(value.get("value")), (expression) => put("value", expression)),
      button(texts.removeRow, remove),
    );
    return row;
  });
  const add = button(texts.addRow, () => store([...all(), create(type, { name: "", value: "" })]));
  return group(legend, ...parts, add);
}
