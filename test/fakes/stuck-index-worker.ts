/**
 * The index worker with files that it never gets done with, by their names: "stuck…" and "hard…" keep its reader for
 * ever, the latter in a loop that cannot be interrupted, "greedy…" takes all memory, "defect…" throws, "crash…" ends the process. The text "block" to
 * embed keeps the process itself busy.
 */
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { ToWorker } from '../../electron/adapters/processes/worker-protocol.ts';
import type { IndexContract } from '../../electron/adapters/vectors/protocol.ts';
import { cutFile } from '../../electron/core/indexing/cut.ts';
import { runIndexWorker } from '../../electron/workers/index/run.ts';

const asleep = new Int32Array(new SharedArrayBuffer(4));

await runIndexWorker(fileURLToPath(import.meta.url), {
  attemptAfterMs: 0,
  maxMemoryMb: 64,
  cut(bytes, path, maxTokens) {
    while (path.startsWith('stuck')) Atomics.wait(asleep, 0, 0, 1000);
    while (path.startsWith('hard')) {
      // Once V8 has optimised it, there is no place left where it could be interrupted.
    }
    if (path.startsWith('crash')) process.kill(process.pid, 'SIGSEGV');
    if (path.startsWith('defect')) throw new RangeError('Maximum call stack size exceeded');
    const hoard: string[][] = [];
    while (path.startsWith('greedy')) hoard.push(Array.from({ length: 100_000 }, (_, at) => `${at} words`));
    return cutFile(bytes, path, maxTokens);
  },
});

if (isMainThread) {
  // The system closes this when the process ends, however it ends.
  const witness = process.env.PILOTLIGHT_TEST_WITNESS;
  const isWitnessed =
    witness === undefined
      ? Promise.resolve()
      : new Promise<void>((resolve) => connect(witness).unref().once('connect', resolve));
  process.on('message', (message: ToWorker<IndexContract>) => {
    if (message.kind !== 'call' || message.method !== 'embed') return;
    if (!message.params.params.texts.includes('block')) return;
    void isWitnessed.then(() => {
      process.send?.({ kind: 'progress', id: message.id, progress: { kind: 'seen', seen: 0 } }, () => {
        for (;;) {
          // For ever.
        }
      });
    });
  });
}
