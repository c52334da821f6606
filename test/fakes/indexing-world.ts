/** A real core on a folder of its own, with simulated machines on real sockets, for tests and benchmarks. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { type IndexVerdict, verifyIndex } from '../../electron/adapters/vectors/verify-index.ts';
import { cutFile } from '../../electron/core/indexing/cut.ts';
import { type Host, startHost } from '../../electron/host/start-host.ts';
import { CATALOGUE } from '../../electron/simulator/catalogue.ts';
import { createSystemClock } from '../../electron/simulator/clock.ts';
import { assembleFleet, type SimulatedFleet } from '../../electron/simulator/fleet.ts';
import type { SimulatedMachineSetup } from '../../electron/simulator/machine.ts';
import type { IndexJob } from '../../shared/models/indexing.ts';
import { defaultSettings } from '../../shared/models/settings.ts';

const gib = 1024 ** 3;
export const embeddingDigest = CATALOGUE.mxbaiEmbedLarge.digest;
export const fleetEmbedder = {
  kind: 'model' as const,
  name: CATALOGUE.mxbaiEmbedLarge.name,
  digest: embeddingDigest,
};

/** A GPU machine that can be woken and a small one without a GPU, both with the embedding model. */
export function machineSetups(
  own: {
    tower?: Partial<SimulatedMachineSetup>;
    gpuTextsPerSecond?: number;
    cpuTextsPerSecond?: number;
  } = {},
): SimulatedMachineSetup[] {
  const clock = createSystemClock();
  const speeds = {
    gpuTextsPerSecond: own.gpuTextsPerSecond ?? 2000,
    cpuTextsPerSecond: own.cpuTextsPerSecond ?? 2000,
    loadBaseMs: 20,
    loadBytesPerSecond: 50e9,
  };
  return [
    {
      id: 'tower',
      name: 'tower',
      mac: '00:00:5e:00:53:10',
      wake: { bootMs: 400, resumeMs: 300 },
      clock,
      ollama: {
        profile: '0.33',
        models: [CATALOGUE.mxbaiEmbedLarge],
        gpus: [{ id: 'GPU-0', name: 'GPU', vramBytes: 24 * gib, baselineBytes: gib / 2, boardWatts: 450 }],
        speeds,
      },
      ...own.tower,
    },
    {
      id: 'nas',
      name: 'nas',
      mac: '00:00:5e:00:53:20',
      wake: null,
      clock,
      ollama: { profile: '0.24', models: [CATALOGUE.mxbaiEmbedLarge], speeds },
    },
  ];
}

export interface RealWorld {
  host: Host;
  fleet: SimulatedFleet;
  folder: string;
  dataFolder: string;
  /** Ids of the nodes by the names of their machines. */
  nodes: Record<string, string>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startHostAt(dataFolder: string): Promise<Host> {
  const host = await startHost({ dataFolder, environment: { OLLAMA_HOST: '127.0.0.1:9' }, panelRoot: null });
  host.core.services.settings.update({ fleet: { lookIntervalMs: 1000 }, optimizer: { on: false } });
  return host;
}

export async function addMachines(host: Host, fleet: SimulatedFleet): Promise<Record<string, string>> {
  const nodes: Record<string, string> = {};
  for (const { id, name, url, mac, wakeDestinations, vramBytes } of fleet.machines) {
    const node = host.core.services.fleet.add({
      name,
      url,
      ...(wakeDestinations.length > 0 ? { mac, wakeDestinations: [...wakeDestinations] } : {}),
      vramBytes,
    });
    nodes[id] = node.id;
  }
  await host.core.services.fleet.probe();
  return nodes;
}

export async function startRealWorld(
  files: Record<string, string>,
  setups: SimulatedMachineSetup[] = machineSetups(),
): Promise<RealWorld> {
  const root = mkdtempSync(join(tmpdir(), 'pilotlight-indexing-'));
  const folder = join(root, 'notes');
  const dataFolder = join(root, 'data');
  mkdirSync(folder);
  writeFiles(folder, files);
  const fleet = await assembleFleet(setups);
  const host = await startHostAt(dataFolder);
  const nodes = await addMachines(host, fleet);
  return {
    host,
    fleet,
    folder,
    dataFolder,
    nodes,
    async [Symbol.asyncDispose]() {
      await host.stop();
      await fleet.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Markdown files of several chunks each; every chunk differs from every other. */
export function notes(count: number, sections = 4): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, file) => [
      `folder-${file % 7}/note-${file}.md`,
      Array.from(
        { length: sections },
        (_, section) =>
          `# Part ${section} of note ${file}\n\n${`The lamp number ${file * 31 + section} burns in room ${section}. `.repeat(28)}\n`,
      ).join('\n'),
    ]),
  );
}

/** Resolves with the first state of the job that fits. */
export function untilJob(host: Host, jobId: string, fits: (job: IndexJob) => boolean): Promise<IndexJob> {
  return new Promise((resolve) => {
    const { jobs } = host.core.streams;
    let resolved = false;
    const subscription = jobs.subscribe(null, () => {
      const job = jobs.get(jobId);
      if (!resolved && job && fits(job)) {
        resolved = true;
        // The subscription is not there yet while it delivers its first frame.
        queueMicrotask(() => subscription.end());
        resolve(job);
      }
      return true;
    });
  });
}

export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => relative(folder, join(folder, path)).split(sep).join('/'))
    .sort();
}

/** Compares the index of a source with its folder, cut anew. */
export function verifySource(world: { dataFolder: string; folder: string }, sourceId: string): IndexVerdict {
  const { chunkTokens } = defaultSettings.index;
  return verifyIndex(join(world.dataFolder, 'index', `${sourceId}.db`), {
    folder: world.folder,
    paths: listFiles(world.folder),
    cut: (bytes, path) => cutFile(bytes, path, chunkTokens),
  });
}
