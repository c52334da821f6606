import { expect, it } from 'vitest';
import type { Acquired, AcquireRequest } from '../../../../electron/core/acquire/model.ts';
import { createAsks } from '../../../../electron/core/gateway/asks.ts';
import type { AskAnswer, GatewayAsk } from '../../../../electron/core/gateway/protocol.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';

const ask = (own: Partial<GatewayAsk> = {}): GatewayAsk => ({
  id: 1,
  kind: 'wake',
  model: 'm',
  nodeIds: ['gpu'],
  credentialId: 'key',
  program: 'curl',
  unreachable: false,
  ...own,
});

function world() {
  const clock = createFakeClock();
  const log: string[] = [];
  const requests: AcquireRequest[] = [];
  const answers: [number, AskAnswer][] = [];
  const pending: PromiseWithResolvers<Acquired>[] = [];
  const asks = createAsks({
    clock,
    log: silentLog,
    acquire: {
      acquire(request) {
        requests.push(request);
        const waiting = Promise.withResolvers<Acquired>();
        pending.push(waiting);
        request.signal.addEventListener('abort', () => waiting.reject(request.signal.reason));
        return waiting.promise;
      },
    },
    async probe(nodeId) {
      log.push(`probed ${nodeId}`);
    },
    nodeIds: () => ['nas', 'gpu', 'other'],
    nameOf: (id) => (id === 'key' ? 'Kitchen' : null),
    async pushed() {
      log.push('pushed');
    },
    async answer(askId, answer) {
      log.push(`answered ${answer.outcome}`);
      answers.push([askId, answer]);
    },
  });
  const ready = (nodeId = 'gpu') =>
    ({
      nodeId,
      async [Symbol.asyncDispose]() {
        log.push('released');
      },
    }) as unknown as Acquired;
  return { clock, log, requests, answers, pending, asks, ready };
}

it('wakes one of the machines for the program, and keeps it until its requests have been sent', async () => {
  const { clock, log, requests, answers, pending, asks, ready } = world();
  asks.receive(ask());
  expect(requests[0]).toMatchObject({
    model: { name: 'm', digest: null },
    purpose: { code: 'GATEWAY_WAKE_FOR', params: { program: 'Kitchen', model: 'm' } },
    by: 'request',
    wake: true,
    except: new Set(['nas', 'other']),
  });
  pending[0]?.resolve(ready());
  await clock.flush();
  expect(log).toEqual(['pushed', 'answered ready', 'released']);
  expect(answers).toEqual([[1, { outcome: 'ready', nodeId: 'gpu' }]]);
});

it('checks a machine first that the gateway could not reach', async () => {
  const { clock, log, requests, asks } = world();
  asks.receive(ask({ unreachable: true }));
  await clock.flush();
  expect(log).toEqual(['probed gpu']);
  expect(requests).toHaveLength(1);
});

it('names the program as it names itself without a key', () => {
  const { requests, asks } = world();
  asks.receive(ask({ credentialId: null }));
  asks.receive(ask({ id: 2, credentialId: null, program: null }));
  expect(requests.map(({ purpose }) => purpose.params)).toEqual([
    { program: 'curl', model: 'm' },
    { program: null, model: 'm' },
  ]);
});

it('asks once, however often it is told, and not any more when the ask is withdrawn', async () => {
  const { clock, requests, answers, asks } = world();
  asks.receive(ask());
  asks.receive(ask());
  expect(requests).toHaveLength(1);
  asks.withdraw([1]);
  expect(requests[0]?.signal.aborted).toBe(true);
  await clock.flush();
  expect(answers).toEqual([]);
  asks.receive(ask());
  expect(requests).toHaveLength(2);
  asks.clear();
  expect(requests[1]?.signal.aborted).toBe(true);
});

it('says why a machine could not be woken, also when it is not tried again at once', async () => {
  const { clock, answers, pending, asks } = world();
  const message = fact('POLICY_WAKES_NEVER');
  asks.receive(ask());
  pending[0]?.reject(new PilotlightError('WAKE_NOT_ALLOWED', { message, details: { nodeId: 'gpu' } }));
  await clock.flush();
  asks.receive(ask({ id: 2 }));
  pending[1]?.reject(new PilotlightError('NODE_ASLEEP', { details: { nodeId: 'gpu' } }));
  await clock.flush();
  const refused = { outcome: 'failed', code: 'WAKE_NOT_ALLOWED', message };
  expect(answers).toEqual([
    [1, refused],
    [2, refused],
  ]);
  await clock.advance(300_000);
  asks.receive(ask({ id: 3 }));
  pending[2]?.reject(new PilotlightError('NODE_ASLEEP', { details: { nodeId: 'gpu' } }));
  await clock.flush();
  expect(answers[2]?.[1]).toMatchObject({ outcome: 'failed', code: 'NODE_ASLEEP' });
});

it('answers a defect as one', async () => {
  const { clock, answers, pending, asks } = world();
  asks.receive(ask());
  pending[0]?.reject(new TypeError('x'));
  await clock.flush();
  expect(answers).toEqual([[1, { outcome: 'failed', code: 'INTERNAL', message: null }]]);
});
