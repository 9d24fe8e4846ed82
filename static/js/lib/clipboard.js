/* Puts a text on the clipboard, also where the page came over plain HTTP. */

/** @param {string} text @returns {Promise<boolean>} false when the browser did not allow it */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Over plain HTTP there is no navigator.clipboard. */
function copySelected(text) {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}
