/** Calls of every path of an agent that runs all its roles and powers nothing off. */

import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, spawn } from '../fakes/children.ts';
import { createHttpClient, type HttpOutcome, parseJson } from './http.ts';
import { createTally, type Part, times } from './part.ts';
import type { Random } from './random.ts';
import { oddValue, type Pools, type Schema, valueFor } from './values.ts';

const CALLS = 40_000;
const AT_ONCE = 12;
const DEADLINE_MS = 30_000;
const program = fileURLToPath(new URL('../../dist/agent/agent.mjs', import.meta.url));

const text: Schema = { type: 'string', maxLength: 200 };
const flag: Schema = { type: 'boolean' };
const whole = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });
const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
});
const id = { pool: 'id' };

interface Target {
  method: string;
  path: string | { before: string; pool: string };
  body?: Schema;
  /** Of all calls, in parts. */
  weight: number;
}

const targets: readonly Target[] = [
  { method: 'GET', path: '/health', weight: 2 },
  { method: 'GET', path: '/status', weight: 1 },
  { method: 'GET', path: '/v1/power', weight: 2 },
  {
    method: 'POST',
    path: '/v1/power',
    body: object(
      {
        action: { enum: ['shutdown', 'restart', 'sleep', 'hibernate'] },
        countdownSeconds: whole(0, 3600),
        force: flag,
        by: text,
      },
      ['action'],
    ),
    weight: 1,
  },
  { method: 'POST', path: '/v1/power/cancel', body: object({ by: text }), weight: 3 },
  { method: 'POST', path: '/v1/ollama/restart', body: object({ by: text }), weight: 1 },
  { method: 'GET', path: '/v1/leases', weight: 2 },
  {
    method: 'PUT',
    path: { before: '/v1/leases/', ...id },
    body: object({ holder: text, purpose: text, ttlSeconds: whole(1, 86_400) }, [
      'holder',
      'purpose',
      'ttlSeconds',
    ]),
    weight: 8,
  },
  { method: 'GET', path: { before: '/v1/leases/', ...id }, weight: 2 },
  { method: 'DELETE', path: { before: '/v1/leases/', ...id }, weight: 5 },
  { method: 'GET', path: '/v1/policy', weight: 1 },
  {
    method: 'PUT',
    path: { before: '/v1/policies/', ...id },
    body: object(
      {
        finishAlone: flag,
        onlyIfWoken: flag,
        idleMinutes: whole(1, 1440),
        action: { enum: ['shutdown', 'sleep', 'hibernate'] },
        respectUsers: flag,
        countdownSeconds: whole(5, 3600),
        helloUrl: { anyOf: [{ type: 'null' }, { type: 'string' }] },
      },
      ['finishAlone'],
    ),
    weight: 4,
  },
  { method: 'DELETE', path: { before: '/v1/policies/', ...id }, weight: 3 },
  { method: 'PUT', path: '/v1/woken', body: object({ bootId: text, by: text }, ['bootId']), weight: 2 },
  { method: 'GET', path: '/v1/telemetry', weight: 1 },
  { method: 'POST', path: '/wake', body: object({ mac: text }), weight: 3 },
  { method: 'POST', path: '/shutdown', weight: 1 },
  { method: 'POST', path: '/v1/pairing', weight: 1 },
];

interface RunningAgent {
  child: ChildProcess;
  url: string;
  token: string;
  log(): string;
  exited: Promise<unknown>;
}

async function startAgent(folder: string): Promise<RunningAgent | null> {
  mkdirSync(folder, { recursive: true });
  const args = ['--role', 'relay,power,telemetry', '--port', '0', '--data', folder, '--dry-run'];
  const relay = ['--allow-mac', '02:00:00:00:00:01', '--broadcast', '127.0.0.1', '--wake-port', '45991'];
  const child = spawn(process.execPath, [program, ...args, ...relay, '--restart-ollama'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-20_000);
  });
  const exited = once(child, 'exit');
  if (child.stdout === null) return null;
  let url = '';
  for await (const line of createInterface({ input: child.stdout })) {
    url = /listens on (http:\S+)/.exec(line)?.[1] ?? url;
    if (url !== '') break;
  }
  child.stdout.resume();
  if (url === '') return null;
  return { child, url, token: readFileSync(join(folder, 'token'), 'utf8').trim(), log: () => log, exited };
}

function pathOf(target: Target, random: Random, pools: Pools): string {
  if (typeof target.path === 'string') {
    return random.chance(0.02)
      ? `${target.path}${encodeURIComponent(String(oddValue(random)).slice(0, 300).toWellFormed())}`
      : target.path;
  }
  const name = random.chance(0.1)
    ? String(oddValue(random)).slice(0, 300)
    : random.pick(pools.byName.get(target.path.pool) ?? ['a']);
  return target.path.before + encodeURIComponent(String(name).toWellFormed());
}

function bodyOf(target: Target, random: Random, pools: Pools): string | undefined {
  if (target.method === 'GET') return undefined;
  if (random.chance(0.05)) {
    return random.pick([
      '{',
      'null',
      '[]',
      '{"a":1e999}',
      '['.repeat(4000),
      '{"__proto__":{}}',
      'x'.repeat(100_000),
    ]);
  }
  if (target.body === undefined) return random.chance(0.5) ? undefined : '{}';
  return JSON.stringify(valueFor(target.body, random, pools));
}

export const fuzzAgent: Part = {
  name: 'fuzz-agent',
  summary: 'fuzzed calls at an agent',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const agent = await startAgent(join(folder, 'agent'));
    if (agent === null) {
      find('crashes', 'the agent does not start');
      return tally;
    }
    const pools: Pools = {
      byName: new Map<string, readonly unknown[]>([
        ['id', Array.from({ length: 40 }, (_, index) => `id-${index}`)],
        ['mac', ['02:00:00:00:00:01', '02:00:00:00:00:02', 'zz']],
        ['helloUrl', [null, 'http://127.0.0.1:1/hello', 'nowhere']],
      ]),
      onlyPooled: new Set(['helloUrl']),
    };
    const client = createHttpClient({ base: agent.url, deadlineMs: DEADLINE_MS, connections: AT_ONCE });
    const stranger = createHttpClient({
      base: agent.url,
      deadlineMs: DEADLINE_MS,
      connections: 2,
      localAddress: '127.0.0.9',
    });
    const headers = { authorization: `Bearer ${agent.token}`, 'content-type': 'application/json' };
    const weighted = targets.flatMap((target) => Array<Target>(target.weight).fill(target));
    const total = times(context, CALLS);
    let made = 0;
    let dead = false;
    agent.exited.then(() => {
      dead = true;
    });

    function judge(what: string, outcome: HttpOutcome): void {
      if ('failed' in outcome) {
        if (outcome.failed === 'hang') find('hangs', `${what} hangs`, outcome.reason);
        return;
      }
      const body = parseJson(outcome.text);
      if (typeof body !== 'object' || body === null) {
        find('silent', `${what}: ${outcome.status} without JSON`, outcome.text);
        return;
      }
      if (outcome.status < 400) return;
      const code =
        ('error' in body ? (body.error as { code?: unknown } | null)?.code : null) ??
        ('code' in body ? body.code : null);
      const legacy = 'error' in body && typeof body.error === 'string';
      if (code === 'INTERNAL') find('crashes', `${what} answers INTERNAL`, agent?.log().slice(-300));
      else if (typeof code !== 'string' && !legacy)
        find('silent', `${what}: ${outcome.status} without a code`, outcome.text);
    }

    const lanes = Array.from({ length: AT_ONCE }, async () => {
      while (made < total && !dead) {
        signal.throwIfAborted();
        made += 1;
        if (made % 10_000 === 0) note(`${made} calls`);
        tried();
        const target = random.pick(weighted);
        const path = pathOf(target, random, pools);
        const body = bodyOf(target, random, pools);
        const call = { method: target.method, path, ...(body === undefined ? {} : { body }) };
        const what = `${target.method} ${typeof target.path === 'string' ? target.path : `${target.path.before}…`}`;
        // Wrong tokens come from another address: they slow that one down, and must not slow this one.
        const wrong = random.chance(0.01);
        const bad = { ...headers, authorization: `Bearer ${random.bytes(6).toString('hex')}` };
        judge(what, await (wrong ? stranger : client).call({ ...call, headers: wrong ? bad : headers }));
      }
    });
    await Promise.all(lanes);
    if (dead) find('crashes', 'the agent ended', agent.log().slice(-400));
    else {
      const health = await client.call({ method: 'GET', path: '/health' });
      if ('failed' in health || health.status !== 200) find('hangs', '/health after the run');
      agent.child.kill('SIGTERM');
      const timer = setTimeout(() => {
        find('hangs', 'the agent does not stop after the run');
        agent.child.kill('SIGKILL');
      }, 20_000);
      await agent.exited;
      clearTimeout(timer);
    }
    client.close();
    stranger.close();
    return tally;
  },
};
