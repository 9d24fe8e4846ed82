/* The API key that the reader typed: kept by this tab, for this origin, until the tab closes. No
   other port of the host sees it, and the browser sends it by itself to nobody. */

const NAME = 'duckline-key';
/** Where the browser refuses to store anything, the key lives as long as the page. */
let unstored = '';

/** @returns {string} '' if there is none */
export function apiKey() {
  try {
    return sessionStorage.getItem(NAME) ?? unstored;
  } catch {
    return unstored;
  }
}

/** Whether this tab holds an API key. */
export function hasKey() {
  return apiKey() !== '';
}

/** @param {string} key @returns {boolean} false when no header can carry it */
export function keepKey(key) {
  if (!/^[^\x00-\x20\x7f,]+$/.test(key)) return false;
  unstored = key;
  try {
    sessionStorage.setItem(NAME, key);
  } catch {
    // Kept by the page.
  }
  return true;
}

/** The headers that show a key. @param {string} key @returns {Record<string, string>} */
export function authorization(key) {
  // A header carries bytes: those of UTF-8.
  return key ? { Authorization: `Bearer ${String.fromCharCode(...new TextEncoder().encode(key))}` } : {};
}
