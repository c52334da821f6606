/** An existing script's whole life against a real core: start, watch, callback, list, cancel, metrics. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../../contract/links.ts';
import { findPromtool } from '../../fakes/promtool.ts';

let test: TestHost;
const token = 'token-of-the-scripts';
const tool = findPromtool();

beforeAll(async () => {
  test = await startTestHost({ simulate: true });
  const { settings, indexing, fleet } = test.host.core.services;
  await fleet.waitFor('lab-2', (node) => node.loaded.length > 0, AbortSignal.timeout(50_000));
  settings.update({ api: { indexToken: token } });
  const path = join(test.folder, 'notes');
  mkdirSync(path);
  for (let index = 0; index < 20; index += 1) {
    writeFileSync(join(path, `note-${index}.md`), `# Note ${index}\n\nThe lamp number ${index} is lit.\n`);
  }
  const embedder = { kind: 'builtin' as const };
  await indexing.addSource({ path, name: 'Notes', embedder, wake: false, whenGpuGone: 'use-cpu' });
});
afterAll(() => test.stop());

async function ask(method: 'GET' | 'POST', path: string, body?: object) {
  const reply = await fetch(`${test.host.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

/** A server that a callback goes to; resolves with its body. */
async function receiveCallback() {
  let received: (body: unknown) => void = () => {};
  const body = new Promise<unknown>((resolve) => {
    received = resolve;
  });
  const server = createServer(async (request, reply) => {
    received(JSON.parse(await text(request)));
    reply.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/done`, body, close: () => server.close() };
}

describe('a script', () => {
  it('starts a job, is called back, and reads what became of it', async () => {
    const callback = await receiveCallback();
    const started = await ask('POST', '/index/start', { vault: 'Notes', callback_url: callback.url });
    expect(started).toEqual({ status: 200, body: { job_id: expect.any(String), status: 'started' } });
    const jobId = String(started.body.job_id);
    expect(await callback.body).toEqual({
      job_id: jobId,
      status: 'completed',
      stats: { indexed: 20, duration_ms: expect.any(Number), vault: 'Notes', full: false },
    });
    callback.close();
    expect((await ask('GET', `/index/status/${jobId}`)).body).toMatchObject({
      job_id: jobId,
      status: 'completed',
      indexed: 20,
      error: null,
      progress: null,
    });
    expect((await ask('GET', '/index/progress')).body).toMatchObject({
      status: 'idle',
      last_job: { job_id: jobId, status: 'completed', indexed: 20 },
    });
    expect((await ask('GET', '/index/jobs?limit=1')).body).toMatchObject({
      jobs: [{ job_id: jobId, vault: 'Notes', status: 'completed', full: false, indexed: 20 }],
    });
    expect((await ask('POST', `/index/cancel/${jobId}`)).body).toEqual({
      status: 'already_finished',
      job_status: 'completed',
    });
  });

  it('is told what it asked wrongly', async () => {
    expect(await ask('POST', '/index/start', { vault: 'Nowhere' })).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', error: expect.stringContaining('Nowhere') },
    });
  });

  it.skipIf(tool === null)('scrapes metrics that promtool has nothing to say about', async () => {
    const reply = await fetch(`${test.host.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    const metrics = await reply.text();
    expect(metrics).toContain('pilotlight_nodes{state="off"} ');
    expect(metrics).toContain('pilotlight_model_gpu_ratio{');
    const output = execFileSync(tool ?? 'promtool', ['check', 'metrics'], { input: metrics, stdio: 'pipe' });
    expect(output.toString()).toBe('');
  });
});
