/** QEMU's own protocol: commands with answers, and events of the guest, as JSON lines over a socket. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export interface QmpEvent {
  event: string;
  data?: Record<string, unknown>;
}

export interface Qmp {
  /** Rejects with QEMU's words. */
  execute(command: string, args?: object): Promise<unknown>;
  /** A command of the human monitor: the network of the guest has no other. */
  monitor(line: string): Promise<void>;
}

interface Reply extends Partial<QmpEvent> {
  QMP?: object;
  return?: unknown;
  error?: { desc: string };
  id?: number;
}

/** Connects to a socket that is there already. `onEvent` is called in the order of the events. */
export async function connectQmp(path: string, onEvent: (event: QmpEvent) => void): Promise<Qmp> {
  const socket = connect(path);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const greeted = Promise.withResolvers<void>();
  let ids = 0;

  socket.once('error', greeted.reject);
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('The guest has ended.'));
  });
  const lines = createInterface({ input: socket });
  // It repeats what the socket reports.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const message = JSON.parse(line) as Reply;
    if (message.QMP) greeted.resolve();
    else if (message.event !== undefined) onEvent({ event: message.event, data: message.data ?? {} });
    else if (message.id !== undefined) {
      const answer = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) answer?.reject(new Error(message.error.desc));
      else answer?.resolve(message.return);
    }
  });
  await greeted.promise;

  function execute(command: string, args: object = {}): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    ids += 1;
    waiting.set(ids, answer);
    socket.write(`${JSON.stringify({ execute: command, arguments: args, id: ids })}\n`);
    return answer.promise;
  }

  await execute('qmp_capabilities');
  return {
    execute,
    async monitor(line) {
      await execute('human-monitor-command', { 'command-line': line });
    },
  };
}
