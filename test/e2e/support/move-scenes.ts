/** A wedged machine, and a move that concerns others. */
import { fact } from '../../../shared/models/message.ts';
import type { MovePreview } from '../../../shared/models/move-preview.ts';
import type { Explanation } from '../../../shared/models/placement.ts';
import type { BridgeScene } from './bridge-core.ts';
import { power } from './power-scenes.ts';
import { model, node, scene } from './scenes.ts';

const explanation: Explanation = {
  nodeId: 'gpu-tower',
  model: 'qwen2.5-coder:14b',
  placement: 'cpu',
  wanted: null,
  right: true,
  reason: fact('STAYS_BY_MODELFILE', { placement: 'cpu', gpuShare: 0 }),
  evicts: [],
  next: fact('CHANGE_MODELFILE_OR_FORCE'),
  code: 'PINNED',
};

const preview: MovePreview = {
  nodeId: 'gpu-tower',
  nodeName: 'gpu-tower',
  model: 'qwen2.5-coder:14b',
  target: 'gpu',
  from: 'cpu',
  outcome: 'move',
  code: null,
  reason: null,
  evicts: [{ model: 'llama3.1:8b', vramBytes: 6.4e9 }],
  room: { neededBytes: 12.1e9, measured: true, spareBytes: 9.6e9 },
  duration: { by: 'loads', ms: 8400, loads: 4 },
  waits: [
    { model: 'qwen2.5-coder:14b', inFlight: 0, queued: 2, perMinute: 1.4, programs: ['Continue'] },
    { model: 'llama3.1:8b', inFlight: 3, queued: 0, perMinute: 12, programs: ['Open WebUI', 'n8n'] },
  ],
  otherPanels: [{ holder: 'Pilotlight on laptop', models: ['llama3.1:8b'], seenSeconds: 12 }],
  warnings: [fact('LOST_BY_MODELFILE_CPU')],
};

export const moving: BridgeScene = (() => {
  const made = scene(
    [
      node('gpu-tower', 'gpu-verified', {
        loaded: [
          model('llama3.1:8b', { sizeBytes: 6.4e9, vramBytes: 6.4e9, priority: true }),
          model('qwen2.5-coder:14b', {
            sizeBytes: 12.1e9,
            placement: 'cpu',
            gpuShare: 0,
            vramBytes: 0,
            modelfileLayers: 0,
          }),
        ],
      }),
      node('lab-2', 'serving', {
        wedged: {
          since: Date.now() - 240_000,
          model: 'llama3.1:8b',
          reason: fact('LOADS_DO_NOT_END', { model: 'llama3.1:8b' }),
          next: fact('RESTART_OLLAMA_FOR_LOADS'),
        },
        loaded: [model('mxbai-embed-large:latest', { sizeBytes: 0.72e9, vramBytes: 0.72e9 })],
      }),
      node('attic', 'serving', {
        wedged: {
          since: Date.now() - 240_000,
          model: 'llama3.1:8b',
          reason: fact('LOADS_DO_NOT_END', { model: 'llama3.1:8b' }),
          next: fact('RESTART_OLLAMA_FOR_LOADS_BY_HAND', { here: false, agent: false }),
        },
      }),
    ],
    { power: [['lab-2', power('lab-2')]] },
  );
  return { ...made, results: { ...made.results, 'models.preview': preview, 'models.explain': explanation } };
})();
