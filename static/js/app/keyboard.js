/* Keyboard shortcuts: single keys and `g` followed by a letter. Keys typed into a field are left to
   the field. */

const PAIR_MS = 1_200;

/**
 * @param {Record<string, () => void>} shortcuts by key, pairs as "g t"
 */
export function listenToKeys(shortcuts) {
  /** When the `g` of a pair was taken, by the clock of the events; a slow page does not break a pair. */
  let first = -Infinity;
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      shortcuts['Ctrl+k']?.();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // An open dialog closes itself with Escape, unless someone takes the key from it.
    if (document.querySelector('dialog[open]')) return;
    if (event.key !== 'Escape' && isTyping(/** @type {HTMLElement} */ (event.target))) return;
    const name = event.timeStamp - first < PAIR_MS ? `g ${event.key}` : event.key;
    first = -Infinity;
    if (name === 'g') {
      first = performance.now();
      return;
    }
    const action = shortcuts[name];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** Move the focus by `step` rows of the task table. @param {number} step */
export function moveRow(step) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.task-row .row-link')]);
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest('.task-row')?.contains(document.activeElement));
  const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))];
  // Between the row with the focus and where the reader has scrolled to, rows are not drawn: none is passed over.
  const near = at < 0 || areTogether(links[at], next) ? next : links[at];
  near.focus();
  near.scrollIntoView({ block: 'nearest' });
}

/** Whether no rows that are not drawn lie between two neighbours. */
function areTogether(a, b) {
  const [one, other] = [a.closest('tbody'), b.closest('tbody')];
  return one === other || one?.nextElementSibling === other || one?.previousElementSibling === other;
}

/** The id of the task whose row has the focus. @returns {string|undefined} */
export function focusedTask() {
  const row = /** @type {HTMLElement|null|undefined} */ (document.activeElement?.closest('.task-row'));
  return row?.dataset.taskId;
}

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
