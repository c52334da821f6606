/** A core with a worker that has a child, for a test that kills it. Argument: the kind of process. */
import { fileURLToPath } from 'node:url';
import { parentHosts } from './parent-hosts.ts';

const kind = process.argv[2] as keyof typeof parentHosts;
const worker = parentHosts[kind](fileURLToPath(new URL('./parent-worker.ts', import.meta.url))).start();
worker.onMessage((received) => {
  const { event } = received as { event?: { message?: { event?: unknown } } };
  if (event?.message?.event !== undefined) process.send?.({ worker: worker.pid, child: event.message.event });
});
worker.send({ kind: 'configure', config: { name: 'small-worker' } });
worker.send({ kind: 'call', id: 1, method: 'start', params: null });
const configure = { kind: 'configure', config: { greeting: 'Hello' } };
worker.send({ kind: 'call', id: 2, method: 'send', params: { child: 0, message: configure } });
