/** The door for Immich in every state, from fixed values. */
import type { ImmichView } from '../../../shared/models/immich.ts';
import { fact } from '../../../shared/models/message.ts';
import { runnerModel, runnerStatus } from '../../fakes/runner-views.ts';
import { here, onDirectml, thisComputer, withRunners } from './runner-scenes.ts';
import { node } from './scenes.ts';

const now = Date.now();
const tower = { nodeId: 'tower', name: 'gpu-tower' };

const door = (patch: Partial<ImmichView> = {}): ImmichView => ({
  state: 'running',
  urls: ['http://127.0.0.1:3003', 'http://192.168.1.5:3003'],
  listening: 'network',
  problem: null,
  held: 0,
  working: 0,
  bytes: 0,
  lastWake: null,
  missing: [],
  ...patch,
});

const runners = [here(), onDirectml()];
const awake = { nodes: [thisComputer, node('gpu-tower', 'gpu-verified')] };
const asleep = { nodes: [thisComputer, node('gpu-tower', 'off')] };
const sleeping = [here(), onDirectml({ state: 'unreachable' })];

/** The machine is awake, and works. */
export const immichWorking = withRunners(runners, {
  ...awake,
  immich: door({
    working: 3,
    bytes: 9_400_000,
    lastWake: { ...tower, at: now - 600_000, outcome: 'awake', reason: null },
  }),
});

/** The machine sleeps, and nothing waits. */
export const immichIdle = withRunners(sleeping, {
  ...asleep,
  immich: door({ lastWake: { ...tower, at: now - 5_400_000, outcome: 'awake', reason: null } }),
});

export const immichHolding = withRunners(sleeping, {
  nodes: [thisComputer, node('gpu-tower', 'waking')],
  immich: door({
    held: 12,
    bytes: 41_200_000,
    lastWake: { ...tower, at: now - 21_000, outcome: 'running', reason: null },
  }),
});

/** The machine does not wake; a model is missing, and nobody said who may connect. */
export const immichFailing = withRunners(sleeping, {
  ...asleep,
  immich: door({
    urls: ['http://127.0.0.1:3003'],
    listening: 'loopback',
    held: 2,
    bytes: 6_100_000,
    problem: {
      code: 'IMMICH_STAYS_LOCAL',
      message: fact('IMMICH_STAYS_LOCAL'),
      next: fact('ADD_IMMICH_ADDRESS'),
    },
    lastWake: {
      ...tower,
      at: now - 12_000,
      outcome: 'failed',
      reason: 'gpu-tower did not answer within 3 min. Check Wake-on-LAN in its firmware.',
    },
    missing: ['clip/ViT-L-14__openai/visual', 'clip/ViT-L-14__openai/textual'],
  }),
});

export const immichPortTaken = withRunners(runners, {
  ...awake,
  immich: door({
    state: 'failed',
    urls: [],
    listening: null,
    problem: {
      code: 'PORT_IN_USE',
      message: fact('IMMICH_PORT_TAKEN', { port: 3003 }),
      next: fact('FREE_IMMICH_PORT'),
    },
  }),
});

/** A model that the device has no memory for. */
export const runnerOutOfMemory = withRunners([
  here({
    status: runnerStatus({
      models: [
        runnerModel('all-MiniLM-L6-v2-int8'),
        runnerModel('multilingual-e5-large', {
          hash: '56'.repeat(32),
          precision: 'float32',
          sizeBytes: 2_240_000_000,
          dimensions: null,
          state: 'failed',
          provider: null,
          expiresAt: null,
          problem: {
            code: 'RUNNER_OUT_OF_MEMORY',
            message: fact('TEXT', { text: 'The device has too little memory for this run.' }),
          },
        }),
      ],
    }),
  }),
]);
