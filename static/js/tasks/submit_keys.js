/* Which idempotency key a submit is sent with: one of its own, and the same one when it is the same
   submit once more, because of a double click or a lost answer. */

/** Within this time after an answer the same submit is a double click, or a key that is held down. */
const TWICE_MS = 600;

/** A random key. Not crypto.randomUUID, which a page over plain HTTP lacks. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The keys of one form.
 * @param {() => number} [now] milliseconds
 * @returns {{keyFor: (body: string) => string, answered: (lost: boolean) => void}} `answered` with `lost`: there
 *   was no answer, so the submit may have been stored
 */
export function submitKeys(now = () => performance.now()) {
  let last = { body: '', key: '', lost: false, at: -Infinity };
  return {
    keyFor(body) {
      const isSame = body === last.body && (last.lost || now() - last.at < TWICE_MS);
      last = { ...last, body, key: isSame ? last.key : newKey() };
      return last.key;
    },
    answered(lost) {
      last = { ...last, lost, at: now() };
    },
  };
}
