import { afterEach, describe, expect, it } from 'vitest';
import { createDispatcher } from '../../../electron/transport/dispatcher.ts';
import { recallRoutes } from '../../../electron/transport/http/recall.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { IndexJob, SourceView } from '../../../shared/models/indexing.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createTestServer } from '../../fakes/http-server.ts';
import { aJob, aSource } from '../../fakes/records.ts';
import { createRememberingLog, someHandlers } from '../../fakes/transport.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start({ jobs = [], sources = [aSource()] }: { jobs?: IndexJob[]; sources?: SourceView[] } = {}) {
  const started: unknown[] = [];
  const cancelled: string[] = [];
  const clock = createFakeClock(Date.UTC(2026, 10, 21, 9, 0, 30));
  const jobOf = (id: string) => {
    const job = jobs.find((one) => one.id === id);
    if (job === undefined) throw new PilotlightError('NOT_FOUND');
    return job;
  };
  const handlers = someHandlers({
    'index.sources': () => sources,
    'index.jobs': ({ limit }) => jobs.slice(0, limit),
    'index.job': ({ jobId }) => jobOf(jobId),
    'index.cancel': ({ jobId }) => {
      cancelled.push(jobId);
      return jobOf(jobId);
    },
    'index.start': (params) => {
      if (jobs.some((job) => job.status === 'running')) throw new PilotlightError('JOB_RUNNING');
      started.push(params);
      return aJob({ id: 'job_new', status: 'pending' });
    },
  });
  const dispatcher = createDispatcher({ handlers, checkResults: true });
  const routes = recallRoutes({ dispatcher, clock, log: createRememberingLog() });
  const test = createTestServer({ routes: [routes], indexToken: 'scripts-token' });
  cleanups.push(test.close);
  async function ask(
    method: 'GET' | 'POST',
    url: string,
    body?: string,
    headers: Record<string, string> = {},
  ) {
    const reply = await test.app.inject({
      method,
      url,
      headers: { host: test.host, authorization: 'Bearer scripts-token', ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: reply.statusCode, body: reply.json() };
  }
  return { ask, started, cancelled, controlToken: test.controlToken };
}

const defaults = { sourceIds: null, full: false, rebuild: false, useGpu: true, callbackUrl: null };

describe('POST /index/start', () => {
  it.each([
    ['nothing', undefined, defaults],
    ['an empty object', '{}', defaults],
    ['all', '{"vault":"all","callback_url":null}', defaults],
    [
      'a name',
      '{"vault":"Notes","full":true,"rebuild":true,"use_gpu":false,"callback_url":"http://127.0.0.1:9/done"}',
      {
        sourceIds: ['source_1'],
        full: true,
        rebuild: true,
        useGpu: false,
        callbackUrl: 'http://127.0.0.1:9/done',
      },
    ],
    ['an id and unknown keys', '{"vault":"source_1","later":1}', { ...defaults, sourceIds: ['source_1'] }],
  ])('takes %s', async (_name, body, expected) => {
    const { ask, started } = start();
    const reply = await ask('POST', '/index/start', body);
    expect(reply).toEqual({ status: 200, body: { job_id: 'job_new', status: 'started' } });
    expect(started).toEqual([expected]);
  });

  it('reads JSON whatever the script calls it', async () => {
    const { ask, started } = start();
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json']) {
      expect((await ask('POST', '/index/start', '{"full":true}', { 'content-type': type })).status).toBe(200);
    }
    expect(started).toHaveLength(3);
  });

  it.each([
    ['{"vault":"Diary"}', 404, 'NOT_FOUND'],
    ['{"full":"yes"}', 400, 'BAD_REQUEST'],
    ['{"vault":7}', 400, 'BAD_REQUEST'],
    ['{"callback_url":"file:///etc/passwd"}', 400, 'BAD_URL'],
    ['{"callback_url":"http://a/ b"}', 400, 'BAD_URL'],
    ['{', 400, 'BAD_REQUEST'],
  ])('refuses %s', async (body, status, code) => {
    const { ask, started } = start();
    const reply = await ask('POST', '/index/start', body, { 'content-type': 'application/json' });
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject({ code, error: expect.any(String), next: expect.any(String) });
    expect(started).toEqual([]);
  });

  it('says that a job is running', async () => {
    const { ask } = start({ jobs: [aJob()] });
    expect(await ask('POST', '/index/start', '{}')).toMatchObject({
      status: 409,
      body: { code: 'JOB_RUNNING' },
    });
  });
});

describe('GET /index/progress', () => {
  it('tells of a running job', async () => {
    const { ask } = start({ jobs: [aJob()] });
    expect((await ask('GET', '/index/progress')).body).toEqual({
      status: 'running',
      job_id: 'job_1',
      processed: 18,
      total: 40,
      percent: 45,
      eta_seconds: 65,
      eta_human: '1 min 5 s',
      elapsed_seconds: 30,
      current_file: 'a/b.md',
    });
  });

  it('says when it wakes the GPU machine, and does not know the time left', async () => {
    const waking = aJob({
      phase: 'waking',
      etaMs: null,
      currentFile: '',
      files: { total: 0, done: 0, unchanged: 0, removed: 0, failed: 0, skipped: 0 },
    });
    const { ask } = start({ jobs: [waking] });
    expect((await ask('GET', '/index/progress')).body).toMatchObject({
      current_file: 'Waking GPU PC...',
      eta_seconds: null,
      eta_human: null,
      percent: 0,
    });
  });

  it('is idle, with the last job or none', async () => {
    expect((await start().ask('GET', '/index/progress')).body).toEqual({ status: 'idle', last_job: null });
    const ended = aJob({ status: 'cancelled', phase: 'done', endedAt: Date.UTC(2026, 10, 21, 9, 1) });
    expect((await start({ jobs: [ended] }).ask('GET', '/index/progress')).body).toEqual({
      status: 'idle',
      last_job: { job_id: 'job_1', status: 'failed', indexed: 10, completed_at: '2026-11-21T09:01:00.000Z' },
    });
  });
});

describe('jobs', () => {
  it('shows one job, running and ended', async () => {
    const { ask } = start({
      jobs: [
        aJob(),
        aJob({
          id: 'job_0',
          status: 'failed',
          phase: 'done',
          endedAt: Date.UTC(2026, 10, 21, 9, 0, 10),
          error: { code: 'DISK_FULL', message: 'The disk is full.', next: '' },
        }),
      ],
    });
    expect((await ask('GET', '/index/status/job_1')).body).toEqual({
      job_id: 'job_1',
      status: 'running',
      started_at: '2026-11-21T09:00:00.000Z',
      completed_at: null,
      duration_ms: null,
      indexed: 10,
      error: null,
      progress: { processed: 18, total: 40, percent: 45, current_file: 'a/b.md', eta_seconds: 65 },
    });
    expect((await ask('GET', '/index/status/job_0')).body).toMatchObject({
      status: 'failed',
      duration_ms: 10_000,
      error: 'The disk is full.',
      progress: null,
    });
    expect(await ask('GET', '/index/status/nope')).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
  });

  it('cancels what runs, and says so when it has ended', async () => {
    const { ask, cancelled } = start({
      jobs: [aJob(), aJob({ id: 'job_0', status: 'cancelled', endedAt: 1 })],
    });
    expect((await ask('POST', '/index/cancel/job_1')).body).toEqual({
      status: 'cancel_requested',
      job_id: 'job_1',
    });
    expect((await ask('POST', '/index/cancel/job_0')).body).toEqual({
      status: 'already_finished',
      job_status: 'failed',
    });
    expect(cancelled).toEqual(['job_1']);
    expect((await ask('POST', '/index/cancel/nope')).status).toBe(404);
  });

  it('lists them, one name or all', async () => {
    const jobs = [aJob(), aJob({ id: 'job_0', sourceIds: ['source_1', 'source_2'], status: 'completed' })];
    const { ask } = start({ jobs });
    expect((await ask('GET', '/index/jobs')).body).toEqual({
      jobs: [
        {
          job_id: 'job_1',
          status: 'running',
          vault: 'Notes',
          full: false,
          started_at: '2026-11-21T09:00:00.000Z',
          indexed: 10,
        },
        expect.objectContaining({ job_id: 'job_0', status: 'completed', vault: 'all' }),
      ],
    });
    expect((await ask('GET', '/index/jobs?limit=1')).body.jobs).toHaveLength(1);
    expect((await ask('GET', '/index/jobs?limit=x')).status).toBe(400);
  });
});

describe('access', () => {
  it('asks for the index token or a bearer of the panel', async () => {
    const { ask, controlToken, started } = start();
    for (const authorization of ['', 'Bearer wrong', 'scripts-token']) {
      const reply = await ask('POST', '/index/start', '{}', { authorization });
      expect(reply).toEqual({ status: 401, body: { error: 'Unauthorized' } });
    }
    expect(started).toEqual([]);
    const reply = await ask('GET', '/index/jobs', undefined, { authorization: `Bearer ${controlToken}` });
    expect(reply.status).toBe(200);
  });

  it('lets nothing but the index in by the index token', async () => {
    const { ask } = start();
    expect((await ask('POST', '/api/call/fleet.list')).status).toBe(403);
    expect((await ask('POST', '/api/session/token')).status).toBe(403);
  });
});
