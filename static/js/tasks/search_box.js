/* The one box in which tasks are searched for. It searches while one types, as soon as what is typed
   is whole; Enter searches at once, and says what is wrong. Made once, so that a redraw never takes
   a letter from the one who types. */

import { completions, knownFrom } from './completion.js';
import { h, mount } from '../lib/dom.js';
import { go, isOnTasks, isTaskId, tasksUrl, taskUrl } from '../lib/router.js';
import { isWhole } from '../state/search_text.js';
import { combobox } from '../components/combobox.js';
import { icon } from '../components/icons.js';
import { SEARCH_HINT } from '../texts/tasks.js';

const PAUSE_MS = 350;

/** @type {ReturnType<typeof create>|null} */
let box = null;

/** @param {import('../state/store.js').State} state */
export function searchBox(state) {
  box ??= create();
  const made = box;
  made.update(state);
  return h('div', { class: 'search-place', key: 'search', wake: (host) => {
    made.arrive();
    host.append(made.element);
  } });
}

function create() {
  /** @type {import('../state/store.js').State} */
  let state;
  let dismissed = false;
  const { input, errors } = elements();
  const searching = createSearching(input, () => state.route.search);
  const { list, refresh, renew, close } = combobox(input, 'find', {
    suggest: () => completions(input.value, input.selectionStart ?? input.value.length,
      knownFrom(state.taskTypes, state.found.byId.values())),
    choose({ text, caret, open }) {
      input.value = text;
      input.setSelectionRange(caret, caret);
      if (open) return refresh();
      close();
      searching.now();
    },
    enter() {
      const text = input.value.trim().toLowerCase();
      close();
      searching.now();
      searching.settle();
      if (isTaskId(text)) go(taskUrl(text));
    },
    escape: () => input.blur(),
  });

  input.addEventListener('input', () => {
    searching.stop();
    dismissed = false;
    // While something is offered the word is not typed to its end: Enter searches for it unchanged.
    if (isWhole(input.value) && list.hidden) searching.soon();
  });
  input.addEventListener('focus', () => (/^$|\s$/.test(input.value) ? refresh() : null));
  input.addEventListener('change', () => isWhole(input.value) && searching.leave());
  input.addEventListener('blur', searching.settle);
  input.addEventListener('keydown', ({ key }) => { dismissed = key === 'Escape' || key === 'Enter'; });

  return {
    element: h('div', { class: 'search-box' }, icon('search'), input, h('kbd', { class: 'wide-only', 'aria-hidden': 'true' }, '/'), list,
      errors),

    arrive: searching.arrive,

    /** @param {import('../state/store.js').State} now */
    update(now) {
      // What is typed before the types are known is completed as soon as they are.
      const known = !state?.taskTypes && now.taskTypes;
      state = now;
      if (known && !dismissed && document.activeElement === input) renew();
      searching.show(now.route.search.q);
      showErrors(input, errors, now.foundProblem?.errors ?? []);
    },
  };
}

function elements() {
  const input = /** @type {HTMLInputElement} */ (h('input', {
    id: 'find', type: 'search', enterkeyhint: 'search', maxlength: 1000, 'aria-label': 'Search tasks', 'aria-describedby': 'search-errors',
    placeholder: SEARCH_HINT, data: { testid: 'find' },
  }));
  return { input, errors: h('ul', { class: 'search-errors', id: 'search-errors', role: 'alert' }) };
}

function showErrors(input, place, wrong) {
  if (wrong.length) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
  mount(place, wrong.map(({ message }, i) => h('li', { key: i }, message)));
}

/**
 * When what is typed becomes the search of the address.
 * @param {HTMLInputElement} input
 * @param {() => import('../state/records.js').Search} route the search of the address now
 */
function createSearching(input, route) {
  let sent = '';
  let timer = 0;
  let typing = false;
  const isPressed = watchPointer();

  function now() {
    clearTimeout(timer);
    const text = input.value.trim();
    // Who has left the page meanwhile is not called back to it.
    if (text === sent || !isOnTasks()) return;
    sent = text;
    // A step back leads to the search before this one, not to the letters in between.
    go(tasksUrl({ ...route(), q: text }), typing);
    typing = true;
  }

  /** Left for something else on the page: that comes first, and must not be taken from under the pointer. */
  function leave(inPlace = typing) {
    const place = location.href;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (isPressed()) return void leave(inPlace);
      if (location.href !== place || document.querySelector('dialog[open]')) return;
      typing = inPlace;
      now();
      typing = false;
    }, PAUSE_MS);
  }

  return {
    now, leave,
    soon: () => { timer = setTimeout(now, PAUSE_MS); },
    stop: () => clearTimeout(timer),
    /** The page is opened: what was typed and not searched for before it was left is not what its list shows. */
    arrive: () => { input.value = sent; },
    /** The next search is a new step for the back button. */
    settle: () => { typing = false; },
    /** Another search came into the address by another way. @param {string} q */
    show(q) {
      if (q === sent) return;
      sent = q;
      input.value = q;
    },
  };
}

/** Whether a button of the pointer, or a finger, is down, or was: what a click opens is not there at once. @returns {() => boolean} */
function watchPointer() {
  let pressed = false, released = -Infinity;
  for (const type of ['pointerdown', 'pointerup', 'pointercancel']) {
    addEventListener(type, () => {
      pressed = type === 'pointerdown';
      if (!pressed) released = performance.now();
    }, true);
  }
  return () => pressed || performance.now() - released < PAUSE_MS;
}
