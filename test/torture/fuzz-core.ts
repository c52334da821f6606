/** Calls of every method of the contract, right, nearly right and wrong, at a core with simulated machines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { errorCodes } from '../../shared/contract/errors.ts';
import { callPath } from '../../shared/contract/link.ts';
import { type MethodName, methodNames, methods } from '../../shared/contract/methods.ts';
import { startCore } from './core-process.ts';
import { createHttpClient, type HttpCall, type HttpOutcome, parseJson } from './http.ts';
import { createTally, type Part, times } from './part.ts';
import type { Random } from './random.ts';
import { oddValue, type Pools, type Schema, valueFor } from './values.ts';

const CALLS = 60_000;
const AT_ONCE = 12;
/** Longer than the longest deadline of any method. */
const DEADLINE_MS = 60_000;
const knownCodes: ReadonlySet<string> = new Set(errorCodes);

/** Tests of a machine wait for it: seldom, so that the run is about calls and not about waiting. */
const slow: ReadonlySet<MethodName> = new Set<MethodName>([
  'checks.diagnose',
  'checks.rehearse',
  'discovery.start',
  'discovery.inspect',
  'fleet.look',
  'power.wake',
  'models.place',
  'models.placeAll',
  'optimizer.run',
]);

export const fuzzCore: Part = {
  name: 'fuzz-core',
  summary: 'fuzzed calls at the core',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const started = await startCore(join(folder, 'data'), ['--simulate']);
    if ('failed' in started) {
      find('crashes', 'the core does not start', started.failed);
      return tally;
    }
    const client = createHttpClient({ base: started.url, deadlineMs: DEADLINE_MS, connections: AT_ONCE });
    const headers = { authorization: `Bearer ${started.token}`, 'content-type': 'application/json' };
    const schemas = new Map(
      methodNames.map((name) => [
        name,
        z.toJSONSchema(methods[name].params, { io: 'input', unrepresentable: 'any' }) as Schema,
      ]),
    );
    const pools = createPools(folder);
    const quick = methodNames.filter((name) => !slow.has(name));
    const total = times(context, CALLS);
    const answers = { right: 0, refused: 0, cut: 0 };
    let made = 0;
    let dead: string | null = null;
    started.exited.then(({ code, signal: by }) => {
      dead = `ended with ${by ?? code}: ${started.complaints().slice(-300)}`;
    });

    function judge(what: string, name: MethodName | null, outcome: HttpOutcome): void {
      if ('failed' in outcome) {
        if (outcome.failed === 'hang') find('hangs', `${what} hangs`, outcome.reason);
        // What is no request may be answered by the end of the connection; a call may not.
        else if (name !== null && dead === null) find('hangs', `${what} is not answered`, outcome.reason);
        else answers.cut += 1;
        return;
      }
      const body = parseJson(outcome.text);
      if (outcome.status === 200) {
        answers.right += 1;
        if (name === null) return;
        const parsed = methods[name].result.safeParse(body);
        if (parsed.success) pools.harvest(body);
        else find('silent', `${what} gives what its contract does not say`, parsed.error.message);
        return;
      }
      answers.refused += 1;
      // An answer to HEAD has no body; existing scripts expect {error} of /index and /metrics.
      if (name === null && (what.startsWith('HEAD ') || /"error":/.test(outcome.text))) return;
      const code = (body as { code?: unknown } | undefined)?.code;
      if (typeof code !== 'string' || !knownCodes.has(code))
        find('silent', `${what}: ${outcome.status} without a code`, outcome.text);
      else if (code === 'INTERNAL') find('crashes', `${what} answers INTERNAL`, outcome.text);
    }

    async function one(): Promise<void> {
      tried();
      if (random.chance(0.1)) {
        const call = oddCall(random, headers);
        judge(`${call.method} ${call.path.slice(0, 60)}`, null, await client.call(call));
        return;
      }
      const name = random.chance(0.004) ? random.pick([...slow]) : random.pick(quick);
      const params = valueFor(schemas.get(name), random, pools);
      let body: string;
      try {
        body = JSON.stringify(params) ?? 'null';
      } catch {
        body = '{}';
      }
      judge(name, name, await client.call({ method: 'POST', path: callPath(name), headers, body }));
    }

    const lanes = Array.from({ length: AT_ONCE }, async () => {
      while (made < total && dead === null) {
        signal.throwIfAborted();
        made += 1;
        if (made % 10_000 === 0) note(`${made} calls`);
        await one();
      }
    });
    await Promise.all(lanes);
    note(`${answers.right} right, ${answers.refused} refused, ${answers.cut} cut off`);
    if (dead !== null) find('crashes', 'the core ended', dead);
    else {
      const status = await started.call('core.status', {});
      if (status === null || 'code' in status)
        find('hangs', 'core.status after the run', JSON.stringify(status));
      if (!(await started.stop())) find('hangs', 'the core does not stop after the run');
    }
    client.close();
    return tally;
  },
};

/** Requests that are no call of a method, or not a whole one. */
function oddCall(random: Random, headers: Record<string, string>): HttpCall {
  const method = random.pick(['POST', 'POST', 'GET', 'PUT', 'DELETE', 'HEAD', 'PATCH']);
  const path = random.pick([
    '/api/call/',
    '/api/call/core.status',
    '/api/call/fleet.add',
    '/api/call/__proto__',
    `/api/call/${encodeURIComponent(String(oddValue(random)).toWellFormed()).slice(0, 200)}`,
    '/api/session',
    '/api/stream',
    '/index/status/nope',
    '/index/start',
    '/metrics',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/api//call//core.status',
  ]);
  const body = random.pick([
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '{"a":1e999}',
    '{"__proto__":{"x":1}}',
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    random.bytes(64).toString('latin1'),
    JSON.stringify({ [String(oddValue(random)).slice(0, 300)]: oddValue(random) }),
  ]);
  const type = random.pick(['application/json', 'text/plain', 'application/json; charset=utf-16', '']);
  const sent = {
    ...headers,
    'content-type': type,
    ...(random.chance(0.1) ? { authorization: `Bearer ${random.bytes(8).toString('hex')}` } : {}),
    ...(random.chance(0.1) ? { origin: 'http://evil.test' } : {}),
  };
  return { method, path, headers: sent, ...(method === 'GET' || method === 'HEAD' ? {} : { body }) };
}

const MOST_KEPT = 40;

/** Ids and paths that exist, so that calls get further than "not found". */
function createPools(folder: string): Pools & { harvest(body: unknown): void } {
  const names = ['nodeId', 'sourceId', 'sourceIds', 'jobId', 'leaseId', 'model', 'id'];
  const byName = new Map<string, unknown[]>(names.map((name) => [name, []]));
  const folders = Array.from({ length: 6 }, (_, index) => {
    const path = join(folder, `files-${index}`);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'a.md'), `# Lamp ${index}\n\nThe pilot light burns in room ${index}.\n`);
    return path;
  });
  // Never a path outside of the run's own folder: what is added here is read.
  byName.set('path', [
    ...folders,
    join(folder, 'missing'),
    join(folder, '\u0000'),
    join(folder, 'x'.repeat(300)),
  ]);
  byName.set('command', [['no-such-program'], ['no-such-program', '--all'], [], ['']]);
  byName.set('url', ['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://localhost:3', 'http://[::1]:4']);
  byName.set('agentUrl', ['http://127.0.0.1:5', 'http://127.0.0.1:6']);
  byName.set('mac', ['02:00:00:00:00:01', '02-00-00-00-00-02']);

  function keep(name: string, value: unknown): void {
    const pool = byName.get(name);
    if (pool === undefined || typeof value !== 'string' || pool.includes(value)) return;
    if (pool.length >= MOST_KEPT) pool.shift();
    pool.push(value);
  }

  function harvest(body: unknown, depth = 0): void {
    if (depth > 4 || typeof body !== 'object' || body === null) return;
    for (const [key, value] of Object.entries(body)) {
      keep(key, value);
      if (key === 'id') for (const name of names) if (name !== 'model') keep(name, value);
      if (typeof value === 'object') harvest(value, depth + 1);
    }
  }
  return { byName, onlyPooled: new Set(['path', 'command']), harvest };
}
