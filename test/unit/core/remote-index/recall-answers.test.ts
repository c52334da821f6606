import { describe, expect, it } from 'vitest';
import {
  readJob,
  readJobIds,
  readNow,
  readSaid,
  readStarted,
} from '../../../../electron/core/remote-index/recall-answers.ts';

describe('what a Recall server answers', () => {
  it('a running job, with fields that are missing or odd', () => {
    expect(readNow({ status: 'running', job_id: 'a' })).toEqual({
      ...{ kind: 'running', jobId: 'a' },
      progress: { processed: 0, total: 0, percent: 0, etaMs: null, currentFile: '' },
    });
    expect(
      readNow({ status: 'running', job_id: 7, processed: 9, total: 4, percent: 250, eta_seconds: 'soon' }),
    ).toMatchObject({ jobId: '7', progress: { processed: 4, total: 4, percent: 100, etaMs: null } });
    expect(readNow({ status: 'running', job_id: 'a', processed: 1, total: 4 })).toMatchObject({
      progress: { percent: 25 },
    });
  });

  it('idle, with a last job that has ended, has not, or is odd', () => {
    expect(readNow({ status: 'idle', last_job: null })).toEqual({ kind: 'idle', lastJob: null });
    expect(readNow({ status: 'idle', last_job: { job_id: 'a', status: 'completed', indexed: 3 } })).toEqual({
      ...{ kind: 'idle', lastJob: { jobId: 'a', status: 'completed', indexed: 3, error: '' } },
    });
    expect(readNow({ status: 'idle', last_job: { job_id: 'a', status: 'sleeping' } })).toEqual({
      ...{ kind: 'idle', lastJob: null },
    });
    expect(readNow({ status: 'idle', last_job: 'none' })).toEqual({ kind: 'idle', lastJob: null });
  });

  it.each([null, '', [], { status: 'ok' }, { status: 'running' }, { status: 'running', job_id: '' }])(
    '%j is no progress',
    (value) => expect(readNow(value)).toBeNull(),
  );

  it('a job of its own only', () => {
    expect(readJob({ job_id: 'a', status: 'pending', progress: null }, 'a')).toEqual({
      ...{ kind: 'unfinished', progress: null },
    });
    expect(readJob({ job_id: 'b', status: 'completed' }, 'a')).toBeNull();
    expect(readJob({ job_id: 'a', status: 'sleeping' }, 'a')).toBeNull();
    expect(readJob({ job_id: 'a', status: 'failed', error: 'x\ny' }, 'a')).toEqual({
      ...{ kind: 'ended', jobId: 'a', status: 'failed', indexed: null, error: 'x y' },
    });
  });

  it('a list in which one odd entry costs itself', () => {
    expect(readJobIds({ jobs: [{ job_id: 'b' }, 'odd', { job_id: null }, { job_id: 'a' }] })).toEqual([
      'b',
      'a',
    ]);
    expect(readJobIds({ jobs: 'none' })).toBeNull();
  });

  it('what it said', () => {
    expect(readStarted({ job_id: 'a', status: 'started' })).toBe('a');
    expect(readStarted({ status: 'started' })).toBeNull();
    expect(readSaid({ detail: 'no vault' })).toBe('no vault');
    expect(readSaid({ error: 'boom', detail: [{ msg: 'x' }] })).toBe('boom');
    expect(readSaid('plain')).toBe('');
    expect(readSaid({ error: `a\u202e${'b'.repeat(2000)}` })).toHaveLength(300);
  });
});
