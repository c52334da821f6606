/** Text models, as the shelf loads and drops them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import type { LadderNotes } from '../ladder/notes.ts';
import { chooseGraph, describeFiles, filesOf, graphsIn } from '../models/folder.ts';
import type { LoadedModel, ModelKind } from '../models/kind.ts';
import type { Sessions } from '../sessions.ts';
import { type BudgetTuner, cpuTuning, createBudgetTuner, gpuTuning } from './autotune.ts';
import { createTextEmbedder, type TextEmbedder } from './embedder.ts';
import { type LoadedText, loadText, readTextFolder } from './load.ts';
import { createOwnRuns, type OwnRuns } from './own-runs.ts';

export interface TextModel extends LoadedModel {
  readonly loaded: LoadedText;
  readonly embedder: TextEmbedder;
  /** What the queue of vectors does not make. */
  readonly ownRuns: OwnRuns;
}

export interface TextKindOptions {
  sessions: Sessions;
  /** Best provider of this machine, as far as it is known. */
  provider(): RunnerProvider;
  notes: LadderNotes;
}

export function createTextKind({ sessions, provider, notes }: TextKindOptions): ModelKind<TextModel> {
  return {
    kind: 'text',
    async recognise(folder, { precision, signal }) {
      if (graphsIn(folder).length === 0) return null;
      if (!existsSync(join(folder, 'tokenizer.json')))
        throw new PilotlightError('RUNNER_BAD_MODEL', { message: fact('RUNNER_NO_TOKENIZER', { folder }) });
      const device = provider() === 'cpu' ? 'cpu' : 'gpu';
      const graph = chooseGraph(folder, precision === 'auto' ? device : precision);
      const { config } = readTextFolder(folder);
      const files = await describeFiles(folder, filesOf(folder, [graph.path]), signal);
      return { graphs: { text: graph.path }, precision: graph.precision, files, licence: config.licence };
    },
    async load({ folder, graphs, precision, hash }) {
      const graphPath = graphs.text ?? '';
      const loaded = await loadText(sessions, { folder, graphPath, precision, hash });
      const { graph } = loaded;
      const tuners = new Map<RunnerProvider, BudgetTuner>();
      const keyOf = (device: RunnerProvider) => `${hash} ${device}`;

      /** What was learned on one device says nothing of another. */
      function tuner(): BudgetTuner {
        const device = graph.provider();
        const known = tuners.get(device);
        if (known !== undefined) return known;
        const usual = device === 'cpu' ? cpuTuning : gpuTuning;
        const made = createBudgetTuner({ ...usual, start: notes.budget(keyOf(device)) ?? usual.start });
        tuners.set(device, made);
        return made;
      }
      const embedder = createTextEmbedder(loaded, { tuner });
      return {
        loaded,
        embedder,
        ownRuns: createOwnRuns(loaded, tuner),
        dimensions: loaded.dimensions,
        maxTokens: loaded.config.maxTokens,
        provider: graph.provider,
        ladder: graph.ladder,
        waiting: () => embedder.waiting,
        isBusy: () => embedder.waiting.queries + embedder.waiting.bulk > 0,
        async close() {
          for (const [device, one] of tuners) notes.setBudget(keyOf(device), one.best());
          await graph.close();
        },
      };
    },
  };
}
