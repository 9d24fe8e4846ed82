/* Keeps the keyboard's place: when what has the focus is taken from the page, or can no longer be
   used, the focus goes to what replaced it, and never back to the top of the page. */

const FOCUSABLE = ':is(button, input, select, textarea):not(:disabled), a[href], summary, [tabindex="0"]';
/** Further out a neighbour has nothing to do with what is gone. */
const LEVELS = 5;
const REGIONS = '#main, .panel, #dialogs, #toasts, #nav';

/**
 * Note where the focus is, before the page is drawn again.
 * @returns {() => void} call it when that is done
 */
export function keepFocus() {
  const held = /** @type {HTMLElement} */ (document.activeElement);
  if (!held || held === document.body) return () => {};
  const before = usable(held);
  const region = /** @type {HTMLElement|null} */ (held.closest(REGIONS));
  const places = placesOf(held, region);
  return () => {
    if (held.isConnected && (usable(held) || !before)) return;
    if (document.activeElement !== document.body && document.activeElement !== held) return;
    for (const { host, at } of places) {
      const near = host.isConnected ? host.querySelectorAll(FOCUSABLE) : [];
      if (near.length) return void focus(near[Math.min(at, near.length - 1)]);
    }
    if (region?.isConnected) focus(region);
  };
}

/** The elements around it, and how many others that can have the focus stand before it in each. */
function placesOf(held, region) {
  const places = [];
  for (let host = held.parentElement; host && host !== region && places.length < LEVELS; host = host.parentElement) {
    places.push({ host, at: Math.max(0, [...host.querySelectorAll(FOCUSABLE)].indexOf(held)) });
  }
  return places;
}

function usable(element) {
  return !element.matches(':disabled');
}

function focus(element) {
  /** @type {HTMLElement} */ (element).focus({ preventScroll: true });
}

/** Give the focus to the question whether a task is to be cancelled. @param {string} id */
export function focusConfirm(id) {
  const owner = ['.panel', '.task-row'].map((place) => document.querySelector(`${place}[data-task-id="${CSS.escape(id)}"]`)).find(Boolean);
  /** @type {HTMLElement|null|undefined} */ (owner?.querySelector('[data-testid="cancel-confirm"]'))?.focus({ preventScroll: true });
}
