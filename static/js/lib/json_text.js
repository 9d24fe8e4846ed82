/* JSON as text. Payloads and results are never turned into JavaScript numbers on their way to the
   screen, because a number above 2^53 would lose digits: their source text is kept, cut out of the
   response, and re-indented token by token. */

/** One token of JSON. Unrolled, so that a text of a megabyte does not fill the stack of the matcher. */
export const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;
// Characters that are invisible or turn the reading direction: shown as escapes, never obeyed.
// Not the joiners that make one sign of several: between emoji, and in scripts that are written with them.
const IN_EMOJI = [String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)`, String.raw`(?=\p{Extended_Pictographic})`];
const SCRIPTS = ['Arabic', 'Deva', 'Beng', 'Mlym', 'Sinh', 'Knda', 'Telu', 'Taml'].map((name) => String.raw`\p{sc=${name}}`).join('');
const INVISIBLE = new RegExp([
  `(?!${IN_EMOJI.join(String.raw`\u200d`)})`,
  String.raw`(?!(?<=[${SCRIPTS}])[\u200c\u200d](?=[${SCRIPTS}]))`,
  String.raw`[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]`,
].join(''), 'gu');

// As Python's repr() spells the joiner within one emoji.
const SPELLED_JOINER = new RegExp(IN_EMOJI.join(String.raw`\\u200d`), 'gu');

/** @typedef {{kind: 'key'|'string'|'number'|'word'|'mark'|'space', text: string}} Token */

/**
 * Parse a JSON text, but leave the value of every member named in `names` as its source text.
 * @param {string} text
 * @param {string[]} names
 * @returns {any} members named in `names` are strings holding JSON
 */
export function parseKeeping(text, names) {
  const wanted = new Set(names.map((name) => JSON.stringify(name)));
  let out = '';
  let copied = 0;
  let start = -1;
  let depth = 0;
  let last = ['', ''];
  for (const match of text.matchAll(TOKEN)) {
    const token = match[0];
    if (start < 0) {
      if (last[1] === ':' && wanted.has(plainly(last[0]))) {
        out += text.slice(copied, match.index);
        start = match.index;
        depth = 0;
      }
      last = [last[1], token];
    }
    if (start >= 0) {
      if (token === '{' || token === '[') depth += 1;
      if (token === '}' || token === ']') depth -= 1;
      if (depth === 0) {
        copied = match.index + token.length;
        out += JSON.stringify(text.slice(start, copied));
        start = -1;
        last = ['', ''];
      }
    }
  }
  return JSON.parse(out + text.slice(copied));
}

/** A name as `JSON.stringify` writes it. */
const plainly = (token) => (token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token);

/** The members of a JSON object, each the source text of its value. @param {string} source @returns {Record<string, string>} */
export function membersOf(source) {
  return parseKeeping(source, Object.keys(JSON.parse(source)));
}

/**
 * Cut a JSON text into tokens with line breaks and two-space indents between them.
 * @param {string} source JSON text
 * @returns {Token[]}
 */
export function prettyTokens(source) {
  const tokens = source.match(TOKEN) ?? [];
  /** @type {Token[]} */
  const out = [];
  let depth = 0;
  const line = () => out.push({ kind: 'space', text: `\n${'  '.repeat(depth)}` });
  tokens.forEach((token, i) => {
    const empty = (token === '{' && tokens[i + 1] === '}') || (token === '[' && tokens[i + 1] === ']');
    const closesEmpty = (token === '}' && tokens[i - 1] === '{') || (token === ']' && tokens[i - 1] === '[');
    if ((token === '}' || token === ']') && !closesEmpty) {
      depth -= 1;
      line();
    }
    out.push({ kind: kindOf(token, tokens[i + 1]), text: readable(token) });
    if ((token === '{' || token === '[') && !empty) {
      depth += 1;
      line();
    }
    if (token === ',') line();
    if (token === ':') out.push({ kind: 'space', text: ' ' });
  });
  return out;
}

/**
 * The same JSON on one line, as people write it, cut after `limit` characters.
 * @param {string} source
 * @param {number} limit
 */
export function oneLine(source, limit) {
  const tokens = source.slice(0, limit * 4).match(TOKEN) ?? [];
  const text = tokens.map((t) => (t === ',' ? ', ' : t === ':' ? ': ' : readable(t))).join('');
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/**
 * The same JSON as indented plain text, for the clipboard.
 * @param {string} source
 */
export function prettyText(source) {
  return prettyTokens(source).map((token) => token.text).join('');
}

/**
 * The same JSON as a Python literal, indented.
 * @param {string} source
 */
export function pythonLiteral(source) {
  const words = { true: 'True', false: 'False', null: 'None' };
  return prettyTokens(source)
    .map(({ kind, text }) => (kind === 'word' ? words[text] : text))
    .join('')
    .replaceAll('\n', '\n    ');
}

/** Whether two payloads say the same; a member that is null may as well be absent. @param {string} a @param {string} b */
export function sameJson(a, b) {
  const sorted = (source) => JSON.stringify(JSON.parse(source), (_, value) =>
    (value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null).sort(([x], [y]) => (x < y ? -1 : 1)))
      : value));
  return sorted(a) === sorted(b);
}

/**
 * The range in a JSON text of the value that a pointer names; of one that is not there, the closest
 * around it.
 * @param {string} source
 * @param {string} pointer RFC 6901, from the whole text
 * @returns {{start: number, end: number, line: number}}
 */
export function placeOf(source, pointer) {
  const wanted = pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  /** @type {{name: string|number, list: boolean}[]} the way to where the walk is */
  const way = [];
  let best = { start: 0, end: source.length, depth: -1 };
  for (const match of source.matchAll(TOKEN)) {
    const [token] = match;
    const top = way.at(-1);
    const behind = source.slice(match.index + token.length).match(/^\s*:/);
    if (token.startsWith('"') && behind && top && !top.list) {
      top.name = JSON.parse(token);
    } else if (token === ',' && top?.list) {
      top.name = Number(top.name) + 1;
    } else if (token === '}' || token === ']') {
      way.pop();
    } else if (token !== ':' && token !== ',') {
      const fits = way.length <= wanted.length && way.every(({ name }, i) => String(name) === wanted[i]);
      if (fits && way.length > best.depth) best = { start: match.index, end: match.index + token.length, depth: way.length };
      if (token === '{' || token === '[') way.push({ name: token === '[' ? 0 : '', list: token === '[' });
    }
  }
  return { start: best.start, end: best.end, line: source.slice(0, best.start).split('\n').length };
}

/**
 * Text from outside with its invisible and direction-turning characters written as escapes; line
 * breaks and tabs stay.
 * @param {unknown} text
 */
export function visible(text) {
  return String(text).replace(SPELLED_JOINER, '\u200d').replace(INVISIBLE, (c) => (c === '\n' || c === '\t' ? c : escape(c)));
}

function escape(character) {
  return `\\u${character.codePointAt(0).toString(16).padStart(4, '0')}`;
}

/** A token as it is shown: what is escaped without need is not. @param {string} token */
export function readable(token) {
  if (!token.startsWith('"')) return token;
  try {
    return JSON.stringify(JSON.parse(token)).replace(INVISIBLE, escape);
  } catch {
    return visible(token);
  }
}

/** @param {string} token @param {string} [next] the token behind it @returns {Token['kind']} */
export function kindOf(token, next) {
  if (token.startsWith('"')) return next === ':' ? 'key' : 'string';
  if (/^[-\d]/.test(token)) return 'number';
  return /^[tfn]/.test(token) ? 'word' : 'mark';
}
