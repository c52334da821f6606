import { expect, it } from 'vitest';
import {
  abilitiesMissing,
  agentProtocol,
  agreeOnProtocol,
  formatProtocol,
  parseProtocol,
} from '../../../../shared/contract/agent/protocol.ts';

const range = (oldest: number, newest: number) => ({ oldest, newest });

it.each([
  [range(1, 2), range(1, 1), { version: 1 }],
  [range(1, 2), range(1, 5), { version: 2 }],
  [range(2, 4), range(3, 3), { version: 3 }],
  [range(2, 4), range(1, 1), { tooOld: 'agent' }],
  [range(1, 2), range(3, 4), { tooOld: 'core' }],
])('a core of %o and an agent of %o agree on %o', (core, agent, agreed) => {
  expect(agreeOnProtocol(core, agent)).toEqual(agreed);
});

it('is written and read', () => {
  expect(parseProtocol(formatProtocol(agentProtocol))).toEqual(agentProtocol);
  for (const text of ['', '2', '0-1', '2-1', '1-2-3', '1.5-2', '-1-2', 'a-b', `1-${'9'.repeat(20)}`])
    expect(parseProtocol(text), text).toBeNull();
});

it('says what an older agent lacks', () => {
  expect(abilitiesMissing(1)).toEqual(['update']);
  expect(abilitiesMissing(agentProtocol.newest)).toEqual([]);
});
