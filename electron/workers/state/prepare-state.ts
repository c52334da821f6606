/** The thread that prepares the state database, so that a large one does not block the program that opens it. */
import { parentPort, workerData } from 'node:worker_threads';
import { isPilotlightError, toWireError } from '../../../shared/contract/errors.ts';
import { prepareDatabase } from '../../adapters/state/open-database.ts';
import type { PrepareAnswer } from '../../adapters/state/prepare-thread.ts';

function prepare({ path, expected }: { path: string; expected: boolean }): PrepareAnswer {
  try {
    return { kind: 'prepared', damaged: prepareDatabase(path, { expected }) };
  } catch (error) {
    // Any other error is a defect, and ends the thread with its stack.
    if (!isPilotlightError(error)) throw error;
    return { kind: 'refused', error: toWireError(error) };
  }
}

parentPort?.postMessage(prepare(workerData));
