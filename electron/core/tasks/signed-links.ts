/**
 * Addresses at which a worker downloads the input of a task. Each is for one file and one worker, and is signed, so that
 * it needs no key: a program that downloads for the worker never gets one.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { workerFilePaths } from '../../../shared/contract/task-worker.ts';
import type { Clock } from '../ports/time.ts';

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

/** @param key nobody else knows it; with another key, links that were signed before end */
export function createSignedLinks({
  clock,
  key,
}: {
  clock: Pick<Clock, 'now'>;
  key: string | Uint8Array;
}): SignedLinks {
  /** As JSON, so that no two links have the same text. */
  const signatureOf = ({ fileId, workerId }: LinkTarget, until: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([fileId, workerId, until]))
      .digest();

  return {
    sign(target) {
      const until = String(clock.now() + LINK_MS);
      const query = new URLSearchParams({
        file: target.fileId,
        worker: target.workerId,
        until,
        signature: signatureOf(target, until).toString('hex'),
      });
      return `${workerFilePaths.download}?${query}`;
    },
    check({ file, worker, until, signature }) {
      const texts = [file, worker, until, signature];
      if (!texts.every((text) => typeof text === 'string')) throw new PilotlightError('FORBIDDEN');
      const target = { fileId: String(file), workerId: String(worker) };
      const given = Buffer.from(String(signature), 'hex');
      const right = signatureOf(target, String(until));
      if (given.length !== right.length || !timingSafeEqual(given, right)) {
        throw new PilotlightError('FORBIDDEN');
      }
      if (clock.now() >= Number(until)) throw new PilotlightError('LINK_EXPIRED');
      return target;
    },
  };
}
