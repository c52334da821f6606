import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readMemory, type WindowMemory } from './window-place.ts';

export interface WindowMemoryFile {
  current(): WindowMemory;
  /** Saved in the background, one write after the other. */
  change(patch: Partial<WindowMemory>): void;
  /** Resolves when everything is on the disk. */
  saved(): Promise<void>;
}

/** Opens what is remembered of the window. A file that is not there, or cannot be read, is as good as a first start. */
export async function openWindowMemory(file: string): Promise<WindowMemoryFile> {
  let memory = readMemory(await readFile(file, 'utf8').catch(() => ''));
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
