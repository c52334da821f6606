/** Dialogs and parts that only open when they are asked for, and states of them that are rare. */
import type { Page } from '@playwright/test';
import type { PanelNetworkView } from '../../../shared/models/access.ts';
import type { ModelPull } from '../../../shared/models/library.ts';
import { fact } from '../../../shared/models/message.ts';
import { accessFull } from './access-scenes.ts';
import type { BridgeScene } from './bridge-core.ts';
import { busy } from './busy-scene.ts';
import { draftDialogs } from './draft-dialogs.ts';
import { everyPower } from './power-scenes.ts';
import { runnersTwo } from './runner-scenes.ts';
import { everyState } from './scenes.ts';
import { searchScene } from './search-scene.ts';

export interface DialogScene {
  state: string;
  scene: BridgeScene;
  hash: string;
  open(page: Page): Promise<void>;
}

const started = Date.now();

const press = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
const item = (menu: string | RegExp, name: string | RegExp) => async (page: Page) => {
  await press(menu)(page);
  await page.getByRole('menuitem', { name }).click();
};

const network: PanelNetworkView = {
  wish: {
    ...{ addresses: ['192.168.1.10'], port: 8790, tls: 'made', certificateFile: null, keyFile: null },
    names: ['panel.example.home'],
  },
  choices: [
    { address: '192.168.1.10', name: 'enp5s0' },
    { address: '10.8.0.2', name: 'wg0' },
  ],
  open: [{ address: '192.168.1.10', url: 'https://192.168.1.10:8790' }],
  problems: [{ address: '10.8.0.2', code: 'PORT_IN_USE', message: 'Another program uses port 8790 there.' }],
  fingerprint: Array.from({ length: 32 }, (_, index) => (index * 7).toString(16).padStart(2, '0'))
    .join(':')
    .toUpperCase(),
};
const phone: BridgeScene = {
  ...accessFull,
  results: {
    ...accessFull.results,
    'access.network': network,
    'access.pair': {
      url: `https://192.168.1.10:8790/#token=${'k7'.repeat(22)}`,
      expiresAt: Date.now() + 290_000,
    },
  },
};

const pull = (model: string, nodeId: string, patch: Partial<ModelPull>): [string, ModelPull] => [
  `${nodeId} ${model}`,
  {
    ...{ nodeId, model, copyOf: null, state: 'downloading', doneBytes: 3.1e9, totalBytes: 8.4e9 },
    ...{ bytesPerSecond: 42e6, startedAt: started, endedAt: null, sameFiles: null, problem: null },
    ...patch,
  },
];
const downloads: BridgeScene = {
  ...busy,
  streams: {
    ...busy.streams,
    pulls: [
      pull('qwen2.5-coder:14b', 'gpu-tower', {}),
      pull('hf.co/a-team-with-a-long-name/a-model-with-a-very-long-name-GGUF:Q4_K_M', 'nas', {
        state: 'checking',
        doneBytes: 8.4e9,
        bytesPerSecond: null,
      }),
      pull('llama3.1:8b', 'lab-2', { state: 'waking', totalBytes: null, doneBytes: 0, bytesPerSecond: null }),
      pull('all-minilm:latest', 'nas', {
        state: 'done',
        copyOf: 'gpu-tower',
        sameFiles: false,
        endedAt: started,
      }),
      pull('mxbai-embed-large:latest', 'gpu-tower', {
        state: 'failed',
        endedAt: started,
        problem: {
          code: 'SERVER_DISK_FULL',
          message: fact('TEXT', { text: 'The disk of gpu-tower is full.' }),
          next: fact('TEXT', { text: 'Free 5 GB there, then try again: what has arrived is kept.' }),
        },
      }),
    ],
  },
};

const estimating: BridgeScene = { ...everyState, unanswered: ['index.estimate'] };
const estimated: BridgeScene = {
  ...everyState,
  results: {
    ...everyState.results,
    'index.estimate': { files: 4213, bytes: 38_000_000, passages: 21_400, minutes: 3.4, isComplete: true },
  },
};
const estimate = async (page: Page) => {
  await press('Add a folder')(page);
  await page.getByRole('dialog').getByRole('textbox', { name: 'Folder' }).fill('~/notes');
  await page.getByRole('dialog').getByRole('button', { name: 'Estimate', exact: true }).click();
};

/** The question of each dialog in which something was entered. */
const questions = draftDialogs
  .filter(({ file }, index) => draftDialogs.findIndex((one) => one.file === file) === index)
  .map(
    ({ file, scene, hash, title, open, field, text }): DialogScene => ({
      state: `question-${file.replaceAll(/\W+/g, '-').replace(/-tsx$/, '')}`,
      scene,
      hash,
      async open(page) {
        await open(page);
        await field(page.getByRole('dialog', { name: title })).fill(text);
        await page.keyboard.press('Escape');
        await page.getByRole('alertdialog').waitFor();
      },
    }),
  );

export const dialogScenes: readonly DialogScene[] = [
  ...questions,
  {
    state: 'phone-code',
    scene: phone,
    hash: '#/settings',
    open: async (page) => {
      await press('Set up')(page);
      await press('Show a code for a phone')(page);
      await page.getByRole('img', { name: /^QR code/ }).scrollIntoViewIfNeeded();
    },
  },
  {
    state: 'models-downloads',
    scene: downloads,
    hash: '#/models',
    open: async (page) => {
      await page.getByRole('region', { name: 'Downloads' }).waitFor();
    },
  },
  {
    state: 'models-cell',
    scene: busy,
    hash: '#/models',
    open: (page) =>
      page
        .getByRole('grid')
        .getByRole('button', { name: / on .+: / })
        .first()
        .click(),
  },
  { state: 'folder-estimating', scene: estimating, hash: '#/index', open: estimate },
  {
    state: 'folder-estimated',
    scene: estimated,
    hash: '#/index',
    open: async (page) => {
      await estimate(page);
      await page.getByText(/^About 4,213/).waitFor();
    },
  },
  { state: 'index-remove', scene: busy, hash: '#/index', open: item(/^More actions for /, 'Remove') },
  { state: 'index-cancel', scene: busy, hash: '#/index', open: press('Cancel…') },
  {
    state: 'node-remove',
    scene: everyState,
    hash: '#/fleet',
    open: item('More actions for lab-2', 'Remove'),
  },
  {
    state: 'help',
    scene: everyState,
    hash: '#/fleet',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').getByRole('combobox').fill('help');
      await page.keyboard.press('Enter');
    },
  },
  {
    state: 'help-entry',
    scene: everyState,
    hash: '#/fleet',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').getByRole('combobox').fill('wake_timeout');
      await page.keyboard.press('Enter');
    },
  },
  { state: 'shortcuts', scene: everyState, hash: '#/fleet', open: (page) => page.keyboard.press('?') },
  {
    state: 'palette',
    scene: busy,
    hash: '#/fleet',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').getByRole('combobox').fill('wake');
    },
  },
  {
    state: 'crosshair',
    scene: busy,
    hash: '#/node/gpu-tower?tab=gpu',
    open: async (page) => {
      await page.getByRole('slider').first().focus();
      await page.keyboard.press('ArrowLeft');
    },
  },
  {
    state: 'search-hits',
    scene: searchScene,
    hash: '#/search?q=harbour',
    open: async (page) => {
      await page.getByRole('list', { name: 'Results' }).waitFor();
    },
  },
  {
    state: 'search-file',
    scene: searchScene,
    hash: '#/search?q=harbour',
    open: async (page) => {
      await page.getByRole('list', { name: 'Results' }).getByRole('link').first().click();
      await page.getByRole('region', { name: /^File/ }).or(page.getByRole('dialog')).first().waitFor();
    },
  },
  {
    state: 'toast-error',
    scene: everyPower,
    hash: '#/fleet',
    open: async (page) => {
      await press(/^Wake /)(page);
      await page
        .getByRole('region', { name: 'Messages' })
        .getByRole('button', { name: /^Help with/ })
        .waitFor();
    },
  },
  {
    state: 'runner-remove',
    scene: runnersTwo,
    hash: '#/runner?view=models',
    open: async (page) => {
      await page.getByRole('button', { name: / on / }).first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
];
