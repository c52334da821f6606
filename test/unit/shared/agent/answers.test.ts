import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySample, readSample } from '../../../../electron/adapters/agents/sample.ts';
import { foreignHealthSchema, wakeSchema } from '../../../../shared/contract/agent/answers.ts';
import { helloProofText, helloSchema } from '../../../../shared/contract/agent/hello.ts';
import { plainRefusalSchema, refusalSchema } from '../../../../shared/contract/agent/refusals.ts';
import { type AgentSampleMessage, machineSchema } from '../../../../shared/contract/agent/telemetry.ts';
import { agentApi } from '../../../../shared/contract/agent.ts';
import { powerActions } from '../../../../shared/models/power-actions.ts';
import { oneLine } from '../../../../shared/printable.ts';
import { UNPRINTABLE } from '../../../fakes/unprintable.ts';

const policyView = {
  bootId: 'boot-1',
  wokenInThisBoot: true,
  keptOn: false,
  reasons: [{ code: 'LEASE', message: 'Ann needs it: a game.', holder: 'Ann' }],
  idleSeconds: 0,
  decision: { do: 'stay', why: 'in-use' },
};

describe('an answer of an older agent', () => {
  it('has what it leaves out filled in', () => {
    expect(agentApi.health.answer.parse({ status: 'ok', agent: 'pilotlight' })).toEqual({
      id: null,
      version: null,
      roles: [],
      protocol: null,
      status: 'ok',
      agent: 'pilotlight',
    });
    expect(agentApi.power.answer.parse({ phase: 'idle' })).toEqual({
      phase: 'idle',
      current: null,
      actions: [...powerActions],
      mayRestartOllama: false,
      sleepTrouble: null,
      last: null,
    });
    const interfaces = [{ name: 'eth0', mac: 'x', address: 'y', netmask: 'z' }];
    const machine = { hostname: 'tower', bootId: 'boot-1', interfaces, ollama: { answers: true } };
    expect(agentApi.telemetry.answer.parse({ machine, sample: 'anything' }).machine).toEqual({
      ...machine,
      interfaces: [{ ...interfaces[0], broadcast: null, wakeArmed: null }],
      ollama: { answers: true, version: null, startedAt: null, gpuFound: null, restarts: null },
    });
    expect(agentApi.policy.answer.parse({ ...policyView, reasons: [{ message: 'A game.' }] })).toMatchObject({
      reasons: [{ message: 'A game.' }],
    });
    expect(agentApi.wake.answer.parse({ success: true })).toEqual({ success: true, message: '' });
  });
});

describe('null in an answer', () => {
  it('means missing', () => {
    expect(
      agentApi.health.answer.parse({
        status: 'ok',
        agent: 'pilotlight',
        id: null,
        version: null,
        roles: null,
      }),
    ).toMatchObject({ id: null, version: null, roles: [] });
    expect(
      agentApi.power.answer.parse({ phase: 'idle', current: null, actions: null, mayRestartOllama: null }),
    ).toMatchObject({ actions: [...powerActions], mayRestartOllama: false });
    expect(
      agentApi.policy.answer.parse({
        ...policyView,
        reasons: [{ code: null, message: 'A game.' }],
        decision: { do: 'wait', remainingMs: null },
        problems: null,
      }),
    ).toMatchObject({ reasons: [{ message: 'A game.' }], decision: { do: 'wait' } });
    expect(
      agentApi.wake.answer.parse({ success: true, message: null, mac: null, sent: null, failed: null }),
    ).toEqual({ success: true, message: '' });
    expect(plainRefusalSchema.parse({ error: 'No', code: null, message: null, success: null })).toEqual({
      error: 'No',
    });
    expect(refusalSchema.parse({ error: { code: 'X', message: 'No.', next: null, details: null } })).toEqual({
      error: { code: 'X', message: 'No.' },
    });
    const machine = {
      hostname: null,
      bootId: 'b',
      interfaces: null,
      ollama: { answers: true, version: null },
    };
    expect(agentApi.telemetry.answer.parse({ machine, sample: {} }).machine).toMatchObject({
      hostname: '',
      interfaces: [],
    });
  });
});

describe('an odd entry', () => {
  it('never fails a list of an agent', () => {
    const odd = [null, 7, {}, [], 'melt'];
    expect(
      agentApi.health.answer.parse({ status: 'ok', agent: 'pilotlight', roles: ['power', null, 7, {}] })
        .roles,
    ).toEqual(['power']);
    expect(agentApi.power.answer.parse({ phase: 'idle', actions: ['sleep', ...odd] }).actions).toEqual([
      'sleep',
    ]);
    const right = { name: 'eth0', mac: 'x', address: 'y', netmask: 'z', broadcast: null, wakeArmed: null };
    const machine = { hostname: 'a', bootId: 'b', interfaces: [...odd, right], ollama: { answers: true } };
    expect(agentApi.telemetry.answer.parse({ machine, sample: {} }).machine.interfaces).toEqual([right]);
  });

  it('among the reasons for being on stays one', () => {
    const reasons = [{ code: 'LEASE', message: 7 }, null];
    const view = agentApi.policy.answer.parse({ ...policyView, reasons });
    expect(view.reasons).toHaveLength(2);
    expect(view.reasons.every(({ message }) => message !== '')).toBe(true);
  });

  it('among the GPUs is left out, and the list counts as incomplete', () => {
    const gpu = { id: 'GPU-0', vendor: 'nvidia', name: 'Card' };
    const base = { at: 1, host: { cpuPercent: null, memoryTotalBytes: null, memoryUsedBytes: null } };
    const into = emptySample();
    expect(readSample({ ...base, gpus: [null, gpu, { id: 5 }, 7], gpusRead: 'all' }, into)).toBe(true);
    expect(into).toMatchObject({
      gpus: [{ id: 'GPU-0' }],
      gpusRead: 'failed',
      host: { memoryTotalBytes: 0, memoryUsedBytes: 0 },
    });
    expect(readSample({ ...base, gpus: Array.from({ length: 200 }, () => gpu) }, into)).toBe(true);
    expect([into.gpus.length, into.gpusRead]).toEqual([64, 'failed']);
    expect(readSample({ ...base, gpus: [gpu], gpusRead: null, problems: null }, into)).toBe(true);
    expect([into.gpus.length, into.gpusRead]).toEqual([1, 'all']);
  });
});

describe('an answer of a newer agent', () => {
  it('may hold more, and other values where nothing is decided by them', () => {
    const power = {
      phase: 'idle',
      current: null,
      dimmed: 3,
      last: { action: 'melt' },
      sleepTrouble: 'new shape',
    };
    expect(agentApi.power.answer.parse(power)).toMatchObject({
      phase: 'idle',
      last: null,
      sleepTrouble: null,
    });
    expect(agentApi.power.answer.parse(power)).not.toHaveProperty('dimmed');
    const view = { ...policyView, effective: 'strict', policies: 7, woken: [], decision: { do: 'ponder' } };
    expect(agentApi.policy.answer.parse(view)).toEqual({
      ...policyView,
      reasons: [{ code: 'LEASE', message: 'Ann needs it: a game.' }],
      decision: { do: 'ponder' },
    });
    // Something goes on there: it is never taken for idle.
    expect(agentApi.power.answer.parse({ phase: 'melting' }).phase).toBe('acting');
    expect(agentApi.leases.answer.parse({ leases: [], inhibitor: 'other' })).toEqual({ leases: [] });
    expect(refusalSchema.parse({ error: { code: 'BRAND_NEW', message: 'No.' } }).error.code).toBe(
      'BRAND_NEW',
    );
  });

  it('is refused where something is decided by what it lacks', () => {
    for (const [answer, value] of [
      [agentApi.health.answer, { status: 'ok', service: 'gpu-shutdown' }],
      [agentApi.power.answer, { current: null }],
      [agentApi.policy.answer, { ...policyView, bootId: '' }],
      [agentApi.policy.answer, { ...policyView, keptOn: undefined }],
      [agentApi.pair.answer, { token: 'with a space' }],
      [agentApi.endLease.answer, { ended: false }],
      [agentApi.leases.answer, { leases: [{ id: 'one' }] }],
    ] as const)
      expect(answer.safeParse(value).success, JSON.stringify(value)).toBe(false);
  });
});

describe('whatever answers instead', () => {
  it('is read without an exception, and never into more than is bounded', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const { answer } of Object.values(agentApi)) answer.safeParse(value);
        refusalSchema.safeParse(value);
        plainRefusalSchema.safeParse(value);
        helloSchema.safeParse(value);
      }),
    );
    const long = 'x'.repeat(100_000);
    expect(refusalSchema.parse({ error: { code: 'A', message: long } }).error.message).toHaveLength(500);
    expect(agentApi.health.answer.safeParse({ status: 'ok', agent: 'pilotlight', id: long }).success).toBe(
      false,
    );
  });
});

describe('a hello', () => {
  const hello = { agent: 'a1', bootId: 'boot-1', nonce: '12345678', proof: 'ff' };

  it('has four text fields, and a nonce long enough not to be guessed', () => {
    expect(helloSchema.parse({ ...hello, more: true })).toEqual(hello);
    for (const name of Object.keys(hello)) {
      expect(helloSchema.safeParse({ ...hello, [name]: '' }).success).toBe(false);
      expect(helloSchema.safeParse({ ...hello, [name]: undefined }).success).toBe(false);
      expect(helloSchema.safeParse({ ...hello, [name]: 'x'.repeat(201) }).success).toBe(false);
    }
    expect(helloSchema.safeParse({ ...hello, nonce: '1234567' }).success).toBe(false);
  });

  it('is signed by all but its proof', () => {
    expect(helloProofText(hello)).toBe('a1:boot-1:12345678');
  });
});

const aGpu = {
  id: 'gpu',
  vendor: 'nvidia' as const,
  name: 'GPU',
  vramTotalBytes: null,
  vramUsedBytes: null,
  utilisationPercent: null,
  temperatureCelsius: null,
  powerWatts: null,
};

describe('a sample', () => {
  const reading = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: null });
  const line = fc.string().map(oneLine);
  const samples: fc.Arbitrary<AgentSampleMessage> = fc.record({
    at: fc.nat(),
    host: fc.record({ cpuPercent: reading, memoryTotalBytes: fc.nat(), memoryUsedBytes: fc.nat() }),
    gpus: fc.array(
      fc.record({
        id: fc.string(),
        vendor: fc.constantFrom('nvidia', 'amd', 'intel', 'apple', 'unknown'),
        name: line,
        vramTotalBytes: reading,
        vramUsedBytes: reading,
        utilisationPercent: reading,
        temperatureCelsius: reading,
        powerWatts: reading,
        processes: fc.array(fc.record({ pid: fc.nat(), name: line, vramUsedBytes: reading })),
      }),
      { maxLength: 4 },
    ),
    gpusRead: fc.constantFrom('all', 'not-yet', 'failed'),
    problems: fc.array(line, { maxLength: 4 }),
  });

  it.each(UNPRINTABLE)('has no %s in its names and sentences', (_, character) => {
    const name = `a${character}b`;
    const sent: AgentSampleMessage = {
      ...emptySample(),
      gpus: [{ ...aGpu, name, processes: [{ pid: 1, name, vramUsedBytes: null }] }],
      problems: [name],
    };
    const into = emptySample();
    for (let time = 0; time < 2; time += 1) {
      expect(readSample(sent, into)).toBe(true);
      expect(JSON.stringify(into)).not.toContain(JSON.stringify(character).slice(1, -1));
      expect([into.gpus[0]?.name, into.gpus[0]?.processes[0]?.name, into.problems[0]]).toEqual(
        [name, name, name].map(oneLine),
      );
    }
  });

  it('of the contract is read by hand as it was sent, into the objects of the one before', () => {
    const into = emptySample();
    fc.assert(
      fc.property(samples, (sample) => {
        const sent = JSON.parse(JSON.stringify(sample));
        expect(readSample(sent, into)).toBe(true);
        expect(into).toEqual(sent);
      }),
    );
  });
});

describe('what an agent reports', () => {
  it.each(UNPRINTABLE)('has no %s in its names and sentences', (_, character) => {
    const text = `a${character}b`;
    const machine = machineSchema.parse({
      hostname: text,
      bootId: 'b1',
      interfaces: [],
      ollama: { answers: true, version: text },
    });
    expect([machine.hostname, machine.ollama.version]).toEqual([oneLine(text), oneLine(text)]);
    const health = foreignHealthSchema.parse({ service: text, version: text, roles: [text] });
    expect(health).toMatchObject({ service: oneLine(text), version: oneLine(text), roles: [oneLine(text)] });
    expect(wakeSchema.parse({ success: false, message: text }).message).toBe(oneLine(text));
  });
});
