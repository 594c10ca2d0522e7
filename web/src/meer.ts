// Improves pages that work without it. Nothing here is needed to reach, read or send anything.

/** Moves the focus to what the page wants noticed first: errors, a receipt, a notice. */
function focusFirst(): void {
  const first = document.querySelector<HTMLElement>(".meer-error-summary[data-focus]") ?? document.querySelector<HTMLElement>("[data-focus]");
  first?.focus();
}

/** A link of the error summary leads into its field, with the label in sight. */
function linkErrorsToFields(): void {
  document.querySelector(".meer-error-summary")?.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='#']");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    const group = field.closest("fieldset") ?? field.closest(".kern-form-input, .kern-form-check") ?? field;
    group.scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  });
}

const SEND_AGAIN_AFTER_MS = 10_000;

/** A second click does not send a form twice. */
function sendOnce(): void {
  const release = (form: HTMLFormElement): void => {
    delete form.dataset["sent"];
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  };
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset["sent"]) {
        event.preventDefault();
        return;
      }
      form.dataset["sent"] = "1";
      for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
      // The page stays when the answer is a download or the network failed.
      window.setTimeout(() => release(form), SEND_AGAIN_AFTER_MS);
    });
  }
  // A page taken from the browser's history can be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) release(form);
  });
}

/** Says something to screen readers and shows it. */
function statusLine(form: HTMLFormElement): HTMLElement {
  const line = document.createElement("p");
  line.className = "kern-body kern-body--small meer-saved";
  line.setAttribute("role", "status");
  form.append(line);
  return line;
}

const SAVE_AFTER_MS = 2000;

/** Saves drafts while people type. Files are left out; they are sent with the form only. */
function autosave(onSaved: () => void): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-autosave]")) {
    const { autosave: address = "", autosaveSaved = "", autosaveFailed = "" } = form.dataset;
    const line = statusLine(form);
    let timer: number | undefined;
    let changed = false;

    const save = async (): Promise<void> => {
      window.clearTimeout(timer);
      if (!changed || form.dataset["sent"]) return;
      changed = false;
      const body = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
      try {
        const answer = await fetch(address, { method: "POST", body, keepalive: true, redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        line.textContent = autosaveSaved;
        onSaved();
      } catch {
        changed = true;
        line.textContent = autosaveFailed;
      }
    };

    form.addEventListener("input", () => {
      changed = true;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void save(), SAVE_AFTER_MS);
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void save();
    });
  }
}

const WARN_BEFORE_END_S = 120;

/** Warns before the session ends. Work in another tab counts. Gives the function that starts the time anew. */
function watchSession(): () => void {
  const { sessionSeconds, sessionExtend } = document.body.dataset;
  const dialog = document.querySelector<HTMLDialogElement>("#sitzung");
  const text = dialog?.querySelector("p");
  const button = document.querySelector<HTMLButtonElement>("#sitzung-weiter");
  if (!sessionSeconds || !sessionExtend || !dialog || !text || !button) return () => undefined;

  const lifetime = Number(sessionSeconds);
  const warning = text.textContent;
  const tabs = new BroadcastChannel("meer-session");
  let end = 0;
  let ended = false;

  const restart = (): void => {
    end = Date.now() + lifetime * 1000;
    ended = false;
    text.textContent = warning;
    if (dialog.open) dialog.close();
  };
  const extended = (): void => {
    restart();
    tabs.postMessage("extended");
  };
  const showEnd = (): void => {
    ended = true;
    text.textContent = dialog.dataset["ended"] ?? "";
    if (!dialog.open) dialog.showModal();
  };
  const extend = async (): Promise<void> => {
    if (ended) {
      dialog.close();
      return;
    }
    try {
      const answer = await fetch(sessionExtend, { method: "POST", redirect: "error" });
      if (answer.ok) extended();
      else showEnd();
    } catch {
      // No answer: the dialog stays open, and the next press tries again.
    }
  };

  tabs.addEventListener("message", restart);
  button.addEventListener("click", () => void extend());
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    void extend();
  });
  window.setInterval(() => {
    const left = (end - Date.now()) / 1000;
    if (ended) return;
    if (left <= 0) showEnd();
    else if (left <= Math.min(WARN_BEFORE_END_S, lifetime / 2) && !dialog.open) dialog.showModal();
  }, 500);
  extended();
  return extended;
}

/** Says for a moment beside a button that it did its work. */
function doneLine(button: HTMLButtonElement): () => void {
  const line = document.createElement("span");
  line.className = "kern-body kern-body--small";
  line.setAttribute("role", "status");
  button.after(line);
  return () => {
    line.textContent = button.dataset["done"] ?? "";
    window.setTimeout(() => (line.textContent = ""), 3000);
  };
}

/** Buttons that copy a value shown as text. */
function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    const field = document.getElementById(button.dataset["copy"] ?? "");
    const label = button.querySelector(".kern-label");
    if (!field || !label) continue;
    const select = (): void => document.getSelection()?.selectAllChildren(field);
    button.hidden = false;
    const done = doneLine(button);
    button.addEventListener("click", () => {
      select();
      const copied = navigator.clipboard
        ? navigator.clipboard.writeText(field.textContent ?? "")
        : document.execCommand("copy")
          ? Promise.resolve()
          : Promise.reject(new Error("copying refused"));
      copied.then(done, select);
    });
  }
}

/** Buttons that put a ready-made text into a field, where the cursor is. */
function insertButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-insert]")) {
    const text = document.getElementById(button.dataset["insert"] ?? "")?.textContent;
    const field = document.getElementById(button.dataset["into"] ?? "");
    if (!text || !(field instanceof HTMLTextAreaElement)) continue;
    // Where nobody has put the cursor yet, it stands before what is written already.
    let entered = false;
    field.addEventListener("focus", () => (entered = true), { once: true });
    button.hidden = false;
    const done = doneLine(button);
    button.addEventListener("click", () => {
      const end = field.value.length;
      const from = entered ? field.selectionStart : end;
      const to = entered ? field.selectionEnd : end;
      const before = /\S$/.test(field.value.slice(0, from)) ? " " : "";
      const after = /^\S/.test(field.value.slice(to)) ? " " : "";
      field.setRangeText(before + text + after, from, to, "end");
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      done();
    });
  }
}

const KEYS_OFF = "meer-keys-off";
const KEYS: Record<string, string> = { n: "[data-next-case]", j: "[data-next-case]", k: "[data-previous-case]" };

/** Keys n or j: next case, k: previous one. Can be switched off (WCAG 2.1.4) and never act while somebody types. */
function caseKeys(): void {
  const wanted = Object.values(KEYS).some((selector) => document.querySelector(selector));
  const toggle = document.querySelector<HTMLButtonElement>("[data-case-keys]");
  if (!wanted || !toggle) return;
  const isOff = (): boolean => localStorage.getItem(KEYS_OFF) === "1";
  const show = (): void => toggle.setAttribute("aria-pressed", String(!isOff()));
  toggle.hidden = false;
  show();
  toggle.addEventListener("click", () => {
    if (isOff()) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
    show();
  });
  document.addEventListener("keydown", (event) => {
    if (isOff() || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.repeat) return;
    const target = event.target as HTMLElement;
    if (target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const selector = KEYS[event.key];
    const goal = selector ? document.querySelector<HTMLElement>(selector) : null;
    if (!goal) return;
    event.preventDefault();
    goal.click();
  });
}

/** Whether files are dragged, and not a text or a link. */
const dragsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

/** The dragged files, without folders: a browser cannot send one. */
function draggedFiles(data: DataTransfer): File[] {
  const items = [...data.items].filter((item) => item.kind === "file" && !item.webkitGetAsEntry()?.isDirectory);
  return items.map((item) => item.getAsFile()).filter((file) => file !== null);
}

/** Files let go of anywhere on a form go into its field, beside those chosen before. */
function dropZones(): void {
  const zones = document.querySelectorAll<HTMLElement>("[data-drop]");
  for (const zone of zones) {
    const field = zone.querySelector<HTMLInputElement>("input[type=file]");
    if (!field) continue;
    const over = (is: boolean): void => void zone.classList.toggle("meer-drop--over", is);
    zone.addEventListener("dragover", (event) => over(dragsFiles(event)));
    zone.addEventListener("dragleave", (event) => {
      if (!zone.contains(event.relatedTarget as Node | null)) over(false);
    });
    zone.addEventListener("drop", (event) => {
      over(false);
      if (!event.dataTransfer || !dragsFiles(event)) return;
      event.preventDefault();
      const files = [...(field.multiple ? (field.files ?? []) : []), ...draggedFiles(event.dataTransfer)];
      const all = new DataTransfer();
      for (const file of field.multiple ? files : files.slice(0, 1)) all.items.add(file);
      if (all.files.length === 0) return;
      field.files = all.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.focus();
    });
  }
  if (zones.length === 0) return;
  // A file let go of beside the form would replace the page, with all that was typed.
  document.addEventListener("dragover", (event) => {
    if (dragsFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (dragsFiles(event)) event.preventDefault();
  });
}

focusFirst();
linkErrorsToFields();
sendOnce();
autosave(watchSession());
copyButtons();
insertButtons();
dropZones();
caseKeys();
