import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Host, startHost } from '../../electron/host/start-host.ts';
import { isPilotlightError, type PilotlightError, wireErrorSchema } from '../../shared/contract/errors.ts';
import { type MethodName, methodNames, methods } from '../../shared/contract/methods.ts';
import { isServing } from '../../shared/models/fleet.ts';
import { everyRight } from '../../shared/rights.ts';
import { createFakeLocalRunner, type FakeRunner, startFakeRunner } from '../fakes/runner.ts';
import { createRememberingLog } from '../fakes/transport.ts';
import { prepareAgentRelease } from '../fakes/updates/agent-release.ts';
import type { ReleaseServer } from '../fakes/updates/release-server.ts';
import { linkNames, openLink, startTestHost, type TestHost, type TestLink } from './links.ts';
import { type CaseContext, machines, methodCases, runnerWithFaces } from './method-cases.ts';
import { prepareUpdates } from './update-cases.ts';

describe.each(linkNames)('every method over %s', (linkName) => {
  let test: TestHost;
  let link: TestLink;
  let context: CaseContext;
  let runner: FakeRunner;
  let releases: ReleaseServer;

  beforeAll(async () => {
    runner = await startFakeRunner({ status: runnerWithFaces() });
    test = await startTestHost({
      simulate: true,
      gateway: { port: 0 },
      localRunner: createFakeLocalRunner(runner),
      async updates(dataFolder) {
        const { host, server } = await prepareUpdates(dataFolder);
        releases = server;
        prepareAgentRelease(dataFolder, server.key);
        return host;
      },
    });
    const { url } = await test.host.openGateway();
    link = await openLink(linkName, test);
    const { fleet } = test.host.core.services;
    const signal = AbortSignal.timeout(50_000);
    for (const id of [machines.small, machines.gpu]) {
      await fleet.waitFor(id, (node) => isServing(node.state), signal);
    }
    await fleet.waitFor(machines.asleep, (node) => node.state === 'off', signal);
    context = {
      core: test.host.core,
      folder: test.folder,
      runner,
      gatewayUrl: url ?? '',
      call: (method, params) => link.call(method, params) as never,
    };
  }, 40_000);
  afterAll(async () => {
    await link.close();
    await test.stop();
    await runner.close();
    await releases.close();
  });

  const fails = async (method: string, params: unknown): Promise<PilotlightError> => {
    try {
      await link.call(method, params);
    } catch (error) {
      if (isPilotlightError(error)) return error;
      throw error;
    }
    throw new Error(`${method} was expected to fail: ${JSON.stringify(params)}`);
  };

  it.each(methodNames)('%s', async (name: MethodName) => {
    const { right, wrong, errors, errorsElsewhere = false } = methodCases[name];
    const definition = methods[name];

    const result = await link.call(name, await right(context));
    expect(definition.result.safeParse(result).error).toBeUndefined();

    const [params, field] = wrong;
    const refused = await fails(name, params);
    expect(refused.code).toBe('BAD_REQUEST');
    const fields = refused.details?.fields as { path: string; message: string }[];
    expect(fields.length).toBeGreaterThan(0);
    if (field !== null) expect(fields.map(({ path }) => path)).toContain(field);

    if (definition.errors.length > 0) expect(errors.length > 0 || errorsElsewhere).toBe(true);
    for (const [code, wrongly] of errors) {
      expect(definition.errors).toContain(code);
      const failure = await fails(name, await wrongly(context));
      expect([name, failure.code]).toEqual([name, code]);
      expect(wireErrorSchema.safeParse(failure.toWire()).success).toBe(true);
      expect(failure.next).not.toBe('');
    }
    expect(test.log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('models.place with another program on the card, and anyway', async () => {
    const fault = { nodeId: machines.gpu, fault: 'vram-taken' };
    const place = (anyway: boolean) =>
      context.call('models.place', { model: 'llama3.1:8b', target: 'gpu', nodeId: machines.gpu, anyway });
    // A case before this one restarted its Ollama.
    const { url } = context.core.services.fleet.require(machines.gpu);
    await vi.waitFor(async () => expect((await fetch(`${url}/api/version`)).ok).toBe(true), 20_000);
    await context.call('simulator.setFault', { ...fault, on: true });
    try {
      // A case before this one may still move the model, and who holds the card is measured once a second.
      const refusal = { outcome: 'refused', code: 'VRAM_TAKEN', evicted: [] };
      await vi.waitFor(
        async () =>
          expect(await place(false)).toMatchObject([
            { ...refusal, shortage: { holders: [{ name: 'python3' }] } },
          ]),
        20_000,
      );
      expect(await place(true)).toMatchObject([{ outcome: 'moved', to: 'partial' }]);
    } finally {
      await context.call('simulator.setFault', { ...fault, on: false });
    }
  }, 40_000);

  it('an unknown method', async () => {
    expect((await fails('fleet.explode', {})).code).toBe('UNKNOWN_METHOD');
  });
});

describe('the methods of tasks while their queue cannot be reached', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-no-queue-'));
  const start = () =>
    startHost({
      dataFolder: folder,
      environment: { OLLAMA_HOST: '127.0.0.1:1' },
      panelRoot: null,
      checkResults: true,
      log: createRememberingLog(),
    });
  let host: Host;
  beforeAll(async () => {
    const before = await start();
    before.core.services.settings.update({ tasks: { engine: 'bullmq' } });
    await before.stop();
    host = await start();
  });
  afterAll(async () => {
    await host.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const params: Partial<Record<MethodName, object>> = {
    'tasks.add': { input: { kind: 'url', url: 'http://127.0.0.1/notes.md' } },
    'tasks.get': { id: 'task_1' },
    'tasks.media': { id: 'task_1' },
    'tasks.cancel': { ids: ['task_1'] },
    'tasks.retry': { ids: ['task_1'] },
    'tasks.remove': { ids: ['task_1'] },
    'tasks.useCpu': { ids: ['task_1'] },
  };
  const reaching = methodNames.filter((name) =>
    (methods[name].errors as readonly string[]).includes('QUEUE_UNREACHABLE'),
  );

  it('there are some', () => expect(reaching.length).toBeGreaterThan(6));

  it.each(reaching)('%s is refused with the code', async (name) => {
    const signal = AbortSignal.timeout(50_000);
    await expect(
      host.dispatcher.call({ method: name, params: params[name] ?? {}, signal, scopes: everyRight }),
    ).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  });

  it('people see a notice, and the rest works', () => {
    expect(host.core.services.status.current().notices).toMatchObject([{ code: 'QUEUE_UNREACHABLE' }]);
    expect(host.core.services.tasks.workers.list()).toEqual([]);
  });
});

describe('what needs a core of its own', () => {
  let test: TestHost;
  let link: TestLink;
  beforeAll(async () => {
    test = await startTestHost();
    link = await openLink('MessagePort', test);
  });
  afterAll(async () => {
    await link.close();
    await test.stop();
  });

  it('there is nothing to index, and no simulator', async () => {
    await expect(link.call('index.start', {})).rejects.toMatchObject({ code: 'NOTHING_TO_INDEX' });
    await expect(link.call('index.search', { text: 'x' })).rejects.toMatchObject({
      code: 'NOTHING_TO_INDEX',
    });
    await expect(link.call('simulator.sleep', { nodeId: 'nas' })).rejects.toMatchObject({
      code: 'SIMULATOR_OFF',
    });
  });

  it('a key that names a prototype changes none', async () => {
    const params = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    await expect(link.call('settings.update', params)).rejects.toMatchObject({ code: 'BAD_SETTING' });
    expect('polluted' in {}).toBe(false);
  });

  it('a core that is stopping refuses work', async () => {
    test.host.dispatcher.refuse();
    await expect(link.call('fleet.list', {})).rejects.toMatchObject({ code: 'STOPPING' });
  });
});
