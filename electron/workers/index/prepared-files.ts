/** Files that were read but not stored yet, each with the token that the core commits or discards it by. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { ReadFile } from './file-rows.ts';

/** More are refused until some are committed or discarded. */
const MAX_PREPARED = 1024;
const MAX_PREPARED_CHARACTERS = 128 * 1024 * 1024;

export function createPreparedFiles() {
  const prepared = new Map<string, ReadFile>();
  let characters = 0;
  let lastToken = 0;

  const charactersOf = (file: ReadFile) => file.chunks.reduce((sum, chunk) => sum + chunk.text.length, 0);

  return {
    /** @throws SERVER_BUSY if there are too many */
    checkRoom(): void {
      if (prepared.size < MAX_PREPARED && characters < MAX_PREPARED_CHARACTERS) return;
      throw new PilotlightError('SERVER_BUSY', {
        message: fact('TOO_MANY_PREPARED', { files: prepared.size }),
        next: fact('STORE_SOME_FIRST'),
      });
    },

    hold(file: ReadFile): string {
      lastToken += 1;
      const token = `${process.pid}-${lastToken}`;
      prepared.set(token, file);
      characters += charactersOf(file);
      return token;
    },

    /** @throws WORKER_LOST if there is none: an earlier worker had it */
    get(token: string): ReadFile {
      const file = prepared.get(token);
      if (file !== undefined) return file;
      throw new PilotlightError('WORKER_LOST', {
        message: fact('PREPARED_FILE_LOST'),
        next: fact('PREPARE_AGAIN'),
        details: { token },
      });
    },

    release(token: string): void {
      const file = prepared.get(token);
      if (file === undefined) return;
      prepared.delete(token);
      characters -= charactersOf(file);
    },

    clear(): void {
      prepared.clear();
      characters = 0;
    },
  };
}
