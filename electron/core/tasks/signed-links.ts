/**
 * Addresses at which a worker downloads the input of a task. Each is for one file and one worker, and is signed, so that
 * it needs no key: a program that downloads for the worker never gets one.
 */
import { workerFilePaths } from '../../../shared/contract/task-worker.ts';
import type { Clock } from '../ports/time.ts';
import { createSignedAddresses } from '../runtime/signed-addresses.ts';

/** A download that has begun may take longer. */
export const LINK_MS = 10 * 60_000;

export interface LinkTarget {
  fileId: string;
  workerId: string;
}

export interface SignedLinks {
  /** Relative to the server. */
  sign(target: LinkTarget): string;
  /** What a link is for. Throws LINK_EXPIRED, or FORBIDDEN for one that was not signed here. */
  check(query: Readonly<Record<string, unknown>>): LinkTarget;
}

/** @param key a secret; with a new one, the links signed before are no longer valid */
export function createSignedLinks(options: {
  clock: Pick<Clock, 'now'>;
  key: string | Uint8Array;
}): SignedLinks {
  const addresses = createSignedAddresses({
    ...options,
    path: workerFilePaths.download,
    names: ['file', 'worker'],
  });
  return {
    sign: ({ fileId: file, workerId: worker }) => addresses.sign({ file, worker }, LINK_MS),
    check(query) {
      const { file, worker } = addresses.check(query);
      return { fileId: file, workerId: worker };
    },
  };
}
