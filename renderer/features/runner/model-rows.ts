/** The models of the runners as rows. Pure. */
import type { RunnerModel, RunnerPull, RunnerView } from '../../../shared/models/runner.ts';

export interface ModelRow {
  key: string;
  model: RunnerModel;
  runner: Pick<RunnerView, 'nodeId' | 'name' | 'state'>;
}

/** By runner in their order, then by name. A runner that does not answer keeps what it last reported. */
export function modelRows(runners: readonly RunnerView[]): ModelRow[] {
  return runners.flatMap(({ nodeId, name, state, status }) =>
    (status?.models ?? [])
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
      .map((model) => ({ key: `${nodeId} ${model.name}`, model, runner: { nodeId, name, state } })),
  );
}

export interface PullRow {
  key: string;
  pull: RunnerPull;
  nodeId: string;
  runner: string;
}

/** Downloads under way first, then the latest. */
export function pullRows(runners: readonly RunnerView[]): PullRow[] {
  return runners
    .flatMap(({ nodeId, name, pulls }) =>
      pulls.map((pull) => ({ key: `${nodeId} ${pull.name}`, pull, nodeId, runner: name })),
    )
    .toSorted(
      (a, b) =>
        Number(b.pull.state === 'running') - Number(a.pull.state === 'running') ||
        b.pull.startedAt - a.pull.startedAt,
    );
}
