import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isPilotlightError, type PilotlightError, wireErrorSchema } from '../../shared/contract/errors.ts';
import { type MethodName, methodNames, methods } from '../../shared/contract/methods.ts';
import { isServing } from '../../shared/models/fleet.ts';
import { createFakeLocalRunner, type FakeRunner, startFakeRunner } from '../fakes/runner.ts';
import { linkNames, openLink, startTestHost, type TestHost, type TestLink } from './links.ts';
import { type CaseContext, machines, methodCases, runnerWithFaces } from './method-cases.ts';

describe.each(linkNames)('every method over %s', (linkName) => {
  let test: TestHost;
  let link: TestLink;
  let context: CaseContext;
  let runner: FakeRunner;

  beforeAll(async () => {
    runner = await startFakeRunner({ status: runnerWithFaces() });
    test = await startTestHost({
      simulate: true,
      gateway: { port: 0 },
      localRunner: createFakeLocalRunner(runner),
    });
    const { url } = await test.host.openGateway();
    link = await openLink(linkName, test);
    const { fleet } = test.host.core.services;
    const signal = AbortSignal.timeout(15_000);
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
  });

  const fails = async (method: string, params: unknown): Promise<PilotlightError> => {
    try {
      await link.call(method, params);
    } catch (error) {
      if (isPilotlightError(error)) return error;
      throw error;
    }
    throw new Error(`${method} was expected to fail.`);
  };

  it.each(methodNames)('%s', async (name: MethodName) => {
    const { right, wrong, errors } = methodCases[name];
    const definition = methods[name];

    const result = await link.call(name, await right(context));
    expect(definition.result.safeParse(result).error).toBeUndefined();

    const [params, field] = wrong;
    const refused = await fails(name, params);
    expect(refused.code).toBe('BAD_REQUEST');
    const fields = refused.details?.fields as { path: string; message: string }[];
    expect(fields.length).toBeGreaterThan(0);
    if (field !== null) expect(fields.map(({ path }) => path)).toContain(field);

    if (definition.errors.length > 0) expect(errors.length).toBeGreaterThan(0);
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
      const [refused] = await place(false);
      expect(refused).toMatchObject({ outcome: 'refused', code: 'VRAM_TAKEN', evicted: [] });
      expect(refused?.shortage?.holders).toMatchObject([{ name: 'python3' }]);
      expect(await place(true)).toMatchObject([{ outcome: 'moved', to: 'partial' }]);
    } finally {
      await context.call('simulator.setFault', { ...fault, on: false });
    }
  }, 40_000);

  it('an unknown method', async () => {
    expect((await fails('fleet.explode', {})).code).toBe('UNKNOWN_METHOD');
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
