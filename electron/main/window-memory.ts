import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMemory, readMemory, type WindowMemory } from './window-place.ts';

export interface WindowMemoryFile {
  current(): WindowMemory;
  /** Saved in the background, one write after the other. */
  change(patch: Partial<WindowMemory>): void;
  /** Resolves when everything is on the disk. */
  saved(): Promise<void>;
}

/**
 * Opens what is remembered of the window. A file that is not there is as good as a first start; one that cannot be
 * read goes aside.
 */
export async function openWindowMemory(
  file: string,
  log: (message: string) => void = console.warn,
): Promise<WindowMemoryFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? null : '',
  );
  if (text !== null && !isMemory(text)) {
    // Hardly ever needed: the window does not wait for it otherwise.
    const { tryKeepAside } = await import('../adapters/keep-aside.ts');
    const keptAs = tryKeepAside(file);
    log(
      `The saved place of the window was damaged${keptAs === null ? '' : ` and is kept aside as ${keptAs}`}.`,
    );
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
      // A window that opens at another place the next time is not worth a word.
      writing = writing.then(write).catch(() => {});
    },
    saved: () => writing,
  };
}
