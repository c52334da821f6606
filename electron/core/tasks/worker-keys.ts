/**
 * The keys by which workers use the gateway: one for each worker, for the models of its tasks, as long as it reports and
 * its own key is valid. A worker gets the same one after Pilotlight restarts, so that work on a long recording continues.
 */
import { createHmac } from 'node:crypto';
import { secretPrefix } from '../../../shared/redact.ts';
import type { LentKeys } from '../access/lent-keys.ts';

export interface WorkerKeys {
  /** Lends it, and returns its secret. */
  lend(worker: { id: string; name: string; credentialId: string | null }): string;
  /** Takes back those of workers that do not report. */
  keepOnly(workerIds: ReadonlySet<string>): void;
  /** The models that tasks need have changed. */
  update(): void;
  /** A credential has ended: its workers lose their keys. */
  ended(credentialId: string): void;
  stop(): void;
}

const idOf = (workerId: string) => `worker ${workerId}`;

export function createWorkerKeys({
  root,
  lent,
  models,
}: {
  /** A secret from which theirs are derived. */
  root(): string;
  lent: Pick<LentKeys, 'lend' | 'takeBack'>;
  models(): readonly string[];
}): WorkerKeys {
  const lentTo = new Map<string, { name: string; credentialId: string | null; secret: string }>();

  function secretOf(workerId: string, credentialId: string | null): string {
    const digest = createHmac('sha256', root()).update(JSON.stringify(['gateway', workerId, credentialId]));
    return secretPrefix('key') + digest.digest('hex');
  }

  function put(workerId: string): void {
    const found = lentTo.get(workerId);
    if (found !== undefined)
      lent.lend({ id: idOf(workerId), name: found.name, secret: found.secret, models: models() });
  }

  function takeBack(workerId: string): void {
    lentTo.delete(workerId);
    lent.takeBack(idOf(workerId));
  }

  return {
    lend({ id, name, credentialId }) {
      const secret = secretOf(id, credentialId);
      lentTo.set(id, { name, credentialId, secret });
      put(id);
      return secret;
    },
    keepOnly(workerIds) {
      for (const id of [...lentTo.keys()]) if (!workerIds.has(id)) takeBack(id);
    },
    update() {
      for (const id of lentTo.keys()) put(id);
    },
    ended(credentialId) {
      for (const [id, one] of [...lentTo]) if (one.credentialId === credentialId) takeBack(id);
    },
    stop() {
      for (const id of [...lentTo.keys()]) takeBack(id);
    },
  };
}
