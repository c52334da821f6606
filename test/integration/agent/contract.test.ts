import { describe, expect, it } from 'vitest';
import { seal } from '../../../electron/adapters/http/local-calls/seal.ts';
import { plainRefusalSchema, refusalSchema } from '../../../shared/contract/agent/refusals.ts';
import { type AgentEndpoint, agentApi, agentPath, agentStream } from '../../../shared/contract/agent.ts';
import { agentErrors } from '../../../shared/contract/errors/agent.ts';
import { createWorld, type World } from './world.ts';

const config = {
  role: ['relay', 'power', 'telemetry'],
  allowMac: ['02:00:00:00:00:09'],
  broadcast: ['127.255.255.255'],
  restartOllama: true,
};
const lease = { holder: 'panel', purpose: 'index of photos', ttlSeconds: 600 };

/** Asks in an order in which each is answered with what it promises. */
async function answers(world: World) {
  const ask = async ({ method, path }: AgentEndpoint, body?: unknown, id?: string) => {
    const answer = await world.call(method, agentPath({ path }, id), body);
    expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).toBeLessThan(300);
    return answer.body;
  };
  const health = await ask(agentApi.health);
  const openPairing = await ask(agentApi.openPairing, {});
  const pair = await ask(agentApi.pair, { code: openPairing.code, panel: 'test' });
  const putLease = await ask(agentApi.putLease, lease, 'job-1');
  const localChallenge = await ask(agentApi.localChallenge, { nonce: 'a-nonce-of-twenty-letters' });
  const { challenge } = localChallenge as { challenge: string };
  const call = { method: 'GET', path: '/health' };
  const sealed = seal(call, { token: world.token, challenge, purpose: 'call' });
  return {
    health,
    localChallenge,
    localCall: await ask(agentApi.localCall, { challenge, sealed }),
    openPairing,
    pair,
    putLease,
    telemetry: await ask(agentApi.telemetry),
    leases: await ask(agentApi.leases),
    lease: await ask(agentApi.lease, undefined, 'job-1'),
    putTraffic: await ask(
      agentApi.putTraffic,
      { holder: 'panel', models: ['llama3.1:8b'], ttlSeconds: 60 },
      'panel-1',
    ),
    traffic: await ask(agentApi.traffic),
    policy: await ask(agentApi.policy),
    putPolicy: await ask(agentApi.putPolicy, { finishAlone: true }, 'panel-1'),
    woken: await ask(agentApi.woken, { bootId: 'boot-1' }),
    removePolicy: await ask(agentApi.removePolicy, undefined, 'panel-1'),
    endLease: await ask(agentApi.endLease, undefined, 'job-1'),
    power: await ask(agentApi.power),
    powerOff: await ask(agentApi.powerOff, { action: 'sleep', countdownSeconds: 60 }),
    cancelPowerOff: await ask(agentApi.cancelPowerOff),
    restartOllama: await ask(agentApi.restartOllama, {}),
    wake: await ask(agentApi.wake, { mac: '02-00-00-00-00-09' }),
    wakeKnown: await ask(agentApi.wakeKnown),
    status: await ask(agentApi.status),
    shutdown: await ask(agentApi.shutdown),
    update: await ask(agentApi.update),
  };
}

describe('the agent that runs', () => {
  it('answers each endpoint of the contract with what it promises', async () => {
    await using world = await createWorld({ config });
    const all = await answers(world);
    // A countdown's key lies in a file: power.test.ts has it. update.test.ts has what needs a release.
    const { cancelHere: _, offerUpdate, putUpdatePart, startUpdate, dropUpdate, ...others } = agentApi;
    expect([offerUpdate, putUpdatePart, startUpdate, dropUpdate].map(({ answer }) => answer)).toEqual(
      Array(4).fill(agentApi.update.answer),
    );
    expect(Object.keys(all).sort()).toEqual(Object.keys(others).sort());
    for (const [name, body] of Object.entries(all)) {
      const { answer } = agentApi[name as keyof typeof agentApi] as AgentEndpoint;
      expect(answer.safeParse(body).error, name).toBeUndefined();
    }
  });

  it('serves what the contract names, and nothing else', async () => {
    await using world = await createWorld({ config });
    const { body } = await world.call('GET', '/v1/nothing');
    const named = [...Object.values(agentApi), agentStream].map(({ method, path }) => `${method} ${path}`);
    expect([...(body.endpoints as string[])].sort()).toEqual(named.sort());
  });

  it('refuses in the shapes of the contract, with its codes', async () => {
    await using world = await createWorld({ config });
    for (const { method, path } of Object.values(agentApi)) {
      const { status, body } = await world.call(method, agentPath({ path }, 'a%'), undefined, null);
      if (path === agentApi.health.path) continue;
      expect(status).toBeGreaterThanOrEqual(400);
      const own = refusalSchema.safeParse(body).data?.error.code ?? plainRefusalSchema.parse(body).code;
      expect(Object.keys(agentErrors), `${method} ${path}`).toContain(own);
    }
  });
});
