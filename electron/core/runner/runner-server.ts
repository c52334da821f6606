/** A runner as an inference server, for acquire and the pools. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { readPinnedName } from './pinned-name.ts';
import { installedOf, loadedOf, makesVectorsOfTexts } from './runner-view.ts';
import type { TrackedRunner } from './tracked-runner.ts';

const capabilities = new Set(['lists-models', 'says-placement', 'embeds'] as const);

/** `isFallback`: whether a CPU works because no GPU with the model is available. */
export function createRunnerServer(
  runner: TrackedRunner,
  { isFallback }: { isFallback(runner: TrackedRunner, hash: string | null): boolean },
): InferenceServer {
  const models = () => runner.status()?.models ?? [];
  const link = () => {
    if (runner.link === null) throw new PilotlightError('HOST_UNREACHABLE');
    return runner.link;
  };
  return {
    product: 'Pilotlight runner',
    url: runner.address.url ?? '',
    capabilities,
    version: async () => runner.status()?.version ?? null,
    installed: async () => models().map(installedOf),
    loaded: async () => models().flatMap(loadedOf),
    async describe(pinned) {
      const { name } = readPinnedName(pinned);
      const model = runner.model(name);
      if (model === null) throw new PilotlightError('MODEL_NOT_FOUND');
      return {
        capabilities: makesVectorsOfTexts(model) ? ['embedding'] : [],
        blockCount: null,
        embeddingLength: model.dimensions,
        contextLength: model.maxTokens,
        headCount: null,
        headCountKv: null,
      };
    },
    load: (pinned, _, signal) => link().loadModel(readPinnedName(pinned).name, signal),
    unload: (pinned, signal) => link().dropModel(readPinnedName(pinned).name, signal),
    // A runner has a catalogue of its own: see `pulls.ts`.
    pull: () => Promise.reject(new PilotlightError('NOT_SUPPORTED')),
    remove: () => Promise.reject(new PilotlightError('NOT_SUPPORTED')),
    async embed(pinned, texts, signal, { as = 'passage' } = {}) {
      const { name, hash } = readPinnedName(pinned);
      const fallback = isFallback(runner, hash);
      const { vectors } = await runner.embed({ model: name, hash, texts, as }, { fallback }, signal);
      return { vectors, serverMs: null };
    },
  };
}
