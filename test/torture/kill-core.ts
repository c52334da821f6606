/** SIGKILL at random moments: what was acknowledged is there after the restart, and an index loses and repeats nothing. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '../../shared/text/index.ts';
import { killAndResume } from '../fakes/kill-resume.ts';
import { type RunningCore, startCore } from './core-process.ts';
import { createTally, type Part, type TallyBook, times } from './part.ts';
import type { Random } from './random.ts';

const KILLS_IN_CALLS = 50;
const KILLS_IN_JOBS = 50;
const LONGEST_LIFE_MS = 700;

/** What the core has acknowledged. */
interface Acknowledged {
  nodes: Set<string>;
  removed: Set<string>;
  sources: Set<string>;
  leases: Map<string, string>;
  idleMinutes: Map<string, number>;
  checkEveryMs: number | null;
}

export const killCore: Part = {
  name: 'kill-core',
  summary: 'SIGKILLs of the core, in calls and in index jobs',
  async run(context) {
    const { random, folder, signal, note } = context;
    const book = createTally();
    const { tally, tried, find } = book;
    const known: Acknowledged = {
      nodes: new Set(),
      removed: new Set(),
      sources: new Set(),
      leases: new Map(),
      idleMinutes: new Map(),
      checkEveryMs: null,
    };
    const dataFolder = join(folder, 'data');
    const kills = times(context, KILLS_IN_CALLS);
    for (let life = 0; life <= kills; life += 1) {
      signal.throwIfAborted();
      if (life % 10 === 9) note(`${life + 1} kills in calls`);
      const core = await startCore(dataFolder);
      if ('failed' in core) {
        find('crashes', 'the core does not start after a SIGKILL', core.failed);
        return tally;
      }
      await compare(core, known, book);
      if (life === kills) {
        if (!(await core.stop())) find('hangs', 'the core does not stop');
        break;
      }
      let over = false;
      const timer = setTimeout(() => {
        over = true;
        core.child.kill('SIGKILL');
      }, random.next() * LONGEST_LIFE_MS);
      await Promise.all(
        Array.from({ length: 4 }, (_, lane) => work({ core, known, random, folder, lane, over: () => over })),
      );
      clearTimeout(timer);
      await core.kill();
      tried();
    }

    const result = await killAndResume({
      kills: times(context, KILLS_IN_JOBS),
      files: 120,
      withinMs: 1500,
      random: random.next,
      signal,
      note,
    }).catch((error: unknown) => {
      find('crashes', 'an index job after SIGKILLs', error instanceof Error ? error.message : String(error));
      return null;
    });
    if (result !== null) {
      tried(result.kills);
      if (result.lost > 0) find('lost', `${result.lost} chunks`, result.findings.join('; '));
      if (result.repeated > 0) find('silent', `${result.repeated} chunks twice`, result.findings.join('; '));
    }
    return tally;
  },
};

let serial = 0;

/** Changes things until the core is killed; what was answered is remembered. */
async function work(options: {
  core: RunningCore;
  known: Acknowledged;
  random: Random;
  folder: string;
  lane: number;
  over: () => boolean;
}): Promise<void> {
  const { core, known, random, folder, lane, over } = options;
  while (!over()) {
    serial += 1;
    const kind = random.below(6);
    const node = known.nodes.size === 0 ? null : random.pick([...known.nodes]);
    if (kind === 0 || node === null) {
      const reply = await core.call('fleet.add', {
        url: `http://127.0.0.1:1/n${serial}`,
        name: `node ${serial}`,
      });
      if (reply !== null && 'result' in reply) known.nodes.add(reply.result.id);
    } else if (kind === 1 && known.nodes.size > 12) {
      // From now on either answer is right; only an acknowledged removal must stay one.
      known.nodes.delete(node);
      for (const [lease, of] of known.leases) if (of === node) known.leases.delete(lease);
      known.idleMinutes.delete(node);
      const reply = await core.call('fleet.remove', { nodeId: node });
      if (reply !== null && 'result' in reply) known.removed.add(node);
    } else if (kind === 2) {
      const path = join(folder, `source-${serial}`);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'a.md'), `# Room ${serial}\n`);
      const reply = await core.call('index.addSource', { path });
      if (reply !== null && 'result' in reply) known.sources.add(reply.result.id);
    } else if (kind === 3) {
      const reply = await core.call('power.keepAwake', {
        nodeId: node,
        until: null,
        purpose: `lane ${lane}`,
      });
      if (reply !== null && 'result' in reply && known.nodes.has(node))
        known.leases.set(reply.result.id, node);
    } else if (kind === 4 && lane === 0) {
      // One lane alone, so that the last answer is the last write.
      const idleMinutes = 1 + random.below(1440);
      known.idleMinutes.delete(node);
      const reply = await core.call('power.setPolicy', { nodeId: node, policy: { idleMinutes } });
      if (reply !== null && 'result' in reply && known.nodes.has(node))
        known.idleMinutes.set(node, idleMinutes);
    } else if (kind === 5 && lane === 0) {
      const checkEveryMs = 1000 + random.below(500_000);
      known.checkEveryMs = null;
      const reply = await core.call('settings.update', { fleet: { lookIntervalMs: checkEveryMs } });
      if (reply !== null && 'result' in reply) known.checkEveryMs = checkEveryMs;
    }
  }
}

async function compare(core: RunningCore, known: Acknowledged, { find }: TallyBook): Promise<void> {
  const [nodes, sources, powers, settings, status] = await Promise.all([
    core.call('fleet.list', {}),
    core.call('index.sources', {}),
    core.call('power.list', {}),
    core.call('settings.get', {}),
    core.call('core.status', {}),
  ]);
  const all = [nodes, sources, powers, settings, status];
  if (!all.every((reply) => reply !== null && 'result' in reply)) {
    find(
      'hangs',
      'a list after a restart',
      JSON.stringify(all.map((reply) => (reply && 'code' in reply ? reply.code : 'ok'))),
    );
    return;
  }
  const list = <Value>(reply: { result: Value } | { code: string } | null): Value =>
    (reply as { result: Value }).result;
  const there = new Set(list(nodes).map(({ id }) => id));
  for (const id of known.nodes) if (!there.has(id)) find('lost', 'a node', id);
  for (const id of known.removed) if (there.has(id)) find('lost', 'a removal of a node', id);
  const kept = new Set(list(sources).map(({ id }) => id));
  for (const id of known.sources) if (!kept.has(id)) find('lost', 'a source', id);
  const power = new Map(list(powers).map((one) => [one.nodeId, one]));
  for (const [lease, node] of known.leases)
    if (!power.get(node)?.leases.some(({ id }) => id === lease))
      find('lost', 'a lease', `${lease} of ${node}`);
  for (const [node, minutes] of known.idleMinutes) {
    const found = power.get(node)?.policy.idleMinutes;
    if (found !== minutes) find('lost', 'a policy', `${found} instead of ${minutes}`);
  }
  const every = list(settings).fleet.lookIntervalMs;
  if (known.checkEveryMs !== null && every !== known.checkEveryMs)
    find('lost', 'a setting', `${every} instead of ${known.checkEveryMs}`);
  for (const notice of list(status).notices)
    find('silent', `a notice after a SIGKILL: ${notice.code}`, textOf(notice.message));
}
