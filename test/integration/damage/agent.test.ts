/** An agent starts whatever has happened to its files, keeps damaged ones, reports them and stays on meanwhile. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDamage } from '../../../electron/agent/damage.ts';
import { openLeaseJournal } from '../../../electron/agent/leases/journal.ts';
import { openPolicyBook } from '../../../electron/agent/power/policy-book.ts';
import { startAgent as startProcess } from '../agent/process.ts';
import { createWorld, type World } from '../agent/world.ts';
import { contentOf, manners, mayReadAll } from './manners.ts';

const minute = 60_000;
const hour = 60 * minute;
const policy = {
  finishAlone: true,
  onlyIfWoken: false,
  idleMinutes: 5,
  action: 'shutdown',
  countdownSeconds: 30,
};
const panels = ['panel-a', 'panel-b'];
const lease = { holder: 'Ann', purpose: 'a game', ttlSeconds: 3600 };
const countdown = {
  request: { action: 'shutdown', countdownSeconds: 60, force: false, by: 'Ann' },
  key: 'a-key',
};

let base = '';
let folders = 0;
const worlds: World[] = [];

/** Two panels, a lease, and the countdown of an agent that was killed. */
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-agent-damage-'));
  await using world = await createWorld();
  for (const panel of panels) await world.call('PUT', `/v1/policies/${panel}`, policy);
  await world.call('PUT', '/v1/leases/lease_1', lease);
  await world.call('PUT', '/v1/leases/lease_2', { ...lease, holder: 'Ben' });
  await world.stop();
  writeFileSync(join(world.folder, 'countdown.json'), JSON.stringify(countdown));
  cpSync(world.folder, join(base, 'whole'), { recursive: true });
  cpSync(world.folder, join(base, 'waiting'), { recursive: true });
  writeFileSync(join(base, 'waiting', 'policies.json'), 'half of a');
  readBack(join(base, 'waiting'), join(base, 'waiting'), false);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
afterEach(async () => {
  for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
});

async function damaged(...changes: [file: string, manner: string][]) {
  folders += 1;
  const folder = join(base, `copy-${folders}`);
  cpSync(join(base, 'whole'), folder, { recursive: true });
  for (const [file, manner] of changes) manners[manner]?.(join(folder, file));
  const bytes = changes.map(([file]) => contentOf(join(folder, file)));
  const world = await createWorld({ folder });
  worlds.push(world);
  return { world, folder, bytes };
}

const view = async (world: World) =>
  (await world.call('GET', '/v1/policy')).body as {
    problems: { code: string; file: string; keptAs: string }[];
    reasons: { code: string }[];
    policies: { panel: string }[];
  };
const codes = async (world: World) => (await view(world)).reasons.map(({ code }) => code);

/** Nothing else keeps it on: the leases have run out long ago. */
async function staysOn(world: World): Promise<void> {
  await world.clock.advance(48 * hour);
  await world.call('GET', '/v1/policy');
  await world.clock.advance(2 * minute);
  expect(world.machine.ran).toEqual([]);
}

async function goesOff(world: World): Promise<void> {
  await world.clock.advance(2 * hour);
  await world.call('GET', '/v1/policy');
  await world.clock.advance(2 * minute);
  await world.call('GET', '/v1/policy');
  expect(world.machine.ran).not.toEqual([]);
}

/** Where writing costs least; a disk does as well. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** What the agent reads of its leases and policies, without the machine around it. */
function readBack(whole: string, folder: string, fresh = true) {
  if (fresh) cpSync(whole, folder, { recursive: true });
  const damage = openDamage({ folder, log: () => {} });
  const journal = openLeaseJournal(folder, damage);
  const book = openPolicyBook(folder, 'boot-1', damage);
  journal.close();
  return {
    lost: damage.reason() === null ? [] : ['something'],
    content: JSON.stringify([journal.kept, book.policies(), damage.reason()]),
  };
}

const everyManner = Object.keys(manners).filter((manner) => manner !== 'closed to us' || !mayReadAll);
/** Each file, and whether something may be missing because of it. */
const files: Record<string, boolean> = {
  'policies.json': true,
  'leases.jsonl': true,
  token: true,
  'id.json': false,
  'countdown.json': false,
  'listening.json': false,
  'panels.json': false,
};

describe.each(Object.entries(files))('%s damaged', (file, loses) => {
  it.each(everyManner)(
    'as %s',
    async (manner) => {
      const { world, folder, bytes } = await damaged([file, manner]);
      const { problems } = await view(world);
      if (file === 'token' && manner === 'half of a write' && problems.length === 0) return;
      expect(problems).toMatchObject([{ code: 'FILE_DAMAGED', file, keptAs: `${file}.corrupt-1` }]);
      expect(world.said.filter((line) => line.startsWith('damage: '))).toHaveLength(1);
      expect(contentOf(join(folder, `${file}.corrupt-1`))).toEqual(bytes[0]);
      expect(statSync(join(folder, `${file}.corrupt-1`)).mode & 0o077).toBe(0);
      expect((await codes(world)).includes('RECORDS_DAMAGED')).toBe(loses);
      if (!loses) return;
      await staysOn(world);
      // A person's order is refused as well, unless it is forced.
      const order = await world.call('POST', '/v1/power', { action: 'shutdown' });
      expect(order).toMatchObject({ status: 409, body: { error: { code: 'IN_USE' } } });
    },
    30_000,
  );
});

describe('a file that is not there any more', () => {
  it.each(['policies.json', 'leases.jsonl', 'token'])('is as lost as a damaged one: %s', async (file) => {
    const { folder, world } = await damaged();
    await world.stop();
    rmSync(join(folder, file));
    const again = await createWorld({ folder });
    worlds.push(again);
    expect(await view(again)).toMatchObject({ problems: [{ code: 'FILE_DAMAGED', file, keptAs: '' }] });
    expect(await codes(again)).toContain('RECORDS_DAMAGED');
    await staysOn(again);
    for (const panel of panels) await again.call('PUT', `/v1/policies/${panel}`, policy);
    expect(await codes(again)).not.toContain('RECORDS_DAMAGED');
    await goesOff(again);
  });

  it('is none where no panel has a policy', async () => {
    await using world = await createWorld();
    await world.stop();
    const again = await createWorld({ folder: world.folder });
    worlds.push(again);
    expect(await view(again)).toMatchObject({ problems: [] });
  });
});

describe('a token that is another valid one', () => {
  const flip = (folder: string) => {
    const path = join(folder, 'token');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, (text.startsWith('A') ? 'B' : 'A') + text.slice(1));
  };

  it('keeps the machine on until the panels have paired again, and is reported once', async () => {
    const { folder, world } = await damaged();
    await world.stop();
    flip(folder);
    const again = await createWorld({ folder });
    worlds.push(again);
    expect(await view(again)).toMatchObject({ problems: [{ code: 'FILE_DAMAGED', file: 'token' }] });
    expect(await codes(again)).toContain('RECORDS_DAMAGED');
    await staysOn(again);
    await again.restart();
    expect(again.said.filter((line) => line.includes('token'))).toHaveLength(1);
    for (const panel of panels) await again.call('PUT', `/v1/policies/${panel}`, policy);
    expect(await codes(again)).not.toContain('RECORDS_DAMAGED');
    await goesOff(again);
  });

  it('is a new token where no panel has a policy', async () => {
    await using world = await createWorld();
    await world.stop();
    flip(world.folder);
    const again = await createWorld({ folder: world.folder });
    worlds.push(again);
    expect(await view(again)).toMatchObject({ problems: [] });
  });
});

it('an id that an older version wrote stays the same', async () => {
  await using world = await createWorld();
  await world.stop();
  writeFileSync(join(world.folder, 'id.json'), '"0123456789abcdef0123"');
  const again = await createWorld({ folder: world.folder });
  worlds.push(again);
  expect(again.id()).toBe('0123456789abcdef0123');
  await again.restart();
  expect(again.id()).toBe('0123456789abcdef0123');
});

describe('policies of which it is not known whose they were', () => {
  it.each([
    ['their names are damaged as well', (folder: string) => writeFileSync(join(folder, 'panels.json'), '[')],
    ['an older version wrote them', (folder: string) => rmSync(join(folder, 'panels.json'))],
  ])('are not there again because one panel has put its own: %s', async (_, change) => {
    const { folder, world } = await damaged();
    await world.stop();
    change(folder);
    writeFileSync(join(folder, 'policies.json'), 'half of a');
    const again = await createWorld({ folder });
    worlds.push(again);
    await again.call('PUT', '/v1/policies/panel-a', policy);
    expect(await codes(again)).toContain('RECORDS_DAMAGED');
    await staysOn(again);
    expect((await again.call('DELETE', '/v1/policies/damaged-records')).status).toBe(200);
    expect(await codes(again)).not.toContain('RECORDS_DAMAGED');
    await goesOff(again);
  });
});

describe('one bit of each byte that changed, in turn', () => {
  it.each([
    ['leases.jsonl', 'leases'],
    ['policies.json', 'policies'],
    ['damage.json', 'policies'],
  ] as const)(
    'loses nothing silently: %s',
    (file, loss) => {
      const folder = mkdtempSync(join(memory, 'pilotlight-bits-'));
      const whole = join(base, file === 'damage.json' ? 'waiting' : 'whole');
      const bytes = readFileSync(join(whole, file));
      const kept = readBack(whole, folder);
      const silent: string[] = [];
      for (let byte = 0; byte < bytes.length; byte += 1) {
        const bit = byte * 8 + (byte % 8);
        rmSync(folder, { recursive: true, force: true });
        cpSync(whole, folder, { recursive: true });
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = Number(changed[bit >> 3]) ^ (1 << (bit & 7));
        writeFileSync(join(folder, file), changed);
        const found = readBack(whole, folder, false);
        if (found.lost.length === 0 && found.content !== kept.content) silent.push(`bit ${bit} of ${loss}`);
      }
      rmSync(folder, { recursive: true, force: true });
      expect(silent).toEqual([]);
    },
    120_000,
  );
});

it('does so without damage: it goes off by its policy', async () => {
  const { world } = await damaged();
  expect(await view(world)).toMatchObject({ problems: [] });
  expect(await codes(world)).toEqual(['LEASE', 'LEASE']);
  await goesOff(world);
});

describe('while leases or policies may be missing', () => {
  it.each(['policies.json', 'leases.jsonl'])(
    'a restart forgets nothing; each panel ends its part (%s)',
    async (file) => {
      const { world } = await damaged([file, 'random bytes']);
      await world.restart();
      expect(await codes(world)).toContain('RECORDS_DAMAGED');
      await staysOn(world);
      await world.call('PUT', '/v1/policies/panel-a', policy);
      expect(await codes(world)).toContain('RECORDS_DAMAGED');
      await world.restart();
      await staysOn(world);
      await world.call('PUT', '/v1/policies/panel-b', policy);
      expect(await codes(world)).not.toContain('RECORDS_DAMAGED');
      await goesOff(world);
    },
    30_000,
  );

  it('lines of leases that can be read count', async () => {
    const { world } = await damaged(['leases.jsonl', 'half of itself']);
    const { body } = await world.call('GET', '/v1/leases');
    expect((body as { leases: { id: string }[] }).leases.map(({ id }) => id)).toEqual(['lease_1']);
  });

  it('a person ends it by forgetting it', async () => {
    const { world } = await damaged(['leases.jsonl', 'empty']);
    expect((await view(world)).policies.map(({ panel }) => panel)).toEqual([...panels, 'damaged-records']);
    expect((await world.call('DELETE', '/v1/policies/damaged-records')).status).toBe(200);
    expect(await codes(world)).not.toContain('RECORDS_DAMAGED');
    await goesOff(world);
  });

  it('a panel that is forgotten is not waited for', async () => {
    const { world } = await damaged(['leases.jsonl', 'empty']);
    await world.call('PUT', '/v1/policies/panel-a', policy);
    await world.call('DELETE', '/v1/policies/panel-b');
    expect(await codes(world)).not.toContain('RECORDS_DAMAGED');
  });

  it('the note of it may be damaged itself', async () => {
    const { world, folder } = await damaged(['leases.jsonl', 'empty']);
    writeFileSync(join(folder, 'damage.json'), 'half of a n');
    await world.restart();
    expect(await codes(world)).toContain('RECORDS_DAMAGED');
    expect(readFileSync(join(folder, 'damage.json.corrupt-1'), 'utf8')).toBe('half of a n');
    await staysOn(world);
  });

  it('leases of one that an older version wrote are no damage', async () => {
    const { folder, world } = await damaged();
    await world.stop();
    rmSync(join(folder, 'panels.json'));
    const record = { id: 'lease_9', ...lease, createdAt: 1 };
    writeFileSync(join(folder, 'leases.jsonl'), `${JSON.stringify({ begin: record })}\n`);
    await world.restart();
    expect(await view(world)).toMatchObject({ problems: [] });
    expect((await world.call('GET', '/v1/leases')).body).toMatchObject({ leases: [{ id: 'lease_9' }] });
  });
});

it.each(['random bytes', 'another kind of JSON', 'a folder', 'empty'])(
  'the configuration as %s: it starts, says so and stays on',
  async (manner) => {
    const folder = mkdtempSync(join(base, 'process-'));
    writeFileSync(join(folder, 'agent.json'), JSON.stringify({ dryRun: true }), { mode: 0o600 });
    manners[manner]?.(join(folder, 'agent.json'));
    const agent = await startProcess(folder, ['--dry-run']);
    try {
      const { body } = await agent.call('GET', '/v1/policy');
      expect(body).toMatchObject({
        problems: [{ file: 'agent.json', keptAs: 'agent.json.corrupt-1' }],
        reasons: [{ code: 'RECORDS_DAMAGED' }],
      });
      await agent.call('PUT', '/v1/policies/panel-a', policy);
      expect((await agent.call('GET', '/v1/policy')).body).toMatchObject({
        reasons: [{ code: 'RECORDS_DAMAGED' }],
      });
    } finally {
      await agent.stop();
    }
    writeFileSync(join(folder, 'agent.json'), JSON.stringify({ dryRun: true }), { mode: 0o600 });
    const again = await startProcess(folder, []);
    try {
      const { reasons } = (await again.call('GET', '/v1/policy')).body as { reasons: { code: string }[] };
      expect(reasons.map(({ code }) => code)).not.toContain('RECORDS_DAMAGED');
    } finally {
      await again.stop();
    }
    expect(readdirSync(folder)).toContain('agent.json.corrupt-1');
  },
  30_000,
);
