import { expect, test } from 'vitest';
import { createOutbox } from '../../../../electron/core/notifications/outbox.ts';
import type { Notice, NoticeBatch } from '../../../../electron/core/ports/notices.ts';
import { plainText } from '../../../../shared/models/message.ts';
import type { QuietHours } from '../../../../shared/models/notifications.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const notice = (text: string): Notice => ({
  ...{ at: 0, kind: 'machines', severity: 'warning', why: null, node: null },
  message: plainText(text),
});
const textsOf = ({ notices }: NoticeBatch) => notices.map(({ message }) => message.params);

function start({
  quiet = null,
  now = Date.UTC(2026, 10, 21, 9),
}: {
  quiet?: QuietHours | null;
  now?: number;
} = {}) {
  const clock = createFakeClock(now);
  const sent: NoticeBatch[] = [];
  const givenUp: unknown[] = [];
  const world = { quiet, failures: 0 };
  const outbox = createOutbox({
    clock,
    timeZone: 'UTC',
    quietHours: () => world.quiet,
    async send(batch) {
      if (world.failures > 0) {
        world.failures -= 1;
        throw new Error('no network');
      }
      sent.push(batch);
    },
    onGivenUp: (error) => givenUp.push(error),
  });
  return { clock, sent, givenUp, world, outbox };
}

test('what happens together is one message', async () => {
  const { clock, sent, outbox } = start();
  outbox.add(notice('one'));
  outbox.add(notice('two'));
  expect(sent).toEqual([]);
  await clock.advance(2000);
  expect(sent.map(textsOf)).toEqual([[plainText('one').params, plainText('two').params]]);
  outbox.add(notice('three'));
  await clock.advance(2000);
  expect(sent).toHaveLength(2);
});

test('of very many, the newest are named and the others counted', async () => {
  const { clock, sent, outbox } = start();
  for (let index = 0; index < 50; index += 1) outbox.add(notice(`n${index}`));
  await clock.advance(2000);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.notices).toHaveLength(20);
  expect(sent[0]?.more).toBe(30);
  expect(sent[0]?.notices.at(-1)?.message.params).toEqual(plainText('n49').params);
});

test('a failure is tried again with what came meanwhile, and given up after the fourth', async () => {
  const { clock, sent, givenUp, world, outbox } = start();
  world.failures = 1;
  outbox.add(notice('one'));
  await clock.advance(2000);
  outbox.add(notice('two'));
  await clock.advance(15_000);
  expect(sent.map(({ notices }) => notices.length)).toEqual([2]);

  world.failures = 4;
  outbox.add(notice('three'));
  for (const wait of [2000, 15_000, 60_000, 300_000]) await clock.advance(wait);
  expect(givenUp).toHaveLength(1);
  expect(sent).toHaveLength(1);
  // The next message has its own tries.
  world.failures = 1;
  outbox.add(notice('four'));
  for (const wait of [2000, 15_000]) await clock.advance(wait);
  expect(sent).toHaveLength(2);
});

test('quiet hours hold it until they end, across midnight', async () => {
  const quiet = { from: 22 * 60, to: 7 * 60 };
  const { clock, sent, outbox } = start({ quiet, now: Date.UTC(2026, 10, 21, 23, 30) });
  outbox.add(notice('one'));
  await clock.advance(3_600_000);
  outbox.add(notice('two'));
  await clock.advance(6 * 3_600_000);
  expect(sent).toEqual([]);
  await clock.advance(30 * 60_000 + 1000);
  expect(sent.map(({ notices }) => notices.length)).toEqual([2]);
});

test('quiet hours that are taken back let it go at once', async () => {
  const { clock, sent, world, outbox } = start({ quiet: { from: 0, to: 1439 } });
  outbox.add(notice('one'));
  await clock.advance(60_000);
  expect(sent).toEqual([]);
  world.quiet = null;
  outbox.reschedule();
  await clock.advance(2000);
  expect(sent).toHaveLength(1);
});

test('what is cleared is not sent, not even by a message that fails meanwhile', async () => {
  const { clock, sent, outbox } = start();
  outbox.add(notice('one'));
  outbox.clear();
  await clock.advance(60_000);
  expect(sent).toEqual([]);
  outbox.add(notice('two'));
  await clock.advance(2000);
  expect(sent).toHaveLength(1);
});
