/** onnxruntime itself: loaded when it is first needed, because it may be missing or built for another system. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { type RunnerProvider, runnerProviderSchema } from '../../../../shared/models/runner.ts';
import { createPlaneRoom, type PlaneRoom } from '../pictures/plane-room.ts';
import type { GraphValue, PictureFeed, Tensor, TensorData } from '../sessions.ts';
import type { HeldTensor, MakeTensor } from '../speech/held.ts';
import { textOfError } from './faults.ts';
import { physicalCores } from './physical-cores.ts';
import type { Answers, Feeds } from './protocol.ts';
import { createRooms } from './rooms.ts';

export type Ort = typeof import('onnxruntime-node');
export type Session = Awaited<ReturnType<Ort['InferenceSession']['create']>>;

/** Throws RUNNER_NOT_INSTALLED with the reason. */
export async function loadOrt(): Promise<Ort> {
  try {
    const loaded = (await import('onnxruntime-node')) as Ort & { default?: Ort };
    return loaded.default ?? loaded;
  } catch (error) {
    const platform = `${process.platform}-${process.arch}`;
    throw new PilotlightError('RUNNER_NOT_INSTALLED', {
      message: fact('RUNNER_FOREIGN_BINARY', { platform, reason: textOfError(error) }),
      cause: error,
    });
  }
}

interface Backend {
  name: string;
  /** It came with the package. Others are libraries that a person adds to it. */
  bundled?: boolean;
}

/** What is installed, which is not what works. @param hasLibrary whether the library of such a backend was added */
export function installedProviders(
  ort: Pick<Ort, 'listSupportedBackends'>,
  hasLibrary: (name: string) => boolean = hasProviderLibrary,
): RunnerProvider[] {
  return (ort.listSupportedBackends() as readonly Backend[])
    .filter(({ name, bundled }) => bundled !== false || hasLibrary(name))
    .map(({ name }) => runnerProviderSchema.safeParse(name).data)
    .filter((name) => name !== undefined);
}

/** Beside the binding; the folder above has the version of the binary interface in its name. */
function hasProviderLibrary(name: string): boolean {
  const file =
    process.platform === 'win32'
      ? `onnxruntime_providers_${name}.dll`
      : `libonnxruntime_providers_${name}.so`;
  try {
    const bin = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '..', 'bin');
    return readdirSync(bin).some((api) => existsSync(join(bin, api, process.platform, process.arch, file)));
  } catch {
    // Not laid out as usual: trying it shows whether it is there.
    return true;
  }
}

const FATAL_ONLY = 4;

export interface SessionChoice {
  provider: RunnerProvider;
  threads: number | null;
  /** Where its profile is written; null for none. */
  profile: string | null;
}

export function openSession(
  ort: Ort,
  file: string | Uint8Array,
  { provider, threads, profile }: SessionChoice,
): Promise<Session> {
  return (ort.InferenceSession.create as (from: unknown, options: object) => Promise<Session>)(file, {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    logSeverityLevel: FATAL_ONLY,
    // DirectML can do neither.
    ...(provider === 'dml' ? { enableMemPattern: false, executionMode: 'sequential' } : {}),
    ...threadsOf(threads),
    ...(profile === null ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    extra: provider === 'cpu' ? onCpu : onGpu,
  });
}

/**
 * Threads wait for the next part of a run in a loop, for 50 µs at most: to sleep in between costs a tenth of the speed.
 * A longer loop gains little, and takes the processor away from other programs where the machine is busy.
 *
 * A sum and its normalisation are faster as two steps: the fused one does a row's values one by one. Vectors of int8
 * models differ by it as much as they do from one kind of processor to another.
 */
const onCpu = {
  session: { intra_op: { spin_duration_us: '50' } },
  optimization: { disable_specified_optimizers: 'SkipLayerNormFusion' },
};
/** The processor waits for the device. */
const onGpu = { session: { intra_op: { allow_spinning: '0' } } };

/** With a number of its own onnxruntime binds its threads to processors, where they wait for whatever else runs there. */
function threadsOf(wanted: number | null): { intraOpNumThreads?: number } {
  const threads = wanted ?? physicalCores();
  return threads === null ? {} : { intraOpNumThreads: threads };
}

interface ValueMetadata {
  name: string;
  isTensor: boolean;
  type?: string;
  shape?: readonly (number | string)[];
}

export function valuesOf(metadata: readonly unknown[]): GraphValue[] {
  return (metadata as readonly ValueMetadata[]).map(({ name, isTensor, type = '', shape = [] }) => ({
    name,
    type: isTensor ? type : 'not a tensor',
    dims: shape.map((dim) => (dim === '' ? -1 : dim)),
  }));
}

/** Shrinks the arena after the run: what one large run needed would otherwise be held for good. */
const shrinking = { extra: { memory: { enable_memory_arena_shrinkage: 'cpu:0' } } };

const rooms = createRooms(2, { make: createPlaneRoom, bytesOf: ({ bytes }: PlaneRoom) => bytes });

function inRoom(feed: PictureFeed, taken: PlaneRoom[]): Tensor {
  // It grows where that is needed.
  const room = rooms.take(0);
  taken.push(room);
  return room.tensorOf(feed);
}

type TensorType = new (type: string, data: TensorData, dims: readonly number[]) => never;

const newTensor = (ort: Ort, type: string, data: TensorData, dims: readonly number[]): never =>
  new (ort.Tensor as unknown as TensorType)(type, type === 'float16' ? halves(data) : data, dims);

/** Tensors for `runHeld`. */
export const tensorMaker =
  (ort: Ort): MakeTensor =>
  (type, data, dims) =>
    newTensor(ort, type, data, dims);

/** A run whose answers are inputs of the next one. They are onnxruntime's own, and nothing of them is copied. */
export function runHeld(
  session: Session,
  feeds: Readonly<Record<string, HeldTensor>>,
  outputs: readonly string[],
  { shrink = false }: { shrink?: boolean } = {},
): Promise<Record<string, HeldTensor>> {
  return session.run(feeds as never, outputs, shrink ? shrinking : {}) as Promise<Record<string, HeldTensor>>;
}

export async function runSession(
  ort: Ort,
  session: Session,
  feeds: Feeds,
  { shrink = false, outputs }: { shrink?: boolean; outputs?: readonly string[] } = {},
): Promise<Answers> {
  const taken: PlaneRoom[] = [];
  const given = Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => {
      const { type, data, dims } = feed.type === 'pictures' ? inRoom(feed, taken) : feed;
      return [name, newTensor(ort, type, data, dims)];
    }),
  );
  const options = shrink ? shrinking : {};
  const answers =
    outputs === undefined ? await session.run(given, options) : await session.run(given, outputs, options);
  for (const room of taken) rooms.keep(room);
  return Object.fromEntries(
    Object.entries(answers).map(([name, { type, data, dims }]) => [
      name,
      { type: type as Tensor['type'], dims: [...dims], data: plain(data as TensorData) },
    ]),
  );
}

type HalfArrayType = new (buffer: ArrayBufferLike, at: number, length: number) => never;

const { Float16Array: HalfArray } = globalThis as unknown as { Float16Array?: HalfArrayType };

/** Where the engine has an array type for them, onnxruntime wants that one. */
function halves(data: TensorData): TensorData {
  return HalfArray === undefined ? data : new HalfArray(data.buffer, data.byteOffset, data.length);
}

/** Arrays that survive a structured clone everywhere. */
function plain(data: TensorData): TensorData {
  return HalfArray !== undefined && (data as object) instanceof HalfArray
    ? new Uint16Array(data.buffer, data.byteOffset, data.length)
    : data;
}
