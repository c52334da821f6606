/** 50 SIGKILLs at random points of real index runs; then what the index lost or holds twice. */
import { killAndResume } from '../fakes/kill-resume.ts';
import { atMost, type Benchmark, reported } from './benchmark.ts';

const kills = 50;

export const benchmark: Benchmark = {
  name: 'kill-resume',
  async run({ signal, note }) {
    const result = await killAndResume({
      kills,
      files: 120,
      withinMs: 1500,
      random: Math.random,
      signal,
      note,
    });
    for (const finding of result.findings) note(finding);
    return [
      atMost('kill-resume-lost', result.lost, 'chunks', 0),
      atMost('kill-resume-repeated', result.repeated, 'chunks', 0),
      reported('kill-resume-kills', result.kills, 'kills'),
      reported('kill-resume-resumes', result.resumes, 'resumes'),
    ];
  },
};
