/** Prepares the state database in a thread: reading a large one takes seconds, during which the window must respond. */
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { fromWireError, type WireError } from '../../../shared/contract/errors.ts';
import type { DamagedState } from './damage.ts';
import { prepareDatabase } from './open-database.ts';

/** The message from the thread. */
export type PrepareAnswer =
  | { kind: 'prepared'; damaged: DamagedState | null }
  | { kind: 'refused'; error: WireError };

/** Bytes. A smaller database is read faster than a thread starts. */
const SMALL_BYTES = 4 * 1024 * 1024;

export interface PrepareStateOptions {
  path: string;
  /** See `prepareDatabase`. */
  expected: boolean;
  /** The program of the thread: workers/state/prepare-state.ts. */
  entry: string;
}

/** Rejects with the errors of `prepareDatabase`. */
export async function prepareState({
  path,
  expected,
  entry,
}: PrepareStateOptions): Promise<DamagedState | null> {
  if (sizeOf(path) + sizeOf(`${path}-wal`) <= SMALL_BYTES) return prepareDatabase(path, { expected });
  return new Promise((resolve, reject) => {
    const thread = new Worker(entry, { workerData: { path, expected } });
    thread.once('message', (answer: PrepareAnswer) => {
      if (answer.kind === 'prepared') resolve(answer.damaged);
      else reject(fromWireError(answer.error));
    });
    thread.once('error', reject);
    thread.once('exit', (code) =>
      reject(new Error(`The thread that prepares the state exited with ${code}.`)),
    );
  });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
