/** How long a machine computes: embeddings one text after another, tokens of each stream independently. */
import type { SimulatorClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Speeds } from './model.ts';
import { type Runner, vramBytes } from './runner.ts';

export interface Compute {
  /** Resolves when `count` texts are embedded, after those of earlier requests on this machine. */
  embed(runner: Runner, count: number, signal: AbortSignal): Promise<void>;
  /** Resolves when one more token is generated. */
  token(runner: Runner, signal: AbortSignal): Promise<void>;
  /** Called in the middle of a stream, when a fault cuts the power. */
  dieInStream(): void;
  /** Cuts the power once this many more texts are embedded, in the middle of that request; `null` = never. */
  dieAfterTexts(count: number | null): void;
  /** Changes the embedding speed, texts per second on the GPU and on the CPU. */
  setRates(gpuTextsPerSecond: number, cpuTextsPerSecond: number): void;
  /** Texts embedded since the machine was created. */
  embeddedTexts(): number;
  busy(): boolean;
  /** The GPU's share of the present work, 0 to 1. */
  gpuShare(): number;
  reset(): void;
}

const REFERENCE_BYTES = 5_000_000_000;

export function createCompute(setup: {
  clock: SimulatorClock;
  speeds: Speeds;
  speed: number;
  faults: Faults;
  losePower: () => void;
}): Compute {
  const { clock, faults, speed } = setup;
  const speeds = { ...setup.speeds };
  let laneFreeAt = 0;
  let streams = 0;
  let share = 0;
  let embedded = 0;
  let textsLeft: number | null = null;

  const gpuShareOf = (runner: Runner) => vramBytes(runner) / runner.allocation.sizeBytes;
  /** Seconds per unit add up over the layers, so a partial placement is nearly as slow as the CPU. */
  const rate = (runner: Runner, gpu: number, cpu: number) => {
    const part = gpuShareOf(runner);
    return speed / (part / gpu + (1 - part) / cpu);
  };

  const cutOff = (count: number): number | null => {
    if (faults.is('dies-half-way')) return Math.ceil(count / 2);
    return textsLeft !== null && textsLeft < count ? textsLeft : null;
  };

  const die = () => {
    textsLeft = null;
    faults.set('dies-half-way', false);
    setup.losePower();
  };

  return {
    embed: async (runner, count, signal) => {
      const perTextMs = 1000 / rate(runner, speeds.gpuTextsPerSecond, speeds.cpuTextsPerSecond);
      share = gpuShareOf(runner);
      const start = Math.max(clock.monotonic(), laneFreeAt);
      const cut = cutOff(count);
      const end = start + (cut ?? count) * perTextMs;
      laneFreeAt = end;
      try {
        await clock.sleep(Math.max(0, end - clock.monotonic()), signal);
      } catch (error) {
        // The rest of an abandoned batch is not computed, unless others are already queued behind it.
        if (laneFreeAt === end) laneFreeAt = Math.max(start, clock.monotonic());
        throw error;
      }
      embedded += cut ?? count;
      if (cut !== null) die();
      else if (textsLeft !== null) textsLeft -= count;
    },
    token: async (runner, signal) => {
      const size = REFERENCE_BYTES / runner.model.sizeBytes;
      share = gpuShareOf(runner);
      streams += 1;
      try {
        await clock.sleep(
          1000 / (size * rate(runner, speeds.gpuTokensPerSecond, speeds.cpuTokensPerSecond)),
          signal,
        );
      } finally {
        streams -= 1;
      }
    },
    dieInStream: () => {
      if (faults.is('dies-half-way')) die();
    },
    dieAfterTexts: (count) => {
      textsLeft = count;
    },
    setRates: (gpuTextsPerSecond, cpuTextsPerSecond) => {
      Object.assign(speeds, { gpuTextsPerSecond, cpuTextsPerSecond });
    },
    embeddedTexts: () => embedded,
    busy: () => streams > 0 || laneFreeAt > clock.monotonic(),
    gpuShare: () => share,
    reset: () => {
      laneFreeAt = 0;
    },
  };
}
