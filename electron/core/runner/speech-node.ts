/** This computer's runner as a node of the gateway's table, for its speech models. Pure. */
import type { RunnerModel } from '../../../shared/models/runner.ts';
import type { TableModel, TableNode } from '../gateway/model.ts';
import { isOnGpu } from './runner-view.ts';
import type { TrackedRunner } from './tracked-runner.ts';

/**
 * No node of the fleet: this computer may have another server, too. It is also the name that pages show. Runners of other
 * machines want the token of their agent, which the gateway has not.
 */
export const RUNNER_NODE = 'runner';

const isUsable = ({ kind, state }: RunnerModel) => kind === 'speech' && state !== 'failed';

/** null if it has no speech model, or does not run. */
export function speechNode(
  runners: readonly Pick<TrackedRunner, 'address' | 'status' | 'usable' | 'reach'>[],
): TableNode | null {
  const runner = runners.find(({ address }) => address.from === 'this-computer');
  const status = runner?.status() ?? null;
  const models = status?.models.filter(isUsable) ?? [];
  if (runner === undefined || status === null || runner.address.url === null || models.length === 0)
    return null;
  return {
    id: RUNNER_NODE,
    name: RUNNER_NODE,
    url: runner.address.url,
    dialects: ['openai'],
    serverVersion: status.version,
    // While it gets ready it answers how long to wait, which is truer than that it sleeps.
    serving: runner.usable() || runner.reach() === 'not-ready',
    hasGpu: status.provider !== 'cpu',
    installed: models.map(installedOf),
    loaded: models.flatMap((model) => (model.state === 'ready' ? [loadedOf(model)] : [])),
    saysPlacement: true,
    vram: { totalBytes: null, usedBytes: null },
    slots: null,
    moving: [],
  };
}

const installedOf = (model: RunnerModel): TableModel => ({
  name: model.name,
  digest: model.hash,
  sizeBytes: model.sizeBytes,
  modifiedAt: null,
  parentModel: '',
  format: 'onnx',
  family: 'whisper',
  families: null,
  parameterSize: '',
  quantization: model.precision,
  capabilities: ['transcription'],
  contextLength: null,
  embeddingLength: null,
  cloud: false,
});

const loadedOf = (model: RunnerModel): TableNode['loaded'][number] => ({
  name: model.name,
  digest: model.hash,
  sizeBytes: model.sizeBytes,
  vramBytes: isOnGpu(model) ? model.sizeBytes : 0,
  expiresAt: model.expiresAt,
  contextLength: null,
  gpuShare: isOnGpu(model) ? 1 : 0,
});
