import { expect, it } from 'vitest';
import { fact } from '../../../shared/models/message.ts';
import { textOf } from '../../../shared/text/index.ts';
import { givesReason, noReason, purposeLabel } from '../../../shared/text/lease-purpose.ts';

// Leases that an earlier version saved, or that another panel put on the agent, carry the old default.
it.each([noReason, 'somebody uses it'])('"%s" gives no reason', (purpose) => {
  expect(givesReason(purpose)).toBe(false);
  expect(purposeLabel(purpose)).toBe('kept awake');
  expect(textOf(fact('LEASE_HELD', { holder: 'Ann', purpose }))).toBe('Kept awake by Ann.');
  expect(textOf(fact('LEASE_GONE', { node: 'tower', purpose }))).toBe('tower is no longer kept awake.');
});

it('a reason is shown as it was written', () => {
  expect(givesReason('a game')).toBe(true);
  expect(purposeLabel('a game')).toBe('a game');
  expect(textOf(fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' }))).toBe('Kept awake by Ann: a game.');
});
