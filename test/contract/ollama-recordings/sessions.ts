/** Which recordings belong together, on which server, and in which order. */
import type { GpuDefinition, ModelDefinition } from '../../../electron/simulator/model.ts';
import { recordedModels } from './models.ts';
import type { Recording } from './recordings.ts';
import { recordedAfter } from './scripts.ts';
import { createWorld, MIB, type World } from './world.ts';

const H100: GpuDefinition = {
  id: 'GPU-0',
  name: 'NVIDIA H100 80GB HBM3',
  vramBytes: 81_100 * MIB,
  baselineBytes: 9 * MIB,
  boardWatts: 700,
};

const GPU_HOST = { gpus: [H100], systemMemoryBytes: 128e9, utcOffsetMinutes: 0 };

/** Which files were recorded one after the other on one server. */
export const sessions: readonly {
  name: string;
  files: readonly string[];
  create(models: Models): Promise<World>;
}[] = [
  {
    name: 'on the CPU',
    files: [
      'basics.json',
      'library.json',
      'ps.json',
      'load.json',
      'generate.json',
      'chat.json',
      'embed.json',
      'v1.json',
      'reload.json',
      'expiry.json',
      'abort.json',
    ],
    create: ({ cpu, blobs }) => createWorld({ models: cpu, blobs, utcOffsetMinutes: 60 }),
  },
  {
    name: 'on the CPU, with room for one model and one waiting request',
    files: ['queue.json'],
    create: ({ cpu }) =>
      createWorld({ models: cpu, utcOffsetMinutes: 60, environment: { maxQueue: 1, maxLoadedModels: 1 } }),
  },
  {
    name: 'on the CPU, with 9 GB of memory',
    files: ['load-errors.json'],
    create: ({ cpu }) => createWorld({ models: cpu, utcOffsetMinutes: 60, systemMemoryBytes: 10e9 }),
  },
  {
    name: 'with a GPU',
    files: ['gpu/server.json', 'gpu/placement.json', 'gpu/unload.json'],
    create: ({ gpu }) => createWorld({ models: gpu, ...GPU_HOST }),
  },
  {
    name: 'with a GPU, and another program on it',
    files: ['gpu/eviction.json'],
    create: ({ gpu }) => createWorld({ models: gpu, ...GPU_HOST }),
  },
  {
    name: 'with a GPU, and an embedding model',
    files: ['gpu/placement-embedding.json'],
    create: ({ gpu, embedding }) => createWorld({ models: [...gpu, embedding], ...GPU_HOST }),
  },
  {
    name: 'with a GPU that it may not see',
    files: ['gpu/gpu-lost.json'],
    async create({ gpu, embedding }) {
      const world = await createWorld({ models: [...gpu, embedding], ...GPU_HOST });
      world.ollama.stop();
      world.ollama.faults.set('no-gpu-discovered', true);
      world.ollama.start();
      return world;
    },
  },
];

export interface Models {
  cpu: ModelDefinition[];
  gpu: ModelDefinition[];
  embedding: ModelDefinition;
  blobs: string[];
}

export function modelsOf(recordings: ReadonlyMap<string, readonly Recording[]>): Models {
  const cpu = recordedModels(recordings.get('library.json') ?? []);
  const embedding = cpu.find(({ name }) => name === 'all-minilm:latest');
  if (embedding === undefined) throw new Error('all-minilm is missing among the recorded models.');
  // A file of an earlier run was still there.
  const blobs = (recordings.get('library.json') ?? []).flatMap(({ case: name, request }) =>
    name === 'blob HEAD missing' ? [String(request?.path).slice(-64)] : [],
  );
  return { cpu, gpu: recordedModels(recordings.get('gpu/server.json') ?? []), embedding, blobs };
}

/** The cases of a session in the order in which they were recorded. */
export function inOrder(
  files: readonly string[],
  recordings: ReadonlyMap<string, readonly Recording[]>,
): Recording[] {
  const all = files.flatMap((file) => recordings.get(file) ?? []);
  const ordered = all.filter(({ key }) => recordedAfter[key] === undefined);
  for (const recorded of all) {
    const after = recordedAfter[recorded.key];
    if (after === undefined) continue;
    // Behind those that were put there before.
    const others = ordered.filter((one) => one.key === after || recordedAfter[one.key] === after);
    ordered.splice(ordered.indexOf(others.at(-1) as Recording) + 1, 0, recorded);
  }
  return ordered;
}
