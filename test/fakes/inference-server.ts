/** An inference server in memory: a test says how it answers next, and sees what it was asked. */

import type { InferenceServer, PullProgress } from '../../electron/core/ports/inference.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { serverCapabilitySchema } from '../../shared/models/fleet.ts';
import type { InstalledModel, LoadedModel } from '../../shared/models/placement.ts';

export type FakeAnswer =
  | 'serves'
  /** Never answers; ends with the caller's signal. */
  | 'hangs'
  | { fails: PilotlightError };

export interface FakeInferenceServer extends InferenceServer {
  answer: FakeAnswer;
  /** Where it is set, calls wait for it before they are answered. */
  held: Promise<void> | null;
  /** Of the latest pull, for a test to report with. */
  onProgress: ((progress: PullProgress) => void) | null;
  versionText: string;
  installedModels: InstalledModel[];
  loadedModels: LoadedModel[];
  /** What was called, in order. */
  readonly calls: string[];
  /** Calls of `loaded` under way now, and the most there ever were. */
  readonly looks: { now: number; most: number };
}

export const asleep = (): FakeAnswer => ({
  fails: new PilotlightError('HOST_UNREACHABLE', { details: { phase: 'connect', reason: 'no-route' } }),
});

export function aModel(changes: Partial<LoadedModel> = {}): LoadedModel {
  return {
    name: 'llama3.1:8b',
    digest: 'abc',
    sizeBytes: 5e9,
    vramBytes: 5e9,
    expiresAt: null,
    contextLength: 4096,
    ...changes,
  };
}

export function anInstalledModel(changes: Partial<InstalledModel> = {}): InstalledModel {
  return {
    name: 'llama3.1:8b',
    digest: 'abc',
    sizeBytes: 5e9,
    family: 'llama',
    parameterSize: '8B',
    quantization: 'Q4_K_M',
    capabilities: ['completion'],
    embeddingLength: null,
    ...changes,
  };
}

export function createFakeInferenceServer(url: string): FakeInferenceServer {
  const calls: string[] = [];
  const looks = { now: 0, most: 0 };

  async function respond<Result>(call: string, result: () => Result, signal: AbortSignal): Promise<Result> {
    calls.push(call);
    signal.throwIfAborted();
    if (server.held !== null) {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([server.held, aborted]);
    }
    if (server.answer === 'hangs') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    } else if (server.answer !== 'serves') {
      throw server.answer.fails;
    }
    return result();
  }

  const server: FakeInferenceServer = {
    product: 'Ollama',
    url,
    capabilities: new Set(serverCapabilitySchema.options),
    answer: 'serves',
    held: null,
    onProgress: null,
    versionText: '0.33.0',
    installedModels: [anInstalledModel()],
    loadedModels: [],
    calls,
    looks,
    version: (signal) => respond('version', () => server.versionText, signal),
    installed: (signal) => respond('installed', () => server.installedModels, signal),
    async loaded(signal) {
      looks.now += 1;
      looks.most = Math.max(looks.most, looks.now);
      try {
        return await respond('loaded', () => server.loadedModels, signal);
      } finally {
        looks.now -= 1;
      }
    },
    describe: (model, signal) =>
      respond(
        `describe ${model}`,
        () => ({
          capabilities: [],
          blockCount: null,
          embeddingLength: null,
          contextLength: null,
          headCount: null,
          headCountKv: null,
        }),
        signal,
      ),
    load: (model, _options, signal) => respond(`load ${model}`, () => undefined, signal),
    unload: (model, signal) => respond(`unload ${model}`, () => undefined, signal),
    pull: (model, onProgress, signal) => {
      server.onProgress = onProgress;
      return respond(`pull ${model}`, () => undefined, signal);
    },
    remove: (model, signal) => respond(`remove ${model}`, () => undefined, signal),
    embed: (model, texts, signal) =>
      respond(
        `embed ${model} ${texts.length}`,
        () => ({ vectors: texts.map(() => Float32Array.of(1)), serverMs: null }),
        signal,
      ),
  };
  return server;
}
