/** A worker that is killed at any moment: it commits each task's effect once, by its id, then says that it is done. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

export type ToVictim = { id: string; token: string };
export type FromVictim = { kind: 'ready' } | { kind: 'done'; id: string; token: string; wasThere: boolean };

const folder = process.argv[2] ?? '';

if (process.send !== undefined) {
  process.on('message', ({ id, token }: ToVictim) => {
    let wasThere = false;
    try {
      // Only one attempt can create it, however often the task is tried.
      closeSync(openSync(join(folder, id), 'wx'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      wasThere = true;
    }
    process.send?.({ kind: 'done', id, token, wasThere } satisfies FromVictim);
  });
  process.send({ kind: 'ready' } satisfies FromVictim);
}
