import { expect, it } from 'vitest';
import { createSlotLearner, queuedAt } from '../../../../electron/core/acquire/slot-learning.ts';

const answered = { atOnce: 1, queuedMs: 0, durationMs: 1000, busy: false };

it('has no limit until the server lets requests wait', () => {
  const learner = createSlotLearner();
  learner.observe('one', { ...answered, atOnce: 4 });
  learner.observe('one', { ...answered, atOnce: 8, queuedMs: null });
  learner.observe('one', { ...answered, atOnce: 8, queuedMs: 150 });
  expect(learner.of('one')).toBeNull();
  learner.observe('one', { ...answered, atOnce: 5, queuedMs: 400 });
  expect(learner.of('one')).toEqual({ slots: 4, why: 'queued' });
  expect(learner.of('other')).toBeNull();
});

it('learns less from each wait, and more from what was done at once', () => {
  const learner = createSlotLearner();
  learner.observe('one', { ...answered, atOnce: 9, queuedMs: 900 });
  expect(learner.of('one')?.slots).toBe(8);
  learner.observe('one', { ...answered, atOnce: 5, queuedMs: 900 });
  expect(learner.of('one')?.slots).toBe(4);
  learner.observe('one', { ...answered, atOnce: 6, queuedMs: 0 });
  expect(learner.of('one')?.slots).toBe(6);
});

it('learns from a refusal, and never less than one', () => {
  const learner = createSlotLearner();
  learner.observe('one', { ...answered, atOnce: 3, queuedMs: null, busy: true });
  expect(learner.of('one')).toEqual({ slots: 2, why: 'busy' });
  learner.observe('one', { ...answered, atOnce: 1, queuedMs: null, busy: true });
  expect(learner.of('one')?.slots).toBe(1);
});

it('blames no request of ours for a wait that it had alone, and forgets at a restart', () => {
  const learner = createSlotLearner();
  learner.observe('one', { ...answered, atOnce: 1, queuedMs: 900 });
  expect(learner.of('one')).toBeNull();
  learner.observe('one', { ...answered, atOnce: 2, queuedMs: 900 });
  learner.forget('one');
  expect(learner.of('one')).toBeNull();
});

it('reads the wait from the parts of an answer', () => {
  const times = { totalMs: 1000, loadMs: 100, promptMs: 200, outputMs: 300 };
  expect(queuedAt(times, false)).toBe(400);
  expect(queuedAt(times, true)).toBe(500);
  expect(queuedAt({ ...times, outputMs: null }, false)).toBeNull();
  expect(queuedAt({ ...times, outputMs: null }, true)).toBe(100);
  expect(queuedAt({ ...times, totalMs: null }, true)).toBeNull();
  expect(queuedAt({ ...times, totalMs: 500 }, false)).toBe(0);
});
