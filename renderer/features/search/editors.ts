/** Editors that open a file at a line by an address of their own. */

export const editors = [
  { name: 'vscode', title: 'VS Code' },
  { name: 'cursor', title: 'Cursor' },
  { name: 'vscodium', title: 'VSCodium' },
  { name: 'zed', title: 'Zed' },
] as const;
export type EditorName = (typeof editors)[number]['name'];

const key = 'pilotlight.editor';

/** The one that was used last in this browser. */
export function readEditor(storage: Pick<Storage, 'getItem'> = localStorage): EditorName {
  try {
    const kept = storage.getItem(key);
    return editors.find(({ name }) => name === kept)?.name ?? 'vscode';
  } catch {
    return 'vscode';
  }
}

/** @param path absolute, of either system */
export function editorAddress(editor: EditorName, path: string, line: number): string {
  const parts = path.replaceAll('\\', '/').replace(/^\/+/, '').split('/');
  const plain = parts.map((part, at) =>
    at === 0 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part),
  );
  return `${editor}://file/${plain.join('/')}:${line}`;
}

/** Opens it on this computer, which must be the one with the file. */
export function openInEditor(editor: EditorName, path: string, line: number): void {
  try {
    localStorage.setItem(key, editor);
  } catch {
    // It is chosen again next time.
  }
  const address = editorAddress(editor, path, line);
  // In the window, only a new one may lead elsewhere; in a browser it would leave an empty tab.
  if (window.pilotlight) window.open(address);
  else location.assign(address);
}
