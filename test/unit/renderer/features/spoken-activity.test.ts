import { beforeAll, expect, test } from 'vitest';
import { isSpoken, spokenText } from '../../../../renderer/features/shell/spoken-activity.ts';
import { loadTexts } from '../../../../renderer/texts.ts';
import type { ActivityEntry } from '../../../../shared/models/activity.ts';
import { fact } from '../../../../shared/models/message.ts';

beforeAll(async () => {
  expect(await loadTexts()).toBe(true);
});

const entry = (id: number, patch: Partial<ActivityEntry> = {}): ActivityEntry => ({
  ...{ id, at: id, kind: 'power', severity: 'success', why: null, nodeId: null, notify: true },
  message: fact('NODE_WOKE', { node: `lab-${id}`, tookMs: 4000 }),
  ...patch,
});

test('what notifies is said, and what people wait for; a lost GPU has its own message', () => {
  expect(isSpoken(entry(1))).toBe(true);
  expect(isSpoken(entry(1, { notify: false }))).toBe(false);
  const pulled = fact('MODEL_PULLED', { model: 'm', node: 'nas', bytes: 1 });
  expect(isSpoken(entry(1, { notify: false, message: pulled }))).toBe(true);
  expect(isSpoken(entry(1, { message: { code: 'NODE_LOST_GPU', params: {} } as never }))).toBe(false);
});

test('things that happened at once are said in their order, and only a few of them', () => {
  expect(spokenText([])).toBe('');
  expect(spokenText([entry(2), entry(1)])).toMatch(/^lab-1 .*lab-2 /);
  expect(spokenText([5, 4, 3, 2, 1].map((id) => entry(id)))).toMatch(/lab-3 .*\. 2 more in Activity\.$/);
  expect(spokenText([5, 4, 3, 2, 1].map((id) => entry(id)))).not.toMatch(/lab-4/);
});
