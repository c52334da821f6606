import { describe, expect, it } from 'vitest';
import { withDeadline } from '../../../../electron/core/runtime/with-deadline.ts';
import { abortable } from '../../../../shared/abortable.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const never = new AbortController().signal;

/** Rejects with an error of its own when it is aborted. */
const stubborn = (limited: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    limited.addEventListener('abort', () => reject(new Error('connection reset')));
  });

describe('work with a deadline', () => {
  it('gives its result, or its own error, and leaves no timer', async () => {
    const clock = createFakeClock();
    expect(await withDeadline(clock, 1000, never, async () => 7)).toBe(7);
    const failed = withDeadline(clock, 1000, never, () => Promise.reject(new Error('broken')));
    await expect(failed).rejects.toThrow('broken');
    expect(clock.pending()).toBe(0);
  });

  it('rejects with the code at the deadline, if the work has no better one', async () => {
    const clock = createFakeClock();
    const outcome = (code?: 'INDEX_BUSY') =>
      withDeadline(clock, 1000, never, stubborn, code).catch((error: unknown) => error);
    const better = withDeadline(clock, 1000, never, (limited) =>
      stubborn(limited).catch(() => {
        throw new PilotlightError('HOST_TIMEOUT', { details: { phase: 'answer' } });
      }),
    ).catch((error: unknown) => error);
    const results = [outcome(), outcome('INDEX_BUSY'), better];
    await clock.advance(1000);
    expect(await Promise.all(results)).toMatchObject([
      { code: 'HOST_TIMEOUT' },
      { code: 'INDEX_BUSY' },
      { code: 'HOST_TIMEOUT', details: { phase: 'answer' } },
    ]);
  });

  it("rejects with the signal's reason, also if that has aborted before", async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const result = withDeadline(clock, 1000, controller.signal, stubborn);
    controller.abort(new Error('enough'));
    await expect(result).rejects.toThrow('enough');
    const late = withDeadline(clock, 1000, controller.signal, (limited) =>
      abortable(new Promise(() => {}), limited),
    );
    await expect(late).rejects.toThrow('enough');
    expect(clock.pending()).toBe(0);
  });
});
