import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
    const { trySetAside } = await import('../adapters/set-aside.ts');
    const keptAs = trySetAside(file);
    log(`The saved window position was damaged${keptAs === null ? '' : ` and set aside as ${keptAs}`}.`);
  }
  let memory = readMemory(text ?? '');
  const draft = `${file}.new`;
  // Only one window program runs per folder, so a draft is from one that was killed.
  let writing: Promise<void> = rm(draft, { force: true }).catch(() => {});

  async function write(): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(draft, JSON.stringify(memory), { mode: 0o600 });
    await rename(draft, file);
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
