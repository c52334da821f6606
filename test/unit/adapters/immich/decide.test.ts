import { describe, expect, it } from 'vitest';
import { decide, type Situation } from '../../../../electron/adapters/immich/decide.ts';

const gpu = { id: 'gpu', here: false, fallback: false };
const cpu = { id: 'cpu', here: true, fallback: true };
const asleep = { id: 'gpu', now: 'may-wake' } as const;
const resting = { id: 'gpu', now: 'rests' } as const;
const refusing = { id: 'gpu', now: 'refuses' } as const;

const stepOf = (own: Partial<Situation>) =>
  decide({
    kind: 'picture',
    places: [],
    failed: 0,
    sleepers: [],
    isMissing: false,
    cpuMeanwhile: false,
    isLate: false,
    ...own,
  });

describe('a picture', () => {
  it('goes to the machine that is awake', () => {
    expect(stepOf({ places: [gpu, cpu] })).toEqual({ do: 'send', to: 'gpu', wake: null });
  });

  it('waits for one that sleeps, although the CPU here could do it', () => {
    expect(stepOf({ places: [cpu], sleepers: [asleep] })).toEqual({ do: 'hold', wake: 'gpu' });
  });

  it('is done by the CPU meanwhile if that is wanted, and the machine is woken', () => {
    expect(stepOf({ places: [cpu], sleepers: [asleep], cpuMeanwhile: true })).toEqual({
      do: 'send',
      to: 'cpu',
      wake: 'gpu',
    });
  });

  it('is done by the CPU after a wake that failed, and when it has waited long enough', () => {
    expect(stepOf({ places: [cpu], sleepers: [resting] })).toEqual({ do: 'send', to: 'cpu', wake: null });
    expect(stepOf({ places: [cpu], sleepers: [asleep], isLate: true })).toEqual({
      do: 'send',
      to: 'cpu',
      wake: null,
    });
  });

  it('waits for the next machine if the first one did not wake', () => {
    expect(stepOf({ sleepers: [resting, { id: 'other', now: 'may-wake' }] })).toEqual({
      do: 'hold',
      wake: 'other',
    });
  });

  it('goes on waiting after a wake that failed, and is refused only at the end of its time', () => {
    expect(stepOf({ sleepers: [resting] })).toEqual({ do: 'hold', wake: null });
    expect(stepOf({ sleepers: [refusing, { ...resting, id: 'other' }] })).toEqual({ do: 'hold', wake: null });
    expect(stepOf({ sleepers: [resting], isLate: true })).toEqual({
      do: 'refuse',
      why: 'IMMICH_WAKE_FAILED',
    });
  });

  it('is refused with what is missing', () => {
    expect(stepOf({ sleepers: [refusing] })).toEqual({ do: 'refuse', why: 'IMMICH_WAKE_FAILED' });
    expect(stepOf({ sleepers: [asleep], isLate: true })).toEqual({
      do: 'refuse',
      why: 'IMMICH_HELD_TOO_LONG',
    });
    expect(stepOf({})).toEqual({ do: 'refuse', why: 'IMMICH_NO_RUNNER' });
    expect(stepOf({ isMissing: true })).toEqual({ do: 'refuse', why: 'IMMICH_MODEL_NOWHERE' });
  });

  it('is tried on one other runner, then on the CPU here, then refused', () => {
    const second = { id: 'second', here: false, fallback: false };
    expect(stepOf({ failed: 1, places: [second, cpu] })).toMatchObject({ to: 'second' });
    expect(stepOf({ failed: 1, places: [cpu] })).toMatchObject({ to: 'cpu' });
    expect(stepOf({ failed: 2, places: [second, cpu] })).toMatchObject({ to: 'cpu' });
    expect(stepOf({ failed: 2, places: [second] })).toEqual({ do: 'refuse', why: 'IMMICH_RUNNER_FAILED' });
    expect(stepOf({ failed: 1, sleepers: [asleep] })).toEqual({ do: 'refuse', why: 'IMMICH_RUNNER_FAILED' });
  });
});

describe('a text', () => {
  it('is done here, awake or asleep', () => {
    expect(stepOf({ kind: 'text', places: [gpu, cpu], sleepers: [] })).toMatchObject({ to: 'cpu' });
    expect(stepOf({ kind: 'text', places: [cpu], sleepers: [asleep] })).toEqual({
      do: 'send',
      to: 'cpu',
      wake: null,
    });
  });

  it('goes elsewhere if this machine lacks the model: awake at once, else like a picture', () => {
    expect(stepOf({ kind: 'text', places: [gpu] })).toMatchObject({ to: 'gpu' });
    expect(stepOf({ kind: 'text', sleepers: [asleep] })).toEqual({ do: 'hold', wake: 'gpu' });
  });
});
