/** Core's link to an agent: against the real agent, and against everything that is none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import type { AgentLink, AgentMachine, AgentSample } from '../../../electron/core/ports/agents.ts';
import { startTestAgent } from '../../fakes/agent-host.ts';
import {
  refusedUrl,
  startEndlessServer,
  startFailingServer,
  startHalfJsonServer,
  startHtmlServer,
  startHttpServer,
  startSilentServer,
  startSshServer,
} from '../../fakes/bad-server.ts';

const http = createNodeHttp();
afterAll(() => http.close());

const signal = AbortSignal.timeout(50_000);
const connect = (url: string, token: string | null, silenceMs?: number) =>
  createAgentLink({ http, url, token, ...(silenceMs === undefined ? {} : { silenceMs }) });
const deaf = { machine: () => {}, sample: () => {} };

describe('the real agent', () => {
  let agent: Awaited<ReturnType<typeof startTestAgent>>;
  let link: AgentLink;
  beforeAll(async () => {
    agent = await startTestAgent({ config: { role: ['relay', 'power', 'telemetry'] } });
    link = connect(agent.url, agent.token);
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  it('says who it is without a token', async () => {
    expect(await connect(agent.url, null).health(signal)).toMatchObject({
      version: '1.2.3',
      roles: ['relay', 'power', 'telemetry'],
    });
    await expect(connect(agent.url, null).policy(signal)).rejects.toMatchObject({ code: 'AGENT_REFUSED' });
  });

  it('gives its token for a code or a line, once', async () => {
    const unpaired = connect(agent.url, null);
    const { code } = await agent.openPairing();
    expect(await unpaired.pair(code, 'Pilotlight', signal)).toEqual({ token: agent.token });
    await expect(unpaired.pair(code, 'Pilotlight', signal)).rejects.toMatchObject({ code: 'PAIRING_CLOSED' });
    const { lines } = await agent.openPairing();
    const secret = new URL(lines[0] ?? '').hash.slice(1);
    expect(await unpaired.pair(secret, 'Pilotlight', signal)).toEqual({ token: agent.token });
  });

  it('tells its machine, once and then each second', async () => {
    const { machine, sample } = await link.machine(signal);
    expect(machine).toMatchObject({ bootId: 'boot-1', ollama: { gpuFound: true } });
    expect(machine.interfaces[0]).toMatchObject({ mac: '02:00:00:00:00:01', wakeArmed: true });
    expect(sample.gpus[0]).toMatchObject({ name: 'RTX 4090', processes: [{ pid: 7 }] });
    expect(sample.host).toEqual({ cpuPercent: 12, memoryTotalBytes: 32e9, memoryUsedBytes: 8e9 });

    const machines: AgentMachine[] = [];
    const samples: AgentSample[] = [];
    const stop = new AbortController();
    await expect(
      link.watch(
        {
          machine: (one) => machines.push(one),
          sample(one) {
            samples.push(one);
            if (samples.length === 2) stop.abort(new Error('enough'));
          },
        },
        stop.signal,
      ),
    ).rejects.toThrow('enough');
    expect(machines).toHaveLength(1);
    expect(samples[1]?.gpus[0]?.powerWatts).toBe(180);
  });

  it('holds leases until they are ended, and ends one that is gone already', async () => {
    await link.putLease({ id: 'panel-1:a', holder: 'Ann', purpose: 'a game', ttlSeconds: 60 }, signal);
    expect(await link.leases(signal)).toMatchObject([{ id: 'panel-1:a', holder: 'Ann', ttlSeconds: 60 }]);
    await expect(
      link.putLease({ id: 'panel-1:a', holder: 'Ben', purpose: 'x', ttlSeconds: 60 }, signal),
    ).rejects.toMatchObject({ code: 'AGENT_ERROR', details: { code: 'LEASE_OF_ANOTHER' } });
    const off = { action: 'shutdown', countdownSeconds: 30, force: false, by: 'Ann' } as const;
    await expect(link.powerOff(off, signal)).rejects.toMatchObject({
      code: 'IN_USE',
      details: { reasons: ['Ann needs it: a game.'], reasonCodes: ['LEASE'] },
    });
    await link.endLease('panel-1:a', signal);
    await link.endLease('panel-1:a', signal);
    agent.host.programs = [{ who: 'apt', why: 'Packages are installed' }];
    await expect(link.powerOff(off, signal)).rejects.toMatchObject({
      code: 'IN_USE',
      details: { reasons: ['apt blocks it: Packages are installed.'], reasonCodes: ['INHIBITED'] },
    });
    agent.host.programs = [];
    expect(await link.leases(signal)).toEqual([]);
  });

  it('hears that a lease does not keep the machine from sleeping', async () => {
    agent.host.inhibitorProblem = 'Access denied';
    expect((await link.power(signal)).sleepTrouble).toBeNull();
    await link.putLease({ id: 'a', holder: 'Ann', purpose: 'a game', ttlSeconds: 60 }, signal);
    expect((await link.power(signal)).sleepTrouble).toMatchObject({
      code: 'SLEEP_NOT_BLOCKED',
      message: expect.stringContaining('Access denied'),
    });
    agent.host.inhibitorProblem = null;
    expect((await link.power(signal)).sleepTrouble).toBeNull();
    await link.endLease('a', signal);
  });

  it('hears at once that leases, policies or a power action have changed, whoever changed them', async () => {
    const stop = new AbortController();
    const listening = Promise.withResolvers<void>();
    let news = Promise.withResolvers<void>();
    const watching = link.watch(
      { machine: () => {}, sample: () => listening.resolve(), news: () => news.resolve() },
      stop.signal,
    );
    await listening.promise;
    const other = connect(agent.url, agent.token);
    const change = async (work: () => Promise<unknown>) => {
      news = Promise.withResolvers<void>();
      await work();
      await news.promise;
    };
    await change(() => other.putLease({ id: 'b', holder: 'Ben', purpose: 'x', ttlSeconds: 60 }, signal));
    await change(() => other.endLease('b', signal));
    const off = { action: 'sleep', countdownSeconds: 30, force: false, by: 'Ben' } as const;
    await change(() => other.powerOff(off, signal));
    await change(() => other.cancelPowerOff('Ben', signal));
    stop.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
  });

  it('takes a policy, who woke it, and gives both back', async () => {
    const policy = {
      finishAlone: true,
      onlyIfWoken: true,
      idleMinutes: 15,
      action: 'sleep',
      respectUsers: false,
      countdownSeconds: 60,
    } as const;
    expect(await link.putPolicy('panel-1', policy, signal)).toMatchObject({
      bootId: 'boot-1',
      wokenInThisBoot: false,
    });
    expect(await link.woken('boot-1', 'Pilotlight', signal)).toMatchObject({ wokenInThisBoot: true });
    await expect(link.woken('boot-0', 'Pilotlight', signal)).rejects.toMatchObject({
      code: 'AGENT_ERROR',
      details: { code: 'BOOT_CHANGED' },
    });
    const view = await link.policy(signal);
    expect(view).toMatchObject({ keptOn: false, reasons: [] });
    expect(view.remainingMs).toBeGreaterThan(14 * 60_000);
    await link.removePolicy('panel-1', signal);
    await link.removePolicy('panel-1', signal);
    expect((await link.policy(signal)).remainingMs).toBeNull();
  });

  it('counts down, is cancelled, and does one thing at a time', async () => {
    expect(await link.power(signal)).toMatchObject({ phase: 'idle', current: null });
    await expect(link.cancelPowerOff('Ann', signal)).rejects.toMatchObject({ code: 'NO_COUNTDOWN' });
    const off = { action: 'sleep', countdownSeconds: 30, force: false, by: 'Ann' } as const;
    const power = await link.powerOff(off, signal);
    expect(power).toMatchObject({ phase: 'countdown', current: { action: 'sleep', by: 'Ann' } });
    await expect(link.powerOff(off, signal)).rejects.toMatchObject({ code: 'POWER_ACTION_RUNNING' });
    expect(await link.cancelPowerOff('Ben', signal)).toMatchObject({ phase: 'idle', current: null });
    expect(agent.host.ran).toEqual([]);
  });

  it('wakes another machine, and says why it cannot', async () => {
    await link.wake('02:00:00:00:00:09', signal);
    await expect(link.wake('nonsense', signal)).rejects.toMatchObject({
      code: 'RELAY_FAILED',
      message: 'The relay says: This is not a MAC address.',
    });
    await expect(connect(agent.url, null).wake('02:00:00:00:00:09', signal)).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
    });
  });

  it('does not restart Ollama unless it may', async () => {
    await expect(link.restartOllama(signal)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  it('says that it lacks a role', async () => {
    await using other = await startTestAgent({ config: { role: ['telemetry'] } });
    await expect(connect(other.url, other.token).policy(signal)).rejects.toMatchObject({
      code: 'AGENT_ERROR',
      details: { code: 'NO_SUCH_PATH' },
    });
  });

  it('makes whoever guesses wait, and the stream of one that ends is over', async () => {
    await using other = await startTestAgent({ config: { role: ['telemetry'] } });
    const wrong = connect(other.url, 'not-the-token');
    for (let index = 0; index < 3; index += 1)
      await expect(wrong.machine(signal)).rejects.toMatchObject({ code: 'AGENT_REFUSED' });
    await expect(wrong.watch(deaf, signal)).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
      next: expect.stringMatching(/^Wait \d+ s/),
      details: { code: 'SLOW_DOWN', retryAfterSeconds: expect.any(Number) },
    });
  });

  it('ends its stream when it stops', async () => {
    await using other = await startTestAgent({ config: { role: ['telemetry'] } });
    const heard = Promise.withResolvers<void>();
    const watching = connect(other.url, other.token).watch(
      { machine: () => {}, sample: () => heard.resolve() },
      signal,
    );
    await heard.promise;
    await other.stop();
    await expect(watching).resolves.toBeUndefined();
  });
});

describe('what is no agent', () => {
  const calls: [string, (link: AgentLink) => Promise<unknown>][] = [
    ['health', (link) => link.health(signal)],
    ['pair', (link) => link.pair('123456', 'x', signal)],
    ['machine', (link) => link.machine(signal)],
    ['watch', (link) => link.watch(deaf, signal)],
    ['leases', (link) => link.leases(signal)],
    ['policy', (link) => link.policy(signal)],
    ['power', (link) => link.power(signal)],
    ['wake', (link) => link.wake('02:00:00:00:00:09', signal)],
    ['endLease', (link) => link.endLease('a', signal)],
  ];
  const servers = {
    'a web page': startHtmlServer,
    'half a JSON': startHalfJsonServer,
    'an SSH server': startSshServer,
    'ten gigabytes, announced': () => startEndlessServer({ announced: true }),
    'ten gigabytes, not announced': () => startEndlessServer({ announced: false }),
    'JSON of the wrong types': () =>
      startHttpServer((_, response) => {
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({
            ...{ status: 'ok', agent: 7, token: {}, machine: [], sample: 'x', leases: 3, bootId: null },
            ...{ phase: 7, success: 'yes' },
          }),
        );
      }),
    'an array of null': () => startHttpServer((_, response) => void response.end('[null]')),
  };

  describe.each(Object.entries(servers))('%s', (_name, start) => {
    it.each(calls)('%s', async (_call, call) => {
      await using server = await start();
      const error: unknown = await call(connect(server.url, 'token')).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'NOT_AN_AGENT' });
      expect(server.written()).toBeLessThan(20 * 1024 * 1024);
    });
  });

  it('a server that fails is none of ours', async () => {
    await using server = await startFailingServer();
    await expect(connect(server.url, 't').policy(signal)).rejects.toMatchObject({
      code: 'AGENT_ERROR',
      message: 'The agent says: something broke',
    });
  });

  it('nobody', async () => {
    const link = connect(await refusedUrl(), 't');
    await expect(link.health(signal)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await expect(link.watch(deaf, signal)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('one that takes the connection and says nothing is left when the caller leaves', async () => {
    await using server = await startSilentServer();
    const stop = new AbortController();
    const watching = connect(server.url, 't').watch(deaf, stop.signal);
    await server.connected;
    stop.abort(new Error('no more'));
    await expect(watching).rejects.toThrow('no more');
  });
});

describe('a stream that goes wrong', () => {
  const stream = (write: (send: (text: string) => void, end: () => void) => void) =>
    startHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      write(
        (text) => response.write(text),
        () => response.end(),
      );
    });

  it('falls silent: a suspended machine keeps its connection', async () => {
    await using server = await stream((send) => send(': hello\n\n'));
    await expect(connect(server.url, 't', 100).watch(deaf, signal)).rejects.toMatchObject({
      code: 'HOST_TIMEOUT',
    });
  });

  it.each([
    ['a line without an end', 'data: '.padEnd(300_000, 'x')],
    ['data without an end', 'data: xxxxxxxxxx\n'.repeat(40_000)],
    ['a sample that is no JSON', 'event: sample\ndata: {"at":\n\n'],
    ['a sample of the wrong types', 'event: sample\ndata: {"at":1,"host":{},"gpus":7}\n\n'],
    ['a machine without a boot', 'event: machine\ndata: {"hostname":"x"}\n\n'],
  ])('%s', async (_name, text) => {
    await using server = await stream((send) => send(text));
    await expect(connect(server.url, 't').watch(deaf, signal)).rejects.toMatchObject({
      code: 'NOT_AN_AGENT',
    });
  });

  it('cut into pieces anywhere, with other line ends and unknown events', async () => {
    const sample = JSON.stringify({
      at: 5,
      host: { memoryTotalBytes: 2, memoryUsedBytes: 1, cpuPercent: null },
      gpus: [{ id: 'a', name: 'Grafikkarte für ä', vendor: 'other', vramUsedBytes: -1 }],
    });
    const text = `: comment\r\nevent: later\ndata: 1\n\nevent: sample\r\ndata: ${sample}\r\n\r\n`;
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const bytes = Buffer.from(text);
      const next = (at: number) => {
        if (at >= bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 7), () => setImmediate(next, at + 7));
      };
      next(0);
    });
    const samples: AgentSample[] = [];
    await connect(server.url, 't').watch({ machine: () => {}, sample: (one) => samples.push(one) }, signal);
    expect(samples).toHaveLength(1);
    expect(samples[0]?.gpus[0]).toMatchObject({
      name: 'Grafikkarte für ä',
      vendor: 'unknown',
      vramUsedBytes: null,
      processes: [],
    });
  });
});
