/** The simulator answers as a real Ollama did: every recorded exchange is played against it. */
import { describe, expect, it } from 'vitest';
import { sharedFolder } from '../../fakes/shared-folder.ts';
import { compareResponses, compareValues } from './compare.ts';
import { notCompared } from './not-compared.ts';
import { type Recording, readRecordings } from './recordings.ts';
import { before, plays, recordedAfter } from './scripts.ts';
import { inOrder, modelsOf, sessions } from './sessions.ts';
import { MIB, type World } from './world.ts';

const folder = sharedFolder('ollama-recordings');

/** What was seen after the step: what is loaded and where, and what the driver’s tool showed. */
async function compareAfter(world: World, recorded: Recording, pidsBefore: string): Promise<string[]> {
  const differences: string[] = [];
  const say = (what: string, wanted: unknown, seen: unknown) => {
    if (wanted !== seen) differences.push(`${what}: recorded ${wanted}, got ${seen}`);
  };
  const pids = world.pids();
  if (recorded.reloaded !== undefined)
    say('reloaded', recorded.reloaded, pidsBefore === '' ? 'first load' : pids !== pidsBefore);
  if (recorded.runners !== undefined)
    say('runners', recorded.runners, pids === '' ? 0 : pids.split(',').length);
  if (recorded.ps !== undefined)
    differences.push(...comparePs(recorded, await world.ps(), world.clock.now()));
  if (recorded['compute-apps'] !== undefined) differences.push(...(await compareMemory(world, recorded)));
  return differences;
}

function comparePs(recorded: Recording, seen: Record<string, unknown>[], now: number): string[] {
  const wanted = recorded.ps ?? [];
  if (wanted.length !== seen.length) return [`ps: recorded ${names(wanted)}, got ${names(seen)}`];
  const date = recorded.response?.headers.find((line) => line.startsWith('Date: '))?.slice(6);
  const moment = { recorded: Date.parse(date ?? ''), simulated: now };
  // Some were recorded with fewer fields.
  const kept = seen.map((one) => {
    const like = wanted.find(({ name }) => name === one.name) ?? one;
    return Object.fromEntries(Object.keys(like).map((key) => [key, one[key]]));
  });
  return compareValues(wanted, kept, moment, 'ps');
}

const names = (models: readonly Record<string, unknown>[]) =>
  models.map(({ name }) => name).join() || 'nothing';

/** The CUDA context of each process: exactly this in the simulator; small models were seen with a little more. */
const CONTEXT_MIB = 588;
const MOST_CONTEXT_MIB = 660;
/** What the driver counts beside the processes. */
const MOST_BESIDE_MIB = 32;
/** How long after an unload the server has looked at its GPUs. */
const LOOKED_MS = 1100;

async function compareMemory(world: World, recorded: Recording): Promise<string[]> {
  await world.clock.advance(LOOKED_MS);
  const { usedBytes, processes } = world.memory();
  const isRunner = (name: string) => name.endsWith('/lib/ollama/llama-server');
  const seen = processes.map(({ name, vramUsedBytes }) => ({ name, mib: (vramUsedBytes ?? 0) / MIB }));
  const wanted = (recorded['compute-apps'] ?? [])
    .filter((line) => line !== '')
    .map((line) => {
      const [, name = '', size = ''] = line.split(', ');
      return { name, mib: Number.parseInt(size, 10) };
    });
  const differences: string[] = [];
  for (const [whose, apps, usedMib, loaded] of [
    ['recorded', wanted, Number(recorded['memory.used MiB']), recorded.ps ?? []],
    [
      'simulated',
      seen,
      usedBytes / MIB,
      world.ollama.scheduler.loaded().map(({ sizeVramBytes }) => ({ size_vram: sizeVramBytes })),
    ],
  ] as const) {
    const runners = apps.filter(({ name }) => isRunner(name));
    const onGpu = loaded.map(({ size_vram }) => Number(size_vram)).filter((bytes) => bytes > 0);
    const models = onGpu.reduce((sum, bytes) => sum + bytes / MIB, 0);
    const held = runners.reduce((sum, { mib }) => sum + mib, 0);
    if (runners.length !== onGpu.length)
      differences.push(`${whose}: ${runners.length} runners for ${onGpu.length} models`);
    const most = whose === 'recorded' ? MOST_CONTEXT_MIB : CONTEXT_MIB;
    const contexts = held - models;
    if (contexts < CONTEXT_MIB * onGpu.length - 2 || contexts > most * onGpu.length + 2)
      differences.push(`${whose}: the runners hold ${held} MiB for models of ${models} MiB`);
    const beside = usedMib - apps.reduce((sum, { mib }) => sum + mib, 0);
    if (beside < 0 || beside > MOST_BESIDE_MIB)
      differences.push(`${whose}: ${beside} MiB beside the processes`);
  }
  const others = (apps: readonly { name: string }[]) => apps.filter(({ name }) => !isRunner(name)).length;
  if (others(wanted) !== others(seen))
    differences.push(`other programs: recorded ${others(wanted)}, got ${others(seen)}`);
  return differences;
}

async function play(world: World, recorded: Recording): Promise<string[]> {
  await before[recorded.key]?.(world);
  const pidsBefore = world.pids();
  const special = plays[recorded.key];
  if (special !== undefined) return special(world, recorded);
  const { request, response } = recorded;
  if (request === undefined || !response) return ['it is no exchange, and nothing says how to play it'];
  const got = await world.ask(request);
  return [
    ...compareResponses(response, got, request.method, world.clock.now()),
    ...(await compareAfter(world, recorded, pidsBefore)),
  ];
}

describe.skipIf(folder === null)('the recordings of a real Ollama (skipped without ../shared)', () => {
  const recordings = folder === null ? new Map<string, Recording[]>() : readRecordings(folder);
  const compared = new Set<string>();

  describe.each(sessions)('$name', ({ files, create }) => {
    const cases = inOrder(files, recordings).filter(({ key }) => notCompared[key] === undefined);
    for (const { key } of cases) compared.add(key);

    it(`answers ${cases.length} requests as they were answered`, { timeout: 120_000 }, async () => {
      await using world = await create(modelsOf(recordings));
      const different: Record<string, string[]> = {};
      for (const recorded of cases) {
        const differences = await play(world, recorded);
        if (differences.length > 0) different[recorded.key] = differences;
      }
      expect(different).toEqual({});
    });
  });

  it('are all compared, or listed with the reason', () => {
    const all = [...recordings].flatMap(([file, cases]) =>
      cases.length === 0 ? [file] : cases.map(({ key }) => key),
    );
    expect(all.filter((key) => !compared.has(key) && notCompared[key] === undefined)).toEqual([]);
    expect(Object.keys(notCompared).filter((key) => !all.includes(key))).toEqual([]);
    expect(
      Object.keys({ ...before, ...plays, ...recordedAfter }).filter((key) => !compared.has(key)),
    ).toEqual([]);
    expect(compared.size + Object.keys(notCompared).length).toBe(all.length);
    console.info(`${compared.size} recordings compared, ${Object.keys(notCompared).length} listed.`);
  });
});
