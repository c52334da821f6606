/** The settings of the runners. */
import type { SettingField } from './setting-field.ts';

export const runnerFields: readonly SettingField[] = [
  {
    section: 'runner',
    key: 'on',
    kind: 'switch',
    label: 'Runner of this computer',
    about: 'It starts when it is first needed. Without it, only the runners of other machines are used.',
  },
  {
    section: 'runner',
    key: 'provider',
    kind: 'choice',
    label: 'Run models on',
    about:
      'Automatic times each model on what this computer has, and uses the fastest that gives right answers.',
    options: {
      auto: 'Automatic',
      dml: 'DirectML (Windows)',
      coreml: 'CoreML (Mac)',
      cuda: 'CUDA (NVIDIA)',
      webgpu: 'WebGPU',
      cpu: 'CPU only',
    },
  },
  {
    section: 'runner',
    key: 'urls',
    kind: 'lines',
    label: 'Other runners',
    about: 'One address per line, such as http://192.168.1.30:8765. Paired agents are found without it.',
  },
  {
    section: 'runner',
    key: 'token',
    kind: 'text',
    label: 'Token of the other runners',
    about: 'Sent to the addresses above.',
  },
  {
    section: 'runner',
    key: 'batchSize',
    kind: 'number',
    label: 'Texts per request',
    about: 'How many are sent to a runner at once.',
  },
  {
    section: 'runner',
    key: 'timeoutMs',
    kind: 'seconds',
    label: 'Request timeout',
    about: 'A request that takes longer has failed, and is tried again.',
  },
  {
    section: 'runner',
    key: 'retries',
    kind: 'number',
    label: 'Tries after a failure',
    about: 'Each waits longer than the one before, and prefers another runner.',
  },
  {
    section: 'runner',
    key: 'healthIntervalMs',
    kind: 'seconds',
    label: 'Check runners every',
    about: 'A runner is left alone while its node is off.',
  },
  {
    section: 'runner',
    key: 'idleSeconds',
    kind: 'number',
    label: 'Drop unused models after (seconds)',
    about: 'They are loaded again when they are needed. 0 keeps them in memory.',
  },
  {
    section: 'runner',
    key: 'modelsFolder',
    kind: 'text',
    label: 'Folder for models',
    about: 'Where downloads are kept. Leave empty for a folder in Pilotlight’s data.',
  },
  {
    section: 'runner',
    key: 'catalogueUrl',
    kind: 'text',
    label: 'Download models from',
    about: 'The address of a mirror. Leave empty for the usual source.',
  },
];
