// Labelled controls on the markup of the design system.

let made = 0;

function labelled(kind: string, text: string, control: HTMLElement, hint?: string): HTMLElement {
  const id = `eigenschaft-${++made}`;
  control.id = id;
  control.dataset["label"] = text;
  const field = document.createElement("div");
  field.className = kind;
  const label = document.createElement("label");
  label.className = "kern-label";
  label.htmlFor = id;
  label.textContent = text;
  field.append(label);
  if (hint) {
    const line = document.createElement("div");
    line.className = "kern-hint";
    line.id = `${id}-hint`;
    line.textContent = hint;
    control.setAttribute("aria-describedby", line.id);
    field.append(line);
  }
  return field;
}

export type Choice = { key: string; label: string };

/** A line of text; with choices, they are offered and anything else can be written. */
export function line(
  text: string,
  value: string,
  changed: (value: string) => void,
  more: { hint?: string; choices?: Choice[] } = {},
): HTMLElement {
  const input = document.createElement("input");
  input.className = "kern-form-input__input";
  input.type = "text";
  input.value = value;
  input.autocomplete = "off";
  input.addEventListener("change", () => changed(input.value.trim()));
  // The browser's undo reaches a field that was left, and says nothing of a change then.
  input.addEventListener("input", () => {
    if (document.activeElement !== input) changed(input.value.trim());
  });
  // Enter means: done with this field. The form is sent by its button.
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.dispatchEvent(new Event("change"));
  });
  const field = labelled("kern-form-input", text, input, more.hint);
  field.append(input);
  if (more.choices?.length) {
    const list = document.createElement("datalist");
    list.id = `${input.id}-liste`;
    for (const { key, label } of more.choices) list.append(new Option(label, key));
    input.setAttribute("list", list.id);
    field.append(list);
  }
  return field;
}

/** One of several; a value that is not among them stays to be seen. */
export function choice(
  text: string,
  value: string,
  choices: Choice[],
  empty: string,
  changed: (value: string) => void,
): HTMLElement {
  const select = document.createElement("select");
  select.className = "kern-form-input__select";
  select.append(new Option(empty, ""));
  for (const { key, label } of choices) select.append(new Option(label, key));
  if (value && !choices.some(({ key }) => key === value)) select.append(new Option(value, value));
  select.value = value;
  select.addEventListener("change", () => changed(select.value));
  const wrapper = document.createElement("div");
  wrapper.className = "kern-form-input__select-wrapper";
  const field = labelled("kern-form-input", text, select);
  wrapper.append(select);
  field.append(wrapper);
  return field;
}

export function tick(text: string, value: boolean, changed: (value: boolean) => void): HTMLElement {
  const input = document.createElement("input");
  input.className = "kern-form-check__checkbox";
  input.type = "checkbox";
  input.checked = value;
  input.addEventListener("change", () => changed(input.checked));
  const field = labelled("kern-form-check", text, input);
  field.prepend(input);
  return field;
}

export function button(text: string, pressed: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "kern-btn kern-btn--tertiary";
  const label = document.createElement("span");
  label.className = "kern-label";
  label.textContent = text;
  made.append(label);
  made.addEventListener("click", pressed);
  return made;
}

export function group(legend: string, ...parts: HTMLElement[]): HTMLElement {
  const fieldset = document.createElement("fieldset");
  fieldset.className = "kern-fieldset";
  const title = document.createElement("legend");
  title.className = "kern-label";
  title.textContent = legend;
  fieldset.append(title, ...parts);
  return fieldset;
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLButtonElement;

const controls = (root: HTMLElement): Control[] => [...root.querySelectorAll<Control>("input, select, button")];
const kind = (control: Control): string => `${control.type} ${control.dataset["label"] ?? control.textContent ?? ""}`;

/**
 * Gives the controls that stand there the values of new ones, if they are the same controls, and says whether they are. So they keep
 * the focus, and a click that is on its way to one of them still finds it.
 */
export function takeOver(standing: HTMLElement, fresh: HTMLElement): boolean {
  const [old, made] = [controls(standing), controls(fresh)];
  if (old.map(kind).join("\n") !== made.map(kind).join("\n")) return false;
  for (const [index, control] of old.entries()) {
    const now = made[index];
    if (control instanceof HTMLSelectElement && now instanceof HTMLSelectElement) {
      const { value } = now;
      if (control.textContent !== now.textContent) control.replaceChildren(...now.options);
      control.value = value;
    } else if (control instanceof HTMLInputElement && now instanceof HTMLInputElement) {
      control.checked = now.checked;
      if (control.value !== now.value) control.value = now.value;
    }
  }
  return true;
}
