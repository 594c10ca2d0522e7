// The mouse in the diagram: each click counts, also of somebody who is quick.

interface Click {
  element?: unknown;
  originalEvent?: MouseEvent;
}

interface EventBus {
  on(event: string, priority: number, listener: (event: Click) => boolean | undefined): void;
  fire(event: string, data: Click): unknown;
}

/**
 * The library traps the click that ends a drag, at priority 5000, and keeps the trap for 400 ms where that click does not come.
 * Whatever else is clicked until then is lost, and the next tool works on what was chosen before.
 */
const BELOW_TRAP = 4_900;

/** More traps than anybody sets within 400 ms. */
const MOST_TRAPS = 20;

/** A press that ends no drag is a new one: what is still trapped is let go before its click comes. */
export function everyClickCounts(events: EventBus, drawing: HTMLElement): void {
  let emptying = false;
  let isEmpty = false;
  events.on("element.click", BELOW_TRAP, () => {
    if (!emptying) return undefined;
    isEmpty = true;
    return false;
  });
  const letGo = (): void => {
    emptying = true;
    isEmpty = false;
    // Each trap takes one click, and is gone.
    for (let i = 0; i < MOST_TRAPS && !isEmpty; i++) events.fire("element.click", {});
    emptying = false;
  };
  // The press that ends a drag does not come here: the library stops it on its way down.
  drawing.addEventListener("mousedown", letGo, { capture: true });
}

/** What is chosen stays chosen when it is clicked again; the library would drop it, and its properties with it. */
export function chosenStaysChosen(events: EventBus, selection: { get(): unknown[] }): void {
  events.on("element.click", 1_500, ({ element, originalEvent }) => {
    const [chosen, ...more] = selection.get();
    const adds = originalEvent?.shiftKey ?? false;
    return element && element === chosen && !more.length && !adds ? true : undefined;
  });
}
