import { expect, it } from 'vitest';
import { packEvent, unpackEvent } from '../../../../electron/core/gateway/packed.ts';
import { fact } from '../../../../shared/models/message.ts';
import { aFinishedRequest } from '../../../fakes/gateway.ts';

it('gives back every field of a finished request, and its steps', () => {
  const event = {
    kind: 'finished' as const,
    requests: [
      aFinishedRequest(),
      aFinishedRequest({
        id: 2,
        why: fact('ROUTE_SPLIT'),
        message: fact('GATEWAY_NODE_CUT_OFF', { node: 'gpu "1"\n' }),
        outcome: 'failed',
        hasPrompt: true,
        steps: [
          { afterMs: 0.5, kind: 'queued', nodeId: null, code: null },
          { afterMs: 9, kind: 'tried', nodeId: 'node_1', code: 'HOST_UNREACHABLE' },
        ],
      }),
    ],
    dropped: 3,
    turnedAway: [['NO_SUCH_PATH', 2]] as const,
  };
  expect(unpackEvent(packEvent(event))).toEqual(event);
});

it('leaves other events as they are', () => {
  const event = { kind: 'withdrawn', askIds: [1] } as const;
  expect(packEvent(event)).toBe(event);
});
