// What both designers share: the form on the page, and that nothing is lost on the way.

import { texts } from "./texts";

/** What a city offers to choose from. */
export interface Catalogue {
  commands: { key: string; label: string }[];
  forms: { key: string; title: string }[];
  units: { key: string; name: string }[];
  decisions: { key: string; name: string }[];
  processes: { key: string; name: string }[];
}

export interface Place {
  form: HTMLFormElement;
  body: HTMLTextAreaElement;
  canvas: HTMLElement;
  panel: HTMLElement;
}

/** The form of this kind of designer, with the text field taken away that stands in for it without JavaScript. */
export function place(kind: "bpmn" | "dmn"): Place | undefined {
  const form = document.querySelector<HTMLFormElement>(`form[data-designer="${kind}"]`);
  const body = form?.querySelector<HTMLTextAreaElement>("textarea[name=body]");
  const canvas = form?.querySelector<HTMLElement>("[data-canvas]");
  const panel = form?.querySelector<HTMLElement>("[data-panel]");
  if (!form || !body || !canvas || !panel) return undefined;
  canvas.classList.add("meer-designer__canvas");
  panel.classList.add("meer-designer__panel");
  form.classList.add("meer-designer");
  return { form, body, canvas, panel };
}

/** Hides the text field once the drawing stands; until then it shows what there is. */
export function hideText(body: HTMLTextAreaElement): void {
  const field = body.closest<HTMLElement>(".kern-form-input") ?? body;
  field.hidden = true;
}

export async function catalogue(form: HTMLFormElement): Promise<Catalogue> {
  const nothing: Catalogue = { commands: [], forms: [], units: [], decisions: [], processes: [] };
  const address = form.dataset["catalogue"];
  if (!address) return nothing;
  try {
    const answer = await fetch(address);
    return answer.ok ? { ...nothing, ...((await answer.json()) as Partial<Catalogue>) } : nothing;
  } catch {
    // The fields can still be written by hand.
    return nothing;
  }
}

/** Writes the drawing into the form before it is sent, and asks before somebody leaves it unsaved. */
export function sendWithForm(place: Place, save: () => Promise<{ xml?: string }>): () => void {
  let changed = false;
  let ready = false;
  place.form.addEventListener("submit", (event) => {
    if (ready) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = (event as SubmitEvent).submitter;
    void save().then(({ xml }) => {
      if (xml) place.body.value = xml;
      ready = true;
      changed = false;
      // Not before the event has ended that was stopped: until then the form cannot be sent again.
      window.setTimeout(() => {
        place.form.requestSubmit(submitter);
        // The page stays where the network failed, and comes back from history: what is drawn then is written anew.
        ready = false;
      });
    }, failed);
  }, { capture: true });
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
  const status = document.createElement("p");
  status.className = "kern-body kern-body--small";
  status.setAttribute("role", "status");
  place.canvas.after(status);
  return () => {
    if (!changed) status.textContent = texts.unsaved;
    changed = true;
  };

  function failed(error: unknown): void {
    status.textContent = `${texts.unreadable} ${String(error)}`;
  }
}

export function unreadable(place: Place, error: unknown): void {
  const alert = document.createElement("p");
  alert.className = "kern-body";
  alert.setAttribute("role", "alert");
  alert.textContent = `${texts.unreadable} ${error instanceof Error ? error.message : String(error)}`;
  place.canvas.before(alert);
  place.canvas.hidden = true;
  place.panel.hidden = true;
}
