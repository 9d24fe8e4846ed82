/* Where this service is: the path that a proxy serves it under, '' at the top of its host. */

const { root = '', logo = '' } = globalThis.document?.body.dataset ?? {};

/** The prefix of every path of ours. */
export const ROOT = root;

/** The picture of an empty place. */
export const LOGO = logo;

/** The address of this service as others type it, without a slash at its end. */
export function base() {
  return location.origin + ROOT;
}
