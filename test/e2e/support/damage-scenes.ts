/** What a panel shows after damage, and while a machine cannot say whether it is in use. */

import { fileNotice, indexNotice, rowsNotice, stateNotice } from '../../../electron/host/damage-notices.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Notice } from '../../../shared/contract/streams.ts';
import { errorMessage, fact, plainText } from '../../../shared/models/message.ts';
import { type NodePower, unknownLease } from '../../../shared/models/power.ts';
import { textOf } from '../../../shared/text/index.ts';
import { aJob, aSource } from '../../fakes/records.ts';
import type { BridgeScene } from './bridge-core.ts';
import { lease, power } from './power-scenes.ts';
import { node, scene } from './scenes.ts';

const now = Date.now();
const minute = 60_000;
const longName = 'the very old gaming computer under the desk in the cellar-02';

const notices: Notice[] = [
  stateNotice({
    keptAs: '/data/state.sqlite.corrupt-1',
    rows: { nodes: 12, sources: 3, leases: 2, jobs: 41 },
    incomplete: ['leases'],
  }),
  rowsNotice('nodes', [{ table: 'nodes', name: longName, nodeId: 'gpu-tower' }]),
  rowsNotice(
    'power_policies',
    ['gpu-tower', 'lab-1', 'lab-2', 'lab-3', 'nas', 'attic', 'cellar'].map((name) => ({
      table: 'power_policies',
      name,
      nodeId: name,
    })),
  ),
  fileNotice('index', '/data/index.corrupt-1', fact('INDEX_FOLDERS_AGAIN')),
  indexNotice({ sourceId: 'notes', code: 'INDEX_CORRUPT', keptAs: '/data/index/notes.sqlite.corrupt-1' }),
  {
    id: 'unsaved',
    code: 'DISK_FULL',
    message: fact('EVENTS_NOT_SAVED', { reason: errorMessage(new PilotlightError('DISK_FULL')) }),
    next: fact('EVENTS_ARE_KEPT'),
  },
].map(({ id, code, message, next }) => ({ id, code, message, next }));

const unknown = [
  'apt-get blocks it: Packages are being installed.',
  'Cannot tell who is logged in: busctl: Failed to connect to bus: No such file or directory.',
  'Cannot tell whether a GPU is busy: nvidia-smi failed: NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.',
  'A file with its leases or policies was damaged, so it is unknown who needs this machine. Waiting for panel-0b5f6a7e-2f5c-4b0f-9a57-5f0c1f9f3d11, panel-laptop.',
];

const { agent } = power('gpu-tower');
const tower: NodePower = power('gpu-tower', {
  leases: [
    lease('damaged', {
      ...unknownLease({ id: 'damaged', nodeId: 'gpu-tower', createdAt: now - 9 * minute }),
      mirrored: true,
    }),
  ],
  whyOn: [
    fact('LEASE_HELD', { holder: 'Pilotlight', purpose: 'a lease whose record was damaged' }),
    ...unknown.map(plainText),
  ],
  agent: agent && {
    ...agent,
    problems: [
      {
        code: 'FILE_DAMAGED',
        message: 'The file policies.json was damaged and was renamed to policies.json.corrupt-1.',
        next: 'The machine stays on until every panel has sent its policy again.',
      },
      {
        code: 'FILE_DAMAGED',
        message: 'The file agent.json was damaged and was renamed to agent.json.corrupt-1.',
        next: 'The agent runs with its defaults and command-line flags, and the machine stays on. Correct the file, put it back and restart the agent.',
      },
    ],
  },
  sleepTrouble: {
    code: 'SLEEP_NOT_BLOCKED',
    message:
      'A lease keeps this machine awake, but its system may still put it to sleep. systemd-inhibit ended with code 1: Failed to inhibit: Access denied.',
    next: 'Reinstall the agent on that machine, or set commands.inhibit in its config file.',
  },
});

const incomplete = new PilotlightError('INDEX_INCOMPLETE');
const newer = new PilotlightError('INDEX_NEWER');
const costly = errorMessage(new PilotlightError('FILE_TOO_COSTLY'));
const finished = aJob({
  id: 'costly',
  status: 'completed',
  phase: 'done',
  detail: fact('FILES_INDEXED', { done: 4166, unchanged: 0, removed: 0, failed: 3, skipped: 31 }),
  currentFile: '',
  etaMs: null,
  createdAt: now - 20 * minute,
  startedAt: now - 20 * minute,
  endedAt: now - 8 * minute,
  files: { total: 4200, done: 4166, unchanged: 0, removed: 0, failed: 3, skipped: 31 },
  failures: [
    { path: 'exports/all-mail.html', code: 'FILE_TOO_COSTLY', reason: costly },
    {
      path: 'archive/2019/a-page-with-a-very-long-name-that-a-browser-saved-with-all-of-its-scripts-and-styles.html',
      code: 'FILE_TOO_COSTLY',
      reason: costly,
    },
    { path: 'scans/old.pdf', code: 'FILE_UNREADABLE', reason: fact('FILE_CANNOT_BE_READ', { code: 'EIO' }) },
  ],
});

/** Files of this computer and of an agent were damaged, the disk is full, and a machine stays on for what is unknown. */
export const damaged: BridgeScene = scene(
  [
    node('gpu-tower', 'gpu-verified', {
      name: longName,
      agentUrl: 'http://192.168.1.7:8765',
      hasAgentToken: true,
    }),
    node('lab-1', 'serving'),
    node('lab-2', 'off'),
  ],
  {
    power: [
      ['gpu-tower', tower],
      ['lab-1', power('lab-1', { whyOn: unknown.slice(0, 2).map(plainText) })],
      ['lab-2', power('lab-2')],
    ],
    discovery: [],
    checks: [],
    jobs: [[finished.id, finished]],
    sources: [
      [
        'notes',
        aSource({
          id: 'notes',
          name: 'Notes',
          path: '/home/me/notes',
          files: 4198,
          chunks: 21_400,
          lastRun: {
            jobId: 'costly',
            status: 'completed',
            at: now - 8 * minute,
            indexed: 4166,
            failed: 3,
            unseen: 3,
          },
          trouble: { code: incomplete.code, message: incomplete.message, next: incomplete.next },
        }),
      ],
      [
        'recipes',
        aSource({
          id: 'recipes',
          name: 'Recipes that were collected over the years, and never cooked',
          path: '/home/me/a/rather/long/path/to/a/folder/that/is/deep/down/recipes',
          trouble: { code: newer.code, message: newer.message, next: newer.next },
        }),
      ],
    ],
  },
);
damaged.streams.core = [
  ['status', { version: '0.1.0', startedAt: now, simulated: false, offers: [], notices }],
];
damaged.errors = {
  'power.off': {
    code: 'IN_USE',
    message: `The machine is in use. ${unknown.join(' ')}`,
    next: 'Wait, release what holds it, or power it off all the same.',
    details: { reasons: tower.whyOn.map(textOf) },
  },
};
