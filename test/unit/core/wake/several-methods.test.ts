import { describe, expect, it } from 'vitest';
import type { AgentLink } from '../../../../electron/core/ports/agents.ts';
import type { HttpReply, HttpRequest } from '../../../../electron/core/ports/network.ts';
import type { Exec } from '../../../../electron/core/ports/processes.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import type { WakeWay } from '../../../../shared/models/power.ts';
import { textOrEmpty } from '../../../../shared/text/index.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { noStreams } from '../../../fakes/http.ts';
import { asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';
const mac = '00:00:5E:00:53:01';
const never = new AbortController().signal;
const lan = { name: 'eth0', address: '192.168.1.7', netmask: '255.255.255.0', internal: false };
const relayWay: WakeWay = { kind: 'relay', url: 'http://192.168.1.2:9753' };
const direct: WakeWay = { kind: 'direct' };
const commandWay: WakeWay = { kind: 'command', command: ['/opt/plug', 'on', '3'] };

async function setup({
  ways,
  relay = () => ({ status: 200, text: JSON.stringify({ success: true }) }),
  exec = () => Promise.resolve({ code: 0, output: '' }),
  agentLink,
  macOf = mac,
}: {
  ways: WakeWay[];
  relay?: (request: HttpRequest) => Partial<HttpReply> | Promise<Partial<HttpReply>>;
  exec?: Exec['run'];
  agentLink?: (nodeId: string) => AgentLink | null;
  macOf?: string | null;
}) {
  const requests: HttpRequest[] = [];
  const commands: (readonly string[])[] = [];
  const world = createFakeFleetWorld({
    interfaces: [lan],
    http: {
      ...noStreams,
      async request(request) {
        requests.push(request);
        return { status: 200, headers: {}, text: '', ...(await relay(request)) };
      },
    },
    exec: {
      run(command, options) {
        commands.push(command);
        return exec(command, options);
      },
    },
    ...(agentLink ? { agentLink } : {}),
  });
  const node = world.server(url);
  node.answer = asleep();
  const { id } = world.fleet.add({ url, name: 'tower', mac: macOf, wakeWays: ways, relayToken: 'sesame' });
  await world.fleet.start();
  await world.clock.advance(100);
  return { ...world, node, id, requests, commands, last: () => world.entries.at(-1) };
}

describe('the ways of a node, in its order', () => {
  it('asks an existing relay with its token, again and again, and tells what woke it', async () => {
    const world = await setup({ ways: [relayWay] });
    expect(world.fleet.get(world.id)?.canWake).toBe(true);
    await world.power.wake(world.id);
    expect(world.power.progress(world.id)).toMatchObject({
      packetsSent: 1,
      ways: [{ way: fact('WAKE_BY_RELAY', { host: '192.168.1.2:9753' }), failed: null }],
    });
    expect(world.requests[0]).toMatchObject({
      method: 'POST',
      url: 'http://192.168.1.2:9753/wake',
      body: { mac },
      headers: { authorization: 'Bearer sesame' },
    });
    await world.clock.advance(7000);
    expect(world.requests).toHaveLength(3);
    world.node.answer = 'serves';
    await world.clock.advance(300);
    expect(world.last()).toMatchObject({
      severity: 'success',
      notify: true,
      message: { code: 'NODE_WOKE', params: { node: 'tower' } },
      why: fact('WAKE_TRIED', {
        methods: [{ method: fact('WAKE_BY_RELAY', { host: '192.168.1.2:9753' }), failed: null }],
      }),
    });
    expect(world.udp.sent).toEqual([]);
    const asked = world.requests.length;
    await world.clock.advance(20_000);
    expect(world.requests).toHaveLength(asked);
    await world.stop();
  });

  it('the next when one fails, at once', async () => {
    const world = await setup({
      ways: [relayWay, commandWay, direct],
      relay: () => ({ status: 200, text: JSON.stringify({ success: false, message: 'Network is down.' }) }),
      exec: () => Promise.resolve({ code: 3, output: 'plug 3\nno such plug\n' }),
    });
    await world.power.wake(world.id);
    expect(world.power.progress(world.id)?.ways).toEqual([
      {
        way: fact('WAKE_BY_RELAY', { host: '192.168.1.2:9753' }),
        failed: fact('RELAY_DID_NOT_WAKE', {
          relay: '192.168.1.2:9753',
          failure: fact('RELAY_DID_NOT_SEND', { said: 'Network is down.' }),
        }),
      },
      {
        way: fact('WAKE_BY_COMMAND', { program: 'plug' }),
        failed: fact('COMMAND_ENDED_WITH', { program: 'plug', code: 3, said: 'no such plug' }),
      },
      { way: fact('WAKE_BY_PACKETS'), failed: null },
    ]);
    expect(world.commands).toEqual([['/opt/plug', 'on', '3']]);
    expect(world.udp.sent).toHaveLength(6);
    world.node.answer = 'serves';
    await world.clock.advance(300);
    expect(textOrEmpty(world.last()?.why ?? null)).toContain('no such plug');
    await world.stop();
  });

  it('the next in addition when one worked and the machine stays silent', async () => {
    const world = await setup({ ways: [direct, commandWay] });
    await world.power.wake(world.id);
    await world.clock.advance(19_000);
    expect(world.commands).toEqual([]);
    await world.clock.advance(2000);
    expect(world.commands).toHaveLength(1);
    expect(world.power.progress(world.id)?.ways).toEqual([
      { way: fact('WAKE_BY_PACKETS'), failed: fact('NOTHING_ANSWERED', { ms: 20_000 }) },
      { way: fact('WAKE_BY_COMMAND', { program: 'plug' }), failed: null },
    ]);
    const sent = world.udp.sent.length;
    await world.clock.advance(6500);
    // Packets go on beside the other way; the command is run once.
    expect(world.udp.sent.length).toBeGreaterThan(sent);
    expect(world.commands).toHaveLength(1);
    world.node.answer = 'serves';
    await world.clock.advance(300);
    expect(textOrEmpty(world.last()?.why ?? null)).toBe(
      'Tried: magic packets from this computer (nothing answered for 20 s), then the command plug.',
    );
    await world.stop();
  });

  it('no other way where something answers already', async () => {
    const world = await setup({ ways: [direct, commandWay] });
    await world.power.wake(world.id);
    world.node.answer = {
      fails: new PilotlightError('HOST_UNREACHABLE', { details: { reason: 'refused' } }),
    };
    await world.clock.advance(30_000);
    expect(world.fleet.get(world.id)?.state).toBe('booting');
    expect(world.commands).toEqual([]);
    await world.stop();
  });

  it('ends at once when no way works, and tells of each', async () => {
    const world = await setup({
      ways: [relayWay, direct],
      relay: () => Promise.reject(new PilotlightError('HOST_TIMEOUT')),
    });
    world.udp.refused.set('*', 'ENETUNREACH');
    await expect(world.power.wake(world.id)).rejects.toMatchObject({
      code: 'WAKE_FAILED',
      said: { code: 'NO_METHOD_WORKED' },
    });
    expect(world.fleet.get(world.id)).toMatchObject({ state: 'off', lastWakeError: { code: 'WAKE_FAILED' } });
    expect(world.last()).toMatchObject({
      message: fact('NODE_DID_NOT_WAKE', { node: 'tower' }),
      notify: true,
    });
    expect(textOrEmpty(world.last()?.why ?? null)).toContain(
      'the relay 192.168.1.2:9753 did not answer in time',
    );
    expect(textOrEmpty(world.last()?.why ?? null)).toContain('no wake packet could be sent');
    await world.stop();
  });

  it.each<[string, WakeWay, string]>([
    ['a relay', relayWay, 'RELAY_FAILED'],
    ['a command', commandWay, 'COMMAND_FAILED'],
  ])('the error of %s that is the only way is its own', async (_, way, code) => {
    const world = await setup({
      ways: [way],
      relay: () => ({ status: 500, text: '' }),
      exec: () => Promise.resolve({ code: 1, output: '' }),
    });
    await expect(world.power.wake(world.id)).rejects.toMatchObject({ code });
    expect(world.fleet.get(world.id)?.lastWakeError?.code).toBe(code);
    await world.stop();
  });

  it('a command wakes what has no MAC', async () => {
    const world = await setup({ ways: [commandWay], macOf: null });
    expect(world.fleet.get(world.id)?.canWake).toBe(true);
    await world.power.wake(world.id);
    expect(world.commands).toHaveLength(1);
    await world.stop();
  });

  it('asks the agent of another node, and says in whose words it failed', async () => {
    const asked: string[] = [];
    let refuses = false;
    const link = {
      wake(wanted: string) {
        asked.push(wanted);
        return refuses
          ? Promise.reject(new PilotlightError('AGENT_ERROR', { message: 'That MAC is not allowed.' }))
          : Promise.resolve();
      },
    } as unknown as AgentLink;
    const world = await setup({
      ways: [{ kind: 'agent', nodeId: 'this-computer' }, direct],
      agentLink: (nodeId) => (nodeId === 'this-computer' ? link : null),
    });
    await world.power.wake(world.id);
    expect(asked).toEqual([mac]);
    expect(world.udp.sent).toEqual([]);
    world.power.cancelWake(world.id);
    await world.clock.advance(10);
    refuses = true;
    await world.power.wake(world.id);
    expect(world.power.progress(world.id)?.ways[0]).toEqual({
      way: fact('WAKE_BY_AGENT', { node: 'This computer' }),
      failed: fact('AGENT_DID_NOT_WAKE_IT', {
        node: 'This computer',
        reason: plainText('That MAC is not allowed.'),
      }),
    });
    expect(world.udp.sent).toHaveLength(6);
    await world.stop();
  });

  it('whether an agent could be asked is seen at once when it comes or goes', async () => {
    const world = await setup({ ways: [direct], agentLink: () => null });
    const nas = world.fleet.add({ url: 'http://192.168.1.2:11434', name: 'NAS' });
    world.fleet.update(world.id, { wakeWays: [{ kind: 'agent', nodeId: nas.id }] });
    expect(world.fleet.get(world.id)?.canWake).toBe(false);
    await expect(world.power.wake(world.id)).rejects.toMatchObject({ code: 'CANNOT_WAKE' });
    world.fleet.update(nas.id, { agentUrl: 'http://192.168.1.2:8765', agentToken: 'sesame' });
    expect(world.fleet.get(world.id)?.canWake).toBe(true);
    world.fleet.remove(nas.id);
    expect(world.fleet.get(world.id)?.canWake).toBe(false);
    await world.stop();
  });

  it('an agent that hangs is not waited for', async () => {
    const link = {
      wake: (_: string, signal: AbortSignal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    } as unknown as AgentLink;
    const world = await setup({
      ways: [{ kind: 'agent', nodeId: 'this-computer' }, direct],
      agentLink: () => link,
    });
    const waking = world.power.wake(world.id);
    await world.clock.advance(8100);
    await waking;
    expect(textOrEmpty(world.power.progress(world.id)?.ways[0]?.failed ?? null)).toContain('did not wake it');
    expect(world.udp.sent.length).toBeGreaterThan(0);
    await world.stop();
  });

  it('a relay that takes long does not hide that the machine came up through it', async () => {
    const world = await setup({ ways: [relayWay], relay: () => new Promise(() => {}) });
    const waking = world.power.wake(world.id);
    const woken: unknown[] = [];
    world.power.onWoken((...values) => void woken.push(values));
    await world.clock.advance(3000);
    world.node.answer = 'serves';
    await world.clock.advance(300);
    expect((await waking).state).toBe('serving');
    expect(world.fleet.get(world.id)?.boot.count).toBe(1);
    expect(woken).toEqual([[world.id, { wasSilent: true }]]);
    await world.stop();
  });
});

describe('the policy of a node', () => {
  const local = (hour: number, minute = 0) => {
    const at = new Date(Date.UTC(2026, 10, 21, 9));
    const offset = at.getHours() * 60 + at.getMinutes();
    return (offset + hour * 60 + minute + 1440) % 1440;
  };

  it('keeps jobs from waking it, but not people', async () => {
    const world = await setup({ ways: [direct] });
    world.setPolicy(world.id, { wakeFor: 'people' });
    await expect(world.power.ensureAwake(world.id, { signal: never, by: 'job' })).rejects.toMatchObject({
      code: 'WAKE_NOT_ALLOWED',
      message: 'Its policy allows only people to wake it, not jobs.',
    });
    expect(world.udp.sent).toEqual([]);
    expect(world.fleet.get(world.id)).toMatchObject({ state: 'off', lastWakeError: null });
    await world.power.wake(world.id);
    // Later callers share the wake under way.
    const job = world.power.ensureAwake(world.id, { signal: never, by: 'job' });
    world.node.answer = 'serves';
    await world.clock.advance(300);
    expect((await job).state).toBe('serving');
    await world.stop();
  });

  it('quiet hours are for jobs alone, by the local time', async () => {
    const world = await setup({ ways: [direct] });
    world.setPolicy(world.id, { quietHours: { from: local(-1), to: local(1) } });
    await expect(world.power.ensureAwake(world.id, { signal: never, by: 'job' })).rejects.toMatchObject({
      code: 'WAKE_NOT_ALLOWED',
    });
    await world.clock.advance(3_600_000);
    const stop = new AbortController();
    const waiting = world.power.ensureAwake(world.id, { signal: stop.signal, by: 'job' }).catch(() => 'left');
    await world.clock.advance(10);
    expect(world.fleet.get(world.id)?.state).toBe('waking');
    stop.abort();
    expect(await waiting).toBe('left');
    await world.stop();
  });

  it('never means that not even a person wakes it', async () => {
    const world = await setup({ ways: [direct] });
    world.setPolicy(world.id, { wakeFor: 'never' });
    await expect(world.power.wake(world.id)).rejects.toMatchObject({ code: 'WAKE_NOT_ALLOWED' });
    await expect(world.power.ensureAwake(world.id, { signal: never, by: 'person' })).rejects.toMatchObject({
      code: 'WAKE_NOT_ALLOWED',
    });
    world.node.answer = 'serves';
    await world.fleet.probe(world.id);
    expect((await world.power.ensureAwake(world.id, { signal: never, by: 'job' })).state).toBe('serving');
    await world.stop();
  });
});

describe('this computer sleeps in the middle of a wake', () => {
  it('its time does not count, nothing is sent, and it is judged by what it sees afterwards', async () => {
    const world = await setup({ ways: [direct] });
    world.settings.update({ power: { wakeTimeoutMs: 60_000 } });
    await world.power.wake(world.id);
    await world.clock.advance(10_000);
    world.power.pause();
    await world.fleet.pause();
    const sent = world.udp.sent.length;
    await world.clock.advance(3_600_000);
    expect(world.udp.sent).toHaveLength(sent);
    expect(world.fleet.get(world.id)).toMatchObject({ state: 'waking', lastWakeError: null });
    world.fleet.resume();
    world.power.resume();
    world.node.answer = 'serves';
    await world.clock.advance(1000);
    expect(world.fleet.get(world.id)).toMatchObject({ state: 'serving', boot: { count: 0 } });
    expect(world.last()?.message.code).toBe('NODE_WOKE_DURING_SLEEP');
    await world.stop();
  });

  it('a wake that is asked for meanwhile begins when this computer is awake', async () => {
    const world = await setup({ ways: [direct] });
    world.power.pause();
    const waiting = world.power.ensureAwake(world.id, { signal: never, by: 'job' });
    await world.clock.advance(3_600_000);
    expect(world.udp.sent).toEqual([]);
    world.power.resume();
    await world.clock.advance(10);
    expect(world.udp.sent).toHaveLength(6);
    world.node.answer = 'serves';
    await world.clock.advance(500);
    expect((await waiting).state).toBe('serving');
    await world.stop();
  });

  it('one that did not come up is given up after the time that was left', async () => {
    const world = await setup({ ways: [direct] });
    world.settings.update({ power: { wakeTimeoutMs: 60_000 } });
    await world.power.wake(world.id);
    await world.clock.advance(55_000);
    world.power.pause();
    await world.fleet.pause();
    await world.clock.advance(600_000);
    world.fleet.resume();
    world.power.resume();
    const resumedAt = world.clock.now();
    expect(world.power.progress(world.id)?.deadlineAt).toBe(resumedAt + 30_000);
    await world.clock.advance(29_000);
    expect(world.fleet.get(world.id)?.state).toBe('waking');
    await world.clock.advance(1500);
    expect(world.fleet.get(world.id)).toMatchObject({
      state: 'off',
      lastWakeError: { code: 'WAKE_TIMEOUT' },
    });
    await world.stop();
  });
});
