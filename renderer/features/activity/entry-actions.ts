/** What can be done about an entry, while it still matters. Pure. */
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';

export type EntryAction =
  | { kind: 'diagnose'; nodeId: string }
  | { kind: 'wake'; nodeId: string }
  | { kind: 'restart-ollama'; nodeId: string }
  | { kind: 'run-again'; sourceIds: string[] }
  | { kind: 'move-back'; nodeId: string; model: string; target: 'gpu' | 'cpu' };

export interface EntryFacts {
  /** The machine that it is about; null if it is about none, or that one is gone. */
  node: Pick<NodeView, 'id' | 'state' | 'canWake' | 'lastWakeError' | 'wedged' | 'gpuLost'> | null;
  /** Whether the agent of that machine may restart its Ollama. */
  mayRestartOllama: boolean;
  /** The run that it is about, and every run. */
  run: IndexJob | null;
  runs: readonly IndexJob[];
  sourceIds: ReadonlySet<string>;
  /** Newest first. */
  moves: readonly MoveRecord[];
}

const gpuCodes: ReadonlySet<string> = new Set(['NODE_LOST_GPU', 'OLLAMA_HERE_LOST_GPU']);
const actedOn: ReadonlySet<string> = new Set([
  'NODE_DID_NOT_WAKE',
  'MODEL_DOES_NOT_LOAD',
  'MODEL_MOVED',
  ...gpuCodes,
]);

/** Whether there could be any: most entries are only read. */
export const mayHaveActions = (
  { message: { code } }: Pick<ActivityEntry, 'message'>,
  run: Pick<IndexJob, 'status'> | null,
): boolean => run?.status === 'failed' || actedOn.has(code);

export function actionsOf(entry: ActivityEntry, facts: EntryFacts): EntryAction[] {
  const { node } = facts;
  const actions: EntryAction[] = [];
  if (node !== null && entry.message.code === 'NODE_DID_NOT_WAKE' && node.lastWakeError !== null) {
    actions.push({ kind: 'diagnose', nodeId: node.id });
    if (node.canWake && node.state === 'off') actions.push({ kind: 'wake', nodeId: node.id });
  }
  if (node !== null && isOllamaTrouble(entry, node) && facts.mayRestartOllama) {
    actions.push({ kind: 'restart-ollama', nodeId: node.id });
  }
  const sourceIds = failedSources(facts);
  if (sourceIds.length > 0) actions.push({ kind: 'run-again', sourceIds });
  const move = lastMove(entry, facts);
  if (move !== null) actions.push(move);
  return actions;
}

const isOllamaTrouble = (
  { message: { code } }: ActivityEntry,
  { wedged, gpuLost }: NonNullable<EntryFacts['node']>,
): boolean => (gpuCodes.has(code) && gpuLost !== null) || (code === 'MODEL_DOES_NOT_LOAD' && wedged !== null);

/** The folders of a failed run that are still there and were not run since. */
function failedSources({ run, runs, sourceIds }: EntryFacts): string[] {
  if (run?.status !== 'failed') return [];
  return run.sourceIds.filter(
    (id) =>
      sourceIds.has(id) &&
      !runs.some((other) => other.createdAt > run.createdAt && other.sourceIds.includes(id)),
  );
}

/** Back to where it was; null unless it was between GPU and CPU, and is the newest of that model on that machine. */
function lastMove(entry: ActivityEntry, { node, moves }: EntryFacts): EntryAction | null {
  if (node === null || entry.message.code !== 'MODEL_MOVED') return null;
  const { model } = entry.message.params;
  const move = moves.find(
    (one) => one.nodeId === node.id && one.model === model && one.outcome !== 'already-right',
  );
  if (move === undefined || move.outcome !== 'moved' || Math.abs(move.at - entry.at) > SLACK_MS) return null;
  if (move.from !== 'gpu' && move.from !== 'cpu') return null;
  return move.from === move.wanted
    ? null
    : { kind: 'move-back', nodeId: node.id, model: move.model, target: move.from };
}

/** Between the time of a move and that of its entry. */
const SLACK_MS = 10_000;
