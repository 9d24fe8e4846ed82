/* The statistics socket: one connection that reconnects. Waits longer after each failure
   (with jitter, so that many pages do not return at once), and gives up a connection that has gone
   silent. What the frames mean is not decided here. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const SILENCE_MS = 7_000;

/**
 * Keep a WebSocket open until the page closes.
 * @param {() => Promise<string>} address asked for each connection; a failure counts as a lost one
 * @param {{onFrame: (frame: any) => void, onState: (state: 'connecting'|'open'|'closed') => void}} hooks
 * @returns {{retryNow: () => void}}
 */
export function openSocket(address, hooks) {
  /** @type {WebSocket|null} */
  let socket = null;
  let failures = 0;
  let timer = 0;
  /** Tells the connection that is wanted now from one whose address came late. */
  let attempt = 0;
  let watchdog = 0;

  function connect() {
    clearTimeout(timer);
    hooks.onState('connecting');
    const mine = ++attempt;
    address().then((path) => mine === attempt && open(path), () => mine === attempt && lost());
  }

  function open(path) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const mine = new WebSocket(url);
    socket = mine;
    watch(mine);
    mine.onopen = () => hooks.onState('open');
    mine.onclose = () => mine === socket && lost();
    mine.onmessage = (event) => {
      failures = 0;
      watch(mine);
      const frame = parse(event.data);
      if (frame) hooks.onFrame(frame);
    };
  }

  function watch(mine) {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      if (mine !== socket) return;
      // close() of a dead connection can take minutes to report; do not wait for it.
      mine.close();
      lost();
    }, SILENCE_MS);
  }

  function lost() {
    clearTimeout(watchdog);
    socket = null;
    hooks.onState('closed');
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    failures += 1;
    clearTimeout(timer);
    timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
  }

  function retryNow() {
    if (socket?.readyState === WebSocket.OPEN) return;
    failures = 0;
    const abandoned = socket;
    socket = null;
    abandoned?.close();
    connect();
  }

  addEventListener('online', retryNow);
  document.addEventListener('visibilitychange', () => document.hidden || retryNow());
  connect();
  return { retryNow };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
