/** The models of the runners as embedders to choose from. Pure. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { Embedder, EmbedderChoice, SourceRecord } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import type { RunnerStatus } from '../../../shared/models/runner.ts';

export type RunnerNode = Pick<NodeView, 'id' | 'name' | 'state' | 'hasGpu'> & {
  /** null if its runner never reported. */
  status: Pick<RunnerStatus, 'provider' | 'models'> | null;
};

/** One for each hash, by name. The model of a source remains a choice when no runner has it. */
export function runnerChoices(
  nodes: readonly RunnerNode[],
  sources: readonly Pick<SourceRecord, 'embedder'>[],
): EmbedderChoice[] {
  const choices = new Map<string, EmbedderChoice>();
  const choiceOf = (embedder: Extract<Embedder, { kind: 'runner' }>) => {
    const known = choices.get(embedder.hash);
    if (known !== undefined) return known;
    const label = fact('EMBEDDER_OF_RUNNER', { model: embedder.name });
    const choice: EmbedderChoice = { embedder, label, dimensions: null, nodes: [] };
    choices.set(embedder.hash, choice);
    return choice;
  };
  for (const { id, name, state, hasGpu, status } of nodes) {
    for (const model of status?.models ?? []) {
      if (model.kind !== 'text') continue;
      const choice = choiceOf({ kind: 'runner', name: model.name, hash: model.hash });
      choice.dimensions ??= model.dimensions;
      if (choice.nodes.some(({ nodeId }) => nodeId === id)) continue;
      const provider = model.provider ?? status?.provider ?? null;
      choice.nodes.push({ nodeId: id, name, awake: isServing(state), hasGpu, provider });
    }
  }
  for (const { embedder } of sources) if (embedder.kind === 'runner') choiceOf(embedder);
  const nameOf = ({ embedder }: EmbedderChoice) => (embedder.kind === 'runner' ? embedder.name : '');
  return [...choices.values()].sort((one, other) => nameOf(one).localeCompare(nameOf(other), 'en'));
}
