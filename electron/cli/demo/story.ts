/** Indexing with a simulated fleet: the core, the sockets and the index are real, only the machines are simulated. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { IndexJob, SearchResult } from '../../../shared/models/indexing.ts';
import type { Placement } from '../../../shared/models/placement.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { verifyIndex } from '../../adapters/vectors/verify-index.ts';
import { shortModelName } from '../../core/indexing/embedders.ts';
import { createScope } from '../../core/runtime/scope.ts';
import { type Host, startHost } from '../../host/start-host.ts';
import { CATALOGUE } from '../../simulator/catalogue.ts';
import { createSimulatedFleet, type SimulatedFleet } from '../../simulator/fleet.ts';
import { cutFolder } from './folder.ts';

export interface DemoResult {
  woke: boolean;
  placed: Placement;
  files: number;
  vectors: number;
  fallback_vectors: number;
  lost: number;
  repeated: number;
  ms: number;
}

export interface DemoEnd {
  result: DemoResult;
  job: IndexJob;
  search: SearchResult;
  /** The GPU was verified by the model's actual share of VRAM. */
  gpuVerified: boolean;
  /** What the check of the index found. */
  findings: string[];
  /** Everything went as planned. */
  held: boolean;
}

export interface DemoTeller {
  fleet(nodes: NodeView[]): void;
  begin(facts: { folder: string; files: number; texts: number; model: string }): void;
  /** Called about ten times a second while the job runs. */
  moment(facts: { job: IndexJob; tower: NodeView; wake: WakeProgress | null }): void;
  /** `vectors` is the number of texts that the job has embedded. */
  powerLost(facts: { name: string; vectors: number; of: number }): void;
}

export interface DemoOptions {
  /** The folder that is indexed. */
  folder: string;
  query: string;
  teller: DemoTeller;
  sleep(ms: number): Promise<void>;
  monotonic(): number;
  /** Stops the demo and cleans up. */
  signal: AbortSignal;
}

/** How many times faster than real machines the simulated ones boot, load and compute. */
const speed = 2;
/** Seconds that each half of the work takes, whatever the size of the folder. */
const secondsAHalf = 2.5;
const model = CATALOGUE.mxbaiEmbedLarge;

export async function playDemo(options: DemoOptions): Promise<DemoEnd> {
  const startedAt = options.monotonic();
  const files = cutFolder(options.folder);
  const texts = files.reduce((sum, file) => sum + file.chunks, 0);
  if (texts < 8) {
    throw new PilotlightError('NOTHING_TO_INDEX', {
      message: `There is too little text in ${options.folder}.`,
      next: 'Run the demo in a complete copy of the repository.',
    });
  }
  await using scope = disposable(createScope(options.signal));
  const dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-demo-'));
  scope.add(() => rmSync(dataFolder, { recursive: true, force: true }));
  const fleet = await createSimulatedFleet({ speed });
  scope.add(() => fleet.stop());
  // Nothing outside the demo is contacted, not even an Ollama on this computer.
  const host = await startHost({ dataFolder, environment: { OLLAMA_HOST: '127.0.0.1:9' }, panelRoot: null });
  scope.add(() => host.stop());
  const { services } = host.core;
  services.settings.update({
    fleet: { lookIntervalMs: 1000 },
    optimizer: { on: false },
    index: { batchSize: Math.max(1, Math.min(32, Math.floor(texts / 16))) },
  });

  const tower = await introduce(host, fleet);
  options.teller.fleet(services.fleet.list().filter((node) => node.kind !== 'this-computer'));
  const half = Math.floor(texts / 2);
  const rate = texts / 2 / secondsAHalf / speed;
  for (const id of ['gpu-tower', 'nas']) fleet.control.machine(id).ollama.compute.setRates(rate, rate);
  fleet.control.dieAfterTexts('gpu-tower', half);

  const source = await services.indexing.addSource({
    path: options.folder,
    name: 'docs',
    embedder: { kind: 'model', name: model.name, digest: model.digest },
    wake: true,
    whenGpuGone: 'use-cpu',
  });
  options.teller.begin({
    folder: options.folder,
    files: files.length,
    texts,
    model: shortModelName(model.name),
  });
  const wasOff = services.fleet.require(tower).state === 'off';
  const seen = await watch({ host, fleet, tower, texts, options });
  const search = await services.indexing.search(
    { text: options.query, sourceIds: null, limit: 3 },
    scope.signal,
  );
  const verdict = verifyIndex(join(dataFolder, 'index', `${source.id}.db`), {
    folder: source.path,
    paths: files.map((file) => file.path),
    cut: (bytes, path) => files.find((file) => file.path === path)?.cut(bytes) ?? { ok: false },
  });

  const { job } = seen;
  const share = job.nodes.find((node) => node.nodeId === tower && node.placement !== 'builtin');
  const result: DemoResult = {
    woke: wasOff && job.events.some((event) => event.kind === 'woke' && event.nodeId === tower),
    placed: share && share.placement !== 'builtin' ? share.placement : 'cpu',
    files: verdict.files,
    vectors: verdict.vectors,
    fallback_vectors: job.fallbackVectors,
    lost: verdict.lost,
    repeated: verdict.repeated,
    ms: Math.round(options.monotonic() - startedAt),
  };
  const held =
    job.status === 'completed' &&
    result.woke &&
    result.placed === 'gpu' &&
    seen.gpuVerified &&
    result.files === files.length &&
    result.fallback_vectors > 0 &&
    result.lost === 0 &&
    result.repeated === 0 &&
    search.hits.length > 0;
  return { result, job, search, gpuVerified: seen.gpuVerified, findings: verdict.findings, held };
}

/** Adds the machines as a person would, and checks them once. Returns the node id of the GPU machine. */
async function introduce(host: Host, fleet: SimulatedFleet): Promise<string> {
  const { services } = host.core;
  let tower = '';
  for (const { id, url, mac, wakeDestinations, vramBytes } of fleet.machines) {
    const node = services.fleet.add({
      name: id,
      url,
      ...(wakeDestinations.length > 0 ? { mac, wakeDestinations: [...wakeDestinations] } : {}),
      vramBytes,
    });
    if (id === 'gpu-tower') tower = node.id;
  }
  await services.fleet.probe();
  return tower;
}

async function watch({
  host,
  fleet,
  tower,
  texts,
  options,
}: {
  host: Host;
  fleet: SimulatedFleet;
  tower: string;
  texts: number;
  options: DemoOptions;
}): Promise<{ job: IndexJob; gpuVerified: boolean }> {
  const { services } = host.core;
  const machine = fleet.control.machine('gpu-tower');
  let gpuVerified = false;
  const stopFleet = services.fleet.onChange((node) => {
    if (node?.id === tower && node.state === 'gpu-verified') gpuVerified = true;
  });
  const stopPower = machine.onPowerChange((state) => {
    if (state !== 'off') return;
    const shares = services.indexing.currentJob()?.nodes ?? [];
    const vectors = shares.reduce((sum, share) => sum + share.vectors, 0);
    options.teller.powerLost({ name: 'gpu-tower', vectors, of: texts });
  });
  try {
    const { id } = services.indexing.startJob({
      sourceIds: null,
      full: false,
      rebuild: false,
      useGpu: true,
      callbackUrl: null,
    });
    for (;;) {
      options.signal.throwIfAborted();
      const job = services.indexing.job(id);
      options.teller.moment({
        job,
        tower: services.fleet.require(tower),
        wake: services.wake.progress(tower),
      });
      if (job.endedAt !== null) return { job, gpuVerified };
      await options.sleep(100);
    }
  } finally {
    stopFleet();
    stopPower();
  }
}

function disposable(scope: ReturnType<typeof createScope>) {
  return { ...scope, [Symbol.asyncDispose]: () => scope.dispose() };
}
