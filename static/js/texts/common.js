/* Texts that several pages share. Every sentence that people read is in this folder, by room; labels of
   one or two words are beside what they name. A sentence with a number or a name is a function. */

import { count, plural } from '../lib/format.js';
import { ownCommand } from '../lib/own_command.js';

export const LOADING = 'Loading…';
export const CANCEL = 'Cancel';
export const UNDO = 'Undo';
export const NO_TASKS_YET = 'No tasks yet';
export const TASKS_APPEAR = 'Tasks appear here as soon as someone submits one.';
export const NO_CONSUMER = 'No consumer runs. Start one: ';

export const CHANGED_MEANWHILE = 'Somebody has changed this since you opened it. What you typed is kept.';
export const YOURS_STAYS = '; you changed it too, yours stays: ';
export const TAKE_OVER = 'Take over the changes';

/** @param {string} what */
export const loading = (what) => `Loading ${what}…`;

/** @param {string} [what] */
export const cantLoad = (what = 'this') => `Can’t load ${what} right now`;

export const notForThisKey = (what = 'this') => `Your key may not see ${what}`;

/** @param {string} why a sentence */
export const retrying = (why) => `${why} Retrying…`;

/** What is shown is old, because it could not be read again. @param {string} why a sentence */
export const outOfDate = (why) => `Out of date: ${why}`;

/** @param {string} what */
export const notUndone = (what) => `Not undone. ${what}`;

/** @param {number} n */
export const newestFirst = (n) => `${plural(n, 'task')}, newest first`;

/** @param {number} n */
export const showAll = (n) => `Show all ${count(n)}`;

/** @param {(string|number)[]} words one of which is to be typed */
export const toConfirm = (words) => `To confirm, type ${words.join(' or ')}`;

/** @param {string} queue */
export const startConsumer = (queue) => `${ownCommand()} consumer ${queue}`;
