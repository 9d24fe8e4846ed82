/* The reader's choice of theme: system (default), light or dark, kept in localStorage. */

const NAME = 'duckline-theme';
const ORDER = ['system', 'light', 'dark'];

/** @returns {'system'|'light'|'dark'} */
export function currentTheme() {
  return /** @type {any} */ (document.documentElement.dataset.theme ?? 'system');
}

/** @returns {'system'|'light'|'dark'} the theme that `cycleTheme` would choose */
export function nextTheme() {
  return /** @type {any} */ (ORDER[(ORDER.indexOf(currentTheme()) + 1) % ORDER.length]);
}

/** Switch to the next theme and remember it. */
export function cycleTheme() {
  const chosen = nextTheme();
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  try {
    localStorage.setItem(NAME, chosen);
  } catch {
    // Storage is blocked: the choice lasts as long as this page.
  }
}
