/** A worker of the benchmark, in a process of its own: it completes one task and claims the next, several at once. */
import { randomUUID } from 'node:crypto';
import type { TaskClaim } from '../../../electron/core/ports/task-queue.ts';
import { inOneMessage } from './in-one-message.ts';

export type ToClient =
  | { kind: 'go'; workerId: string; inFlight: number }
  | { kind: 'answer'; id: number; claim: TaskClaim | null };
export type FromClient =
  | { kind: 'claim'; id: number; workerId: string; token: string }
  | { kind: 'complete'; id: number; workerId: string; proof: { id: string; token: string }; token: string }
  | { kind: 'done'; completed: number };

if (process.send !== undefined) {
  const waiting = new Map<number, (claim: TaskClaim | null) => void>();
  let last = 0;
  const say = inOneMessage<FromClient>((messages) => void process.send?.(messages));

  function ask(make: (id: number) => FromClient): Promise<TaskClaim | null> {
    last += 1;
    const id = last;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      say(make(id));
    });
  }

  async function work(workerId: string): Promise<number> {
    let completed = 0;
    let claim = await ask((id) => ({ kind: 'claim', id, workerId, token: randomUUID() }));
    while (claim !== null) {
      const proof = { id: claim.task.id, token: claim.token };
      claim = await ask((id) => ({ kind: 'complete', id, workerId, proof, token: randomUUID() }));
      completed += 1;
    }
    return completed;
  }

  process.on('message', (messages: ToClient[]) => {
    for (const message of messages) receive(message);
  });

  function receive(message: ToClient): void {
    if (message.kind === 'answer') {
      waiting.get(message.id)?.(message.claim);
      waiting.delete(message.id);
      return;
    }
    const { workerId, inFlight } = message;
    void Promise.all(Array.from({ length: inFlight }, () => work(workerId))).then((counts) =>
      say({ kind: 'done', completed: counts.reduce((sum, count) => sum + count, 0) }),
    );
  }
}
