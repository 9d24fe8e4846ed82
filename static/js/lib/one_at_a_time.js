/* Reads that never overtake each other. */

/**
 * Never two of the same read at once; a wish during a read is granted when it ends.
 * @param {() => Promise<void>} read
 */
export function oneAtATime(read) {
  let busy = false;
  let again = false;
  return async function run() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      await read();
    } finally {
      busy = false;
    }
    if (again) {
      again = false;
      run();
    }
  };
}
