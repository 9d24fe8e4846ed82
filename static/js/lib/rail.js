/* Whether the rail of links is folded to icons: kept in localStorage, set before the first paint by
   theme_boot.js. */

const NAME = 'duckline-rail';
/** Narrower than this there is no rail, but a bar at the bottom. */
const PHONE = '(max-width: 640px)';

export function isFolded() {
  return document.documentElement.dataset.rail === 'folded';
}

/** Fold or unfold it, and remember that. */
export function toggleFold() {
  const fold = !isFolded();
  if (fold) document.documentElement.dataset.rail = 'folded';
  else delete document.documentElement.dataset.rail;
  try {
    localStorage.setItem(NAME, fold ? 'folded' : 'open');
  } catch {
    // Storage is blocked: the choice lasts as long as this page.
  }
}

/** Whether the window is as narrow as a phone. */
export function isPhone() {
  return matchMedia(PHONE).matches;
}

/** @param {() => void} changed called when the window becomes narrow, or wide again */
export function watchWidth(changed) {
  matchMedia(PHONE).addEventListener('change', changed);
}
