/** Every dialog in which something is entered, and how a person gets there. */
import type { Locator, Page } from '@playwright/test';
import { accessFull } from './access-scenes.ts';
import type { BridgeScene } from './bridge-core.ts';
import { busy } from './busy-scene.ts';
import { everyPower } from './power-scenes.ts';
import { remoteEvery } from './remote-scenes.ts';
import { runnersEvery } from './runner-scenes.ts';
import { everyState } from './scenes.ts';
import { tasksBusy } from './task-scenes.ts';

export interface DraftDialog {
  /** The file of the dialog, under `renderer/features`. */
  file: string;
  title: string | RegExp;
  scene: BridgeScene;
  hash: string;
  open(page: Page): Promise<void>;
  /** What is entered first. */
  field(dialog: Locator): Locator;
  text: string;
}

const button = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
const item = (menu: string | RegExp, name: string) => async (page: Page) => {
  await button(menu)(page);
  await page.getByRole('menuitem', { name }).click();
};
const box = (name: string | RegExp) => (dialog: Locator) => dialog.getByRole('textbox', { name });

export const draftDialogs: readonly DraftDialog[] = [
  {
    file: 'access/key-dialog.tsx',
    title: 'Generate a key',
    scene: accessFull,
    hash: '#/settings',
    open: button('Generate a key'),
    field: box(/^Name/),
    text: 'backup',
  },
  {
    file: 'fleet/node-dialog.tsx',
    title: /^Edit lab-3/,
    scene: everyPower,
    hash: '#/fleet',
    open: item(/^More actions for lab-3/, 'Edit'),
    field: box(/^Name/),
    text: 'attic',
  },
  {
    file: 'index/source-dialog.tsx',
    title: 'Add a folder',
    scene: everyState,
    hash: '#/index',
    open: button('Add a folder'),
    field: box('Folder'),
    text: '~/notes',
  },
  {
    file: 'index/source-dialog.tsx',
    title: /^Edit /,
    scene: busy,
    hash: '#/index',
    open: item(/^More actions for /, 'Edit'),
    field: box(/^Leave out/),
    text: '*.log',
  },
  {
    file: 'index/remote-dialog.tsx',
    title: 'Add a remote index',
    scene: remoteEvery,
    hash: '#/index',
    open: button('Add a remote index'),
    field: box('Address'),
    text: 'http://nas:8000',
  },
  {
    file: 'models/pull-dialog.tsx',
    title: 'Download a model',
    scene: everyState,
    hash: '#/models',
    open: button('Download a model'),
    field: (dialog) => dialog.getByRole('combobox', { name: 'Model' }),
    text: 'all-minilm',
  },
  {
    file: 'power/keep-dialog.tsx',
    title: /^Keep lab-3/,
    scene: everyPower,
    hash: '#/fleet',
    open: item(/^Sleep or keep awake: lab-3/, 'Until a set time…'),
    field: box(/^Reason/),
    text: 'a game',
  },
  {
    file: 'node/agent-card.tsx',
    title: /^Pair the agent/,
    scene: everyPower,
    hash: '#/node/gpu-tower?tab=power',
    open: button('Pair again'),
    field: box('Code or pairing line'),
    text: '123456',
  },
  {
    file: 'runner/add-model.tsx',
    title: 'Add a model',
    scene: runnersEvery,
    hash: '#/runner',
    open: button('Add a folder'),
    field: box('Folder'),
    text: '/srv/models/minilm',
  },
  {
    file: 'settings/import-dialog.tsx',
    title: /^Import/,
    scene: everyState,
    hash: '#/settings',
    open: button('Import an environment file'),
    field: box('Or paste its contents'),
    text: 'GPU_WOL_MAC=00:00:5E:00:53:01',
  },
  {
    file: 'tasks/add-dialog.tsx',
    title: 'Add a task',
    scene: tasksBusy,
    hash: '#/tasks',
    open: button('Add a task'),
    field: box(/^Addresses or text/),
    text: 'A text to keep',
  },
];

/** Dialogs with fields that lose nothing, and why. */
export const losesNothing: Readonly<Record<string, string>> = {
  'fleet/faults-dialog.tsx': 'each switch applies at once',
  'help/help-dialog.tsx': 'its field searches',
  'runner/pull-model.tsx': 'only the machine is chosen, and one click chooses it again',
  'wizard/wizard.tsx': 'what was entered is still there when it is opened again',
};
