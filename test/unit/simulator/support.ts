/** A scheduler on a fake clock, with one GPU of 12 GiB unless a test says otherwise. */
import { CATALOGUE, defineModel } from '../../../electron/simulator/catalogue.ts';
import { createFaults } from '../../../electron/simulator/faults.ts';
import type { Lease } from '../../../electron/simulator/lifecycle.ts';
import {
  DEFAULT_ENVIRONMENT,
  DEFAULT_SPEEDS,
  type Environment,
  type GpuDefinition,
  type ModelDefinition,
  type Profile,
  type Speeds,
} from '../../../electron/simulator/model.ts';
import { resolveLoadOptions } from '../../../electron/simulator/options.ts';
import { createScheduler } from '../../../electron/simulator/scheduler.ts';
import { createFakeClock } from '../../fakes/clock.ts';

export const GIB = 1024 ** 3;

export const gpu = (gibibytes = 12, id = 'GPU-0'): GpuDefinition => ({
  id,
  name: 'Test GPU',
  vramBytes: gibibytes * GIB,
  baselineBytes: 0,
  boardWatts: 200,
});

/** A chat model of a round size whose cache is small, so that sizes are easy to reason about. */
export const chatModel = (name: string, gibibytes: number): ModelDefinition =>
  defineModel({
    name,
    sizeBytes: gibibytes * GIB,
    family: 'llama',
    parameterSize: '1B',
    parameterCount: 1_000_000_000,
    quantization: 'Q4_K_M',
    capabilities: ['completion'],
    blockCount: 9,
    headCount: 1,
    kvHeads: 1,
    headDim: 1,
    contextLength: 8192,
    embeddingLength: 64,
  });

export const SMALL = chatModel('small:latest', 2);
export const MIDDLE = chatModel('middle:latest', 5);
export const LARGE = chatModel('large:latest', 10);
export const EMBED = CATALOGUE.mxbaiEmbedLarge;

export interface Wish {
  options?: Record<string, unknown>;
  keepAliveMs?: number;
  signal?: AbortSignal;
}

export function schedulerOnFakeClock(
  setup: {
    profile?: Profile;
    gpus?: GpuDefinition[];
    environment?: Partial<Environment>;
    speeds?: Partial<Speeds>;
    systemMemoryBytes?: number;
  } = {},
) {
  const clock = createFakeClock();
  const faults = createFaults();
  const scheduler = createScheduler({
    profile: setup.profile ?? '0.33',
    clock,
    gpus: setup.gpus ?? [gpu()],
    systemMemoryBytes: setup.systemMemoryBytes ?? 64 * GIB,
    environment: { ...DEFAULT_ENVIRONMENT, ...setup.environment },
    speeds: { ...DEFAULT_SPEEDS, ...setup.speeds },
    speed: 1,
    faults,
  });
  scheduler.start(true);

  const ask = (model: ModelDefinition, wish: Wish = {}): Promise<Lease> =>
    scheduler.acquire({
      model,
      options: resolveLoadOptions(wish.options ?? {}, model, scheduler.defaultContext()),
      keepAliveMs: wish.keepAliveMs,
      signal: wish.signal ?? new AbortController().signal,
    });
  /** Loads and ends the request, as an empty prompt does. Moves time by as much as it takes. */
  const load = async (model: ModelDefinition, wish: Wish = {}) => {
    let outcome: { lease: Lease } | { error: unknown } | null = null;
    void ask(model, wish).then(
      (lease) => {
        outcome = { lease };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
    for (let step = 0; step < 2000 && !outcome; step += 1) await clock.advance(50);
    const settled = outcome as { lease: Lease } | { error: unknown } | null;
    if (!settled) throw new Error('the load did not end');
    if ('error' in settled) throw settled.error;
    settled.lease.release();
    return settled.lease;
  };
  const shown = (model: ModelDefinition) =>
    scheduler.loaded().find((runner) => runner.model.name === model.name);
  const names = () => scheduler.loaded().map((runner) => runner.model.name);
  return { clock, faults, scheduler, ask, load, shown, names };
}

/** The words and status of a rejection. */
export async function failure(promise: Promise<unknown>): Promise<{ status: unknown; message: string }> {
  try {
    await promise;
  } catch (error) {
    return { status: (error as { status?: unknown }).status, message: (error as Error).message };
  }
  throw new Error('it did not fail');
}
