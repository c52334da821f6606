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

/** The same for a text that is not on the page. False if the browser refuses. */
export async function copyPlain(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const box = document.createElement('textarea');
    box.value = text;
    box.className = 'fixed top-0 left-0 opacity-0';
    (document.querySelector('dialog[open]') ?? document.body).append(box);
    box.select();
    const isCopied = document.execCommand('copy');
    box.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return isCopied;
  }
}
