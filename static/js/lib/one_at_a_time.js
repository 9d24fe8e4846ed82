/* Reads that never overtake each other. */

/**
 * Never two of the same read at once; a wish during a read is granted when it ends. A slow read about something
 * else, which one has left, is not waited for.
 * @param {() => Promise<void>} read
 * @param {() => string} [about] what is read now
 */
export function oneAtATime(read, about = () => '') {
  /** What is being read, and whether it is to be read again. @type {Map<string, boolean>} */
  const busy = new Map();
  return async function run() {
    const what = about();
    if (busy.has(what)) {
      busy.set(what, true);
      return;
    }
    busy.set(what, false);
    try {
      await read();
    } finally {
      const again = busy.get(what);
      busy.delete(what);
      if (again) run();
    }
  };
}
