/* The reader's choice of time zone: that of the browser (default) or UTC, kept in localStorage. */

import { setZone } from './format.js';

const NAME = 'duckline-zone';
let utc = recall();
setZone(utc ? 'UTC' : undefined);

export const isUtc = () => utc;

/** Switch between local time and UTC, and remember it. */
export function switchZone() {
  utc = !utc;
  setZone(utc ? 'UTC' : undefined);
  try {
    localStorage.setItem(NAME, utc ? 'utc' : 'local');
  } catch {
    // Storage is blocked: the choice lasts as long as this page.
  }
}

function recall() {
  try {
    return localStorage.getItem(NAME) === 'utc';
  } catch {
    return false;
  }
}
