import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { printable } from '../../shared/printable.ts';
import { isMemory, readMemory, type WindowMemory } from './window-place.ts';

export interface WindowMemoryFile {
  current(): WindowMemory;
  /** Saved in the background, one write after the other. */
  change(patch: Partial<WindowMemory>): void;
  /** Resolves when everything has been saved. */
  saved(): Promise<void>;
}

/**
 * Opens the saved state of the window. A missing file means a first start; one that cannot be
 * read is set aside.
 */
export async function openWindowMemory(
  file: string,
  log: (message: string) => void = (message) => console.warn(printable(message)),
): Promise<WindowMemoryFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? null : '',
  );
  if (text !== null && !isMemory(text)) {
    // Rarely needed, so it is loaded only now and does not delay the window.
    const { tryKeepAside } = await import('../adapters/keep-aside.ts');
    const keptAs = tryKeepAside(file);
    log(`The saved window position was damaged${keptAs === null ? '' : ` and set aside as ${keptAs}`}.`);
  }
  let memory = readMemory(text ?? '');
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, JSON.stringify(memory));
    await rename(`${file}.new`, file);
  }

  return {
    current: () => memory,
    change(patch) {
      memory = { ...memory, ...patch };
      // Not worth reporting: the window just opens somewhere else next time.
      writing = writing.then(write).catch(() => {});
    },
    saved: () => writing,
  };
}
