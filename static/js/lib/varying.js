/* What of an error is common to a group of failures, and what is this task's own. Pure. */

/**
 * The error in pieces, those that the group's message has too marked as the same. The message is
 * for what varies by `…`, `'…'` and `#`; where the two do not fit together, all counts as the same.
 * @param {string} error as it was raised: `KeyError('a bug')`
 * @param {string} message of the group
 * @param {string} type of the error
 * @returns {{text: string, same: boolean}[]}
 */
export function varying(error, message, type) {
  const common = message.split(/…|#/).map((piece) => piece.replace(/\s+/g, ' '));
  const name = type.split('.').at(-1) ?? '';
  const pieces = [];
  let at = error.startsWith(name) ? name.length + (/^\((?:['"](?=.+['"]\)$))?/.exec(error.slice(name.length))?.[0].length ?? 0) : 0;
  if (at) pieces.push({ text: error.slice(0, at), same: true });
  if (common.length === 1) return [...pieces, { text: error.slice(at), same: true }];
  for (const piece of common.map((each) => each.trim())) {
    if (!piece) continue;
    const found = find(error, piece, at);
    if (!found) continue;
    if (found.start > at) pieces.push({ text: error.slice(at, found.start), same: false });
    pieces.push({ text: error.slice(found.start, found.end), same: true });
    at = found.end;
  }
  const rest = error.slice(at);
  // The closing quotation mark and bracket of Python's own notation vary with nothing.
  const tail = /[\])'"]*$/.exec(rest)?.[0] ?? '';
  if (rest.length > tail.length) pieces.push({ text: rest.slice(0, rest.length - tail.length), same: false });
  if (tail) pieces.push({ text: tail, same: true });
  return pieces;
}

/** Where a piece stands, whatever white space is in it. */
function find(error, piece, from) {
  const pattern = piece.split(' ').map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+');
  const found = new RegExp(pattern, 'u').exec(error.slice(from));
  return found ? { start: from + found.index, end: from + found.index + found[0].length } : null;
}
