/**
 * Copies the text of an element to the clipboard. False if the browser refuses; the text is then selected, so that the
 * keyboard copies it.
 */
export async function copyText(element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent ?? '');
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    // The desktop window grants no permission to write to the clipboard, but a click may still copy a selection.
    return document.execCommand('copy');
  }
}
