/* The reader's name, as the audit shows it: kept in localStorage, sent with every change. It says
   who, it proves nothing: that is what API keys are for. */

const NAME = 'duckline-operator';
export const LONGEST = 64;

/** @returns {string} empty when none was given */
export function operatorName() {
  try {
    return localStorage.getItem(NAME) ?? '';
  } catch {
    return '';
  }
}

/** @param {string} name */
export function rememberOperator(name) {
  try {
    if (name) localStorage.setItem(NAME, name);
    else localStorage.removeItem(NAME);
  } catch {
    // Storage is blocked: the audit then shows the address instead.
  }
}

/** The name as a header carries it: UTF-8, each byte as a character; what cannot be shown is left out. */
export function operatorHeader() {
  const name = [...operatorName().replace(/[^\P{C}]|[^\P{Z} ]/gu, '').trim()].slice(0, LONGEST).join('');
  return name ? { 'X-Operator': String.fromCharCode(...new TextEncoder().encode(name)) } : {};
}
