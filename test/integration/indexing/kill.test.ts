import { expect, it } from 'vitest';
import { killAndResume } from '../../fakes/kill-resume.ts';

it('loses and repeats nothing when the core is killed in the middle of an index', async () => {
  const moments = [0.05, 0.4, 0.7, 0.95];
  let next = 0;
  const result = await killAndResume({
    kills: 4,
    files: 80,
    withinMs: 1000,
    random: () => moments[next++ % moments.length] ?? 0.5,
    signal: AbortSignal.timeout(110_000),
  });
  expect(result).toMatchObject({ kills: 4, lost: 0, repeated: 0, findings: [] });
  expect(result.resumes).toBeGreaterThan(0);
}, 120_000);
