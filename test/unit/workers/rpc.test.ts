import { describe, expect, test } from 'vitest';
import type { FromWorker } from '../../../electron/adapters/processes/worker-protocol.ts';
import { type CallContext, createRpcServer } from '../../../electron/workers/rpc.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';

interface Contract {
  config: number;
  calls: { double: { params: number; result: number }; wait: { params: string; result: unknown } };
  progress: number;
  event: string;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function open(toCodedError?: (error: unknown) => unknown) {
  const sent: FromWorker<Contract>[] = [];
  const waiting = new Map<string, PromiseWithResolvers<unknown> & { context: CallContext<Contract> }>();
  let config = 0;
  const server = createRpcServer<Contract>({
    send: (message) => void sent.push(message),
    configure(given) {
      config = given;
    },
    handlers: {
      double(value) {
        if (value < 0) throw new PilotlightError('BAD_REQUEST');
        return value * config;
      },
      wait(name, context) {
        const settled = { ...Promise.withResolvers<unknown>(), context };
        waiting.set(name, settled);
        context.signal.addEventListener('abort', () => settled.reject(new Error('aborted')));
        return settled.promise;
      },
    },
    ...(toCodedError === undefined ? {} : { toCodedError }),
  });
  return { server, sent, waiting };
}

describe('the calls of a worker', () => {
  test('are answered by their handlers, with the configuration that came first', async () => {
    const { server, sent } = open();
    server.receive({ kind: 'configure', config: 2 });
    server.receive({ kind: 'call', id: 1, method: 'double', params: 21 });
    await turn();
    server.receive({ kind: 'call', id: 2, method: 'double', params: -1 });
    await turn();
    expect(sent).toMatchObject([
      { kind: 'result', id: 1, value: 42 },
      { kind: 'error', id: 2, error: { code: 'BAD_REQUEST' }, said: null, cause: null },
    ]);
  });

  test('report progress, and a defect with its stack', async () => {
    const { server, sent, waiting } = open();
    server.receive({ kind: 'call', id: 1, method: 'wait', params: 'a' });
    waiting.get('a')?.context.report(7);
    waiting.get('a')?.reject(new TypeError('broken'));
    await turn();
    expect(sent[0]).toEqual({ kind: 'progress', id: 1, progress: 7 });
    expect(sent[1]).toMatchObject({ kind: 'error', id: 1, error: { code: 'INTERNAL' } });
    expect(sent[1]).toMatchObject({ cause: expect.stringContaining('TypeError: broken') });
  });

  test('that the worker can name have its code', async () => {
    const { server, sent, waiting } = open((error) => new PilotlightError('DISK_FULL', { cause: error }));
    server.receive({ kind: 'call', id: 1, method: 'wait', params: 'a' });
    waiting.get('a')?.reject(new Error('ENOSPC'));
    await turn();
    expect(sent).toMatchObject([{ id: 1, error: { code: 'DISK_FULL' }, cause: null }]);
  });

  test('are cancelled by their id alone', async () => {
    const { server, sent, waiting } = open();
    server.receive({ kind: 'call', id: 1, method: 'wait', params: 'a' });
    server.receive({ kind: 'call', id: 2, method: 'wait', params: 'b' });
    server.receive({ kind: 'cancel', id: 1 });
    server.receive({ kind: 'cancel', id: 3 });
    await turn();
    expect(sent).toMatchObject([{ id: 1, error: { code: 'CANCELLED' } }]);
    expect(waiting.get('b')?.context.signal.aborted).toBe(false);
  });

  test('can be aborted by what they are about; that waits until they have ended', async () => {
    const { server, sent, waiting } = open();
    for (const [id, name] of [
      [1, 'a'],
      [2, 'b'],
    ] as const)
      server.receive({ kind: 'call', id, method: 'wait', params: name });
    await server.abortCalls(({ params }) => params === 'a');
    expect(sent).toMatchObject([{ id: 1, error: { code: 'CANCELLED' } }]);
    waiting.get('b')?.resolve('done');
    await turn();
    expect(sent[1]).toEqual({ kind: 'result', id: 2, value: 'done' });
    // Both have ended: there is nothing left to abort.
    await server.abortCalls(() => true);
    expect(sent).toHaveLength(2);
  });
});
