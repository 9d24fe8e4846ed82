/* The queues, the most urgent first, as the service names them: in the page that it serves, and in
   each frame of the socket. Like the root path they are one for the whole page. */

let names = (globalThis.document?.body.dataset.queues ?? 'high default low').split(' ');

export const queueNames = () => names;

/** Take the names from a frame: the service may have started again with others. @param {import('./records.js').Stats} frame */
export function takeQueueNames(frame) {
  names = frame.queues.map(({ queue }) => queue);
}
