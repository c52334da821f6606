/** What is rare in a real fleet, from fixed values: a machine in each state, and a hundred of them. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { BrowserContext, Locator, Page } from '@playwright/test';
import { defaultSettings, type Settings } from '../../shared/models/settings.ts';
import { accessEmpty, accessFull, accessLong } from '../e2e/support/access-scenes.ts';
import { type BridgeScene, installBridge } from '../e2e/support/bridge-core.ts';
import { busy } from '../e2e/support/busy-scene.ts';
import { damaged } from '../e2e/support/damage-scenes.ts';
import { dialogScenes } from '../e2e/support/dialog-scenes.ts';
import {
  gatewayFirstRun,
  gatewayOff,
  gatewayPolicies,
  gatewayPortTaken,
  gatewayRunning,
  gatewayStaysLocal,
  otherServers,
} from '../e2e/support/gateway-scenes.ts';
import {
  immichFailing,
  immichHolding,
  immichIdle,
  immichPortTaken,
  immichWorking,
  runnerOutOfMemory,
} from '../e2e/support/immich-scenes.ts';
import { moving } from '../e2e/support/move-scenes.ts';
import { adding, everyPower } from '../e2e/support/power-scenes.ts';
import {
  requestsBusy,
  requestsGatewayOff,
  requestsGatewayOffLater,
  requestsKeeping,
  requestsNone,
  requestsOne,
  requestsPlain,
  requestsPortTaken,
  requestsThousand,
} from '../e2e/support/request-scenes.ts';
import {
  runnerFailed,
  runnerNoModel,
  runnerOff,
  runnerOne,
  runnerRefuses,
  runnersEvery,
  runnersHundred,
  runnersNone,
  runnersTwo,
} from '../e2e/support/runner-scenes.ts';
import { agentLeft, everyState, hundred, silent, vramTaken } from '../e2e/support/scenes.ts';
import {
  tasksBusy,
  tasksLoading,
  tasksNone,
  tasksNoWorker,
  tasksThousand,
} from '../e2e/support/task-scenes.ts';
import { createCamera, setDensity } from './camera.ts';
import { dist } from './core.ts';
import { drawnPicture } from './drawn-picture.ts';

/** Port 9 is never asked: the files come from the disk. */
const origin = 'http://127.0.0.1:9';
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

interface Picture {
  state: string;
  scene: BridgeScene;
  hash: string;
  compact?: boolean;
  /** What each picture begins with. Default: the page. */
  top?(page: Page): Locator;
  /** Opens what is to be seen. */
  open?(page: Page): Promise<void>;
}

const press = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();

/** Goes on in the wizard from what was found, by these buttons. */
const wizardTo =
  (...names: string[]) =>
  async (page: Page) => {
    for (const name of ['Add a node', 'Find machines', ...names])
      await page.getByRole('button', { name, exact: true }).first().click();
  };

/** Asks for what is refused because of the machine's use. */
async function shutDown(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Sleep or keep awake/ })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'Shut down' }).click();
  await page.getByRole('dialog').waitFor();
}

const gateway = (page: Page) => page.getByRole('region', { name: 'Gateway' }).first();
const whatCameThrough = (page: Page) => page.getByRole('heading', { name: 'What came through' });
const policies = (page: Page) => page.getByText('Policies while machines sleep');

/** Asks which policy applies. */
async function checkPolicy(page: Page): Promise<void> {
  await page.getByLabel('Requests for model').fill('mxbai-embed-large');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
}

/** A row that cannot be saved. */
async function wrongPolicy(page: Page): Promise<void> {
  await page.getByLabel('Use the CPU after (seconds)').fill('soon');
}
const withSettings = (own: Partial<Settings>): BridgeScene => ({
  ...everyState,
  streams: { ...everyState.streams, settings: [['settings', { ...defaultSettings, ...own }]] },
});
const doors = (page: Page) => page.getByRole('region', { name: 'API and metrics' });
const access = (page: Page) => page.getByRole('region', { name: 'Access' });

/** Fills the dialog of a new key. */
const newKey = async (page: Page) => {
  await press('Generate a key')(page);
  await page.getByRole('dialog').getByLabel('Name').fill('Backup script');
};

/** Chooses a picture with two faces, made here. */
const chooseFaces = async (page: Page) => {
  await page.getByLabel('Picture: choose a file').setInputFiles(await drawnPicture(page));
  await page
    .getByText(/found|read\./)
    .first()
    .waitFor();
};

const compare = async (page: Page) => {
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByText('dimensions').first().waitFor();
};

const pictures: readonly Picture[] = [
  ...dialogScenes,
  { state: 'runner-none', scene: runnersNone, hash: '#/runner' },
  { state: 'runner-off', scene: runnerOff, hash: '#/runner' },
  { state: 'runner-no-model', scene: runnerNoModel, hash: '#/runner' },
  { state: 'immich-working', scene: immichWorking, hash: '#/runner' },
  { state: 'immich-idle', scene: immichIdle, hash: '#/runner' },
  { state: 'immich-holding', scene: immichHolding, hash: '#/runner' },
  { state: 'immich-failing', scene: immichFailing, hash: '#/runner' },
  { state: 'immich-port-taken', scene: immichPortTaken, hash: '#/runner' },
  { state: 'immich-settings', scene: immichWorking, hash: '#/settings?setting=immich.on' },
  {
    state: 'runner-out-of-memory',
    scene: runnerOutOfMemory,
    hash: '#/runner?view=models',
    open: press(/^multilingual-e5-large on/),
  },
  { state: 'runner-one', scene: runnerOne, hash: '#/runner' },
  { state: 'runner-two', scene: runnersTwo, hash: '#/runner' },
  { state: 'runner-every', scene: runnersEvery, hash: '#/runner' },
  { state: 'runner-failed', scene: runnerFailed, hash: '#/runner' },
  { state: 'runner-hundred', scene: runnersHundred, hash: '#/runner' },
  { state: 'runner-models', scene: runnersEvery, hash: '#/runner?view=models' },
  { state: 'runner-models-empty', scene: runnerNoModel, hash: '#/runner?view=models' },
  {
    state: 'runner-model',
    scene: runnersEvery,
    hash: '#/runner?view=models',
    open: press('all-MiniLM-L6-v2-int8 on mac-mini'),
  },
  { state: 'runner-add', scene: runnersTwo, hash: '#/runner?view=models', open: press('Add a folder') },
  {
    state: 'runner-catalogue',
    scene: runnersTwo,
    hash: '#/runner?view=models',
    open: press('Download a model'),
  },
  {
    state: 'runner-consent',
    scene: runnersTwo,
    hash: '#/runner?view=models',
    open: async (page) => {
      await press('Download a model')(page);
      await press('Download all-MiniLM-L6-v2')(page);
    },
  },
  {
    state: 'runner-try',
    scene: runnersTwo,
    hash: '#/runner?view=try',
    open: async (page) => {
      await compare(page);
      await chooseFaces(page);
    },
  },
  { state: 'runner-try-empty', scene: runnerOff, hash: '#/runner?view=try' },
  { state: 'runner-bad-picture', scene: runnerRefuses, hash: '#/runner?view=try', open: chooseFaces },
  {
    state: 'runner-settings',
    scene: runnerOne,
    hash: '#/settings',
    top: (page) => page.getByRole('region', { name: 'Runner' }),
  },
  { state: 'runner-node', scene: runnersTwo, hash: '#/node/gpu-tower?tab=models' },
  { state: 'settings-doors', scene: immichWorking, hash: '#/settings', top: doors },
  {
    state: 'settings-notifications',
    scene: withSettings({
      notifications: {
        ...defaultSettings.notifications,
        quietHours: { from: 22 * 60, to: 7 * 60 },
        ntfyUrl: { set: true },
        mailServer: { set: true },
        mailTo: ['me@example.org'],
      },
    }),
    hash: '#/settings',
    top: (page) => page.getByRole('region', { name: 'Notifications' }).first(),
  },
  { state: 'settings-doors-off', scene: accessEmpty, hash: '#/settings', top: doors },
  { state: 'access-full', scene: accessFull, hash: '#/settings', top: access },
  { state: 'access-long', scene: accessLong, hash: '#/settings', top: access },
  { state: 'access-empty', scene: accessEmpty, hash: '#/settings', top: access },
  { state: 'access-new', scene: accessFull, hash: '#/settings?setting=access.keys', open: newKey },
  {
    state: 'access-secret',
    scene: accessFull,
    hash: '#/settings?setting=access.keys',
    open: async (page) => {
      await newKey(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Generate' }).click();
      await page.getByRole('button', { name: 'Copy' }).waitFor();
    },
  },
  {
    state: 'access-revoke',
    scene: accessFull,
    hash: '#/settings?setting=access.keys',
    open: async (page) => {
      await press('Revoke: Grafana')(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('dialog').getByText('HOST_UNREACHABLE').waitFor();
    },
  },
  { state: 'gateway-fleet', scene: gatewayRunning, hash: '#/fleet' },
  { state: 'gateway-first-run', scene: gatewayFirstRun, hash: '#/fleet' },
  { state: 'gateway-settings', scene: gatewayRunning, hash: '#/settings', top: gateway },
  { state: 'gateway-policies', scene: gatewayPolicies, hash: '#/settings', top: policies, open: checkPolicy },
  {
    state: 'gateway-policy-wrong',
    scene: gatewayPolicies,
    hash: '#/settings',
    top: policies,
    open: wrongPolicy,
  },
  { state: 'gateway-off', scene: gatewayOff, hash: '#/settings', top: gateway },
  { state: 'gateway-port-taken', scene: gatewayPortTaken, hash: '#/fleet' },
  { state: 'gateway-stays-local', scene: gatewayStaysLocal, hash: '#/settings', top: gateway },
  { state: 'gateway-other-servers', scene: otherServers, hash: '#/fleet' },
  { state: 'gateway-other-models', scene: otherServers, hash: '#/models' },
  { state: 'tasks-busy', scene: tasksBusy, hash: '#/tasks' },
  { state: 'tasks-none', scene: tasksNone, hash: '#/tasks' },
  { state: 'tasks-no-worker', scene: tasksNoWorker, hash: '#/tasks' },
  { state: 'tasks-thousand', scene: tasksThousand, hash: '#/tasks' },
  { state: 'tasks-loading', scene: tasksLoading, hash: '#/tasks' },
  { state: 'tasks-no-match', scene: tasksBusy, hash: '#/tasks?text=nothing-like-it' },
  { state: 'tasks-task', scene: tasksBusy, hash: '#/tasks?task=t_done' },
  { state: 'tasks-failed', scene: tasksBusy, hash: '#/tasks?task=t_failed' },
  { state: 'tasks-chosen', scene: tasksBusy, hash: '#/tasks', open: press('Choose all') },
  { state: 'tasks-add', scene: tasksBusy, hash: '#/tasks', open: press('Add a task') },
  { state: 'tasks-workers', scene: tasksBusy, hash: '#/tasks?view=workers' },
  { state: 'tasks-workers-none', scene: tasksNoWorker, hash: '#/tasks?view=workers' },
  { state: 'tasks-texts', scene: tasksBusy, hash: '#/tasks?view=texts' },
  { state: 'tasks-texts-none', scene: tasksNone, hash: '#/tasks?view=texts' },
  {
    state: 'storage',
    scene: tasksBusy,
    hash: '#/settings',
    top: (page) => page.getByRole('region', { name: 'Storage' }),
  },
  { state: 'requests-busy', scene: requestsBusy, hash: '#/requests' },
  { state: 'requests-plain', scene: requestsPlain, hash: '#/requests' },
  { state: 'requests-one', scene: requestsOne, hash: '#/requests' },
  { state: 'requests-none', scene: requestsNone, hash: '#/requests' },
  { state: 'requests-thousand', scene: requestsThousand, hash: '#/requests' },
  { state: 'requests-no-match', scene: requestsBusy, hash: '#/requests?text=nothing-like-it' },
  { state: 'requests-gateway-off', scene: requestsGatewayOff, hash: '#/requests' },
  { state: 'requests-gateway-off-later', scene: requestsGatewayOffLater, hash: '#/requests' },
  { state: 'requests-port-taken', scene: requestsPortTaken, hash: '#/requests' },
  { state: 'requests-keeping', scene: requestsKeeping, hash: '#/requests' },
  { state: 'requests-charts', scene: requestsBusy, hash: '#/requests', top: whatCameThrough },
  { state: 'request-answering', scene: requestsBusy, hash: '#/requests?request=answering' },
  { state: 'request-failed', scene: requestsBusy, hash: '#/requests?request=failed' },
  { state: 'request-waking', scene: requestsBusy, hash: '#/requests?request=waking' },
  { state: 'request-unknown', scene: requestsBusy, hash: '#/requests?request=gone' },
  {
    state: 'request-prompt',
    scene: requestsKeeping,
    hash: '#/requests?request=loaded',
    open: press('Show prompt'),
  },
  { state: 'every-state-fleet', scene: everyState, hash: '#/fleet' },
  { state: 'every-state-models', scene: everyState, hash: '#/models' },
  { state: 'every-state-node', scene: everyState, hash: '#/node/gpu-tower' },
  { state: 'every-state-waking-node', scene: everyState, hash: '#/node/lab-1' },
  { state: 'agent-left', scene: agentLeft, hash: '#/fleet' },
  { state: 'damaged-fleet', scene: damaged, hash: '#/fleet' },
  { state: 'damaged-node', scene: damaged, hash: '#/node/gpu-tower' },
  { state: 'damaged-index', scene: damaged, hash: '#/index' },
  { state: 'damaged-failures', scene: damaged, hash: '#/index?run=costly' },
  { state: 'damaged-why', scene: damaged, hash: '#/fleet', open: press(/^Why is it on\? the very/) },
  { state: 'damaged-off-anyway', scene: damaged, hash: '#/node/gpu-tower', open: shutDown },
  { state: 'add-node', scene: everyState, hash: '#/fleet', open: press('Add a node') },
  { state: 'add-folder', scene: everyState, hash: '#/index', open: press('Add a folder') },
  { state: 'menu', scene: everyState, hash: '#/fleet', open: press('More actions for lab-2') },
  {
    state: 'vram-taken-dialog',
    scene: vramTaken,
    hash: '#/node/gpu-tower?tab=models',
    open: press('Force to GPU: llama3.1:8b'),
  },
  {
    state: 'vram-taken-model',
    scene: vramTaken,
    hash: '#/node/gpu-tower?tab=models',
    open: press('Explain the placement of llama3.1:8b'),
  },
  { state: 'wedged-models', scene: moving, hash: '#/models' },
  { state: 'wedged-fleet', scene: moving, hash: '#/fleet' },
  {
    state: 'move-preview',
    scene: moving,
    hash: '#/models',
    async open(page) {
      await page.getByRole('button', { name: /^qwen2.5-coder:14b on gpu-tower/ }).click();
      await page.getByRole('button', { name: 'Force to GPU' }).click();
      await page.getByRole('region', { name: 'A move to the GPU' }).waitFor();
    },
  },
  { state: 'every-power-fleet', scene: everyPower, hash: '#/fleet' },
  { state: 'every-power-node', scene: everyPower, hash: '#/node/gpu-tower' },
  ...(['power', 'diagnosis', 'activity'] as const).map((tab) => ({
    state: `every-power-node-${tab}`,
    scene: everyPower,
    hash: `#/node/gpu-tower?tab=${tab}`,
  })),
  { state: 'sleep-menu', scene: everyPower, hash: '#/fleet', open: press(/^Sleep or keep awake: lab-3/) },
  { state: 'why-is-it-on', scene: everyPower, hash: '#/fleet', open: press(/^Why is it on\? the very/) },
  { state: 'wizard-where', scene: adding, hash: '#/fleet', open: press('Add a node') },
  { state: 'wizard-agent', scene: adding, hash: '#/fleet', open: wizardTo('Add attic') },
  {
    state: 'wizard-try',
    scene: adding,
    hash: '#/fleet',
    open: wizardTo('Add attic', 'Pair later', 'Add the node'),
  },
  { state: 'busy-fleet', scene: busy, hash: '#/fleet' },
  { state: 'busy-index', scene: busy, hash: '#/index' },
  { state: 'busy-failed', scene: busy, hash: '#/index?run=failed' },
  { state: 'busy-proof', scene: busy, hash: '#/index?run=completed' },
  { state: 'busy-models', scene: busy, hash: '#/models' },
  { state: 'busy-activity', scene: busy, hash: '#/activity' },
  { state: 'busy-node', scene: busy, hash: '#/node/gpu-tower' },
  { state: 'busy-node-gpu', scene: busy, hash: '#/node/gpu-tower?tab=gpu' },
  { state: 'busy-node-models', scene: busy, hash: '#/node/gpu-tower?tab=models' },
  { state: 'hundred-fleet', scene: hundred, hash: '#/fleet' },
  { state: 'hundred-models', scene: hundred, hash: '#/models' },
  ...['fleet', 'models', 'index', 'requests', 'runner', 'activity', 'settings'].map((name) => ({
    state: `loading-${name}`,
    scene: silent,
    hash: `#/${name}`,
  })),
  ...['fleet', 'models', 'settings', 'node/gpu-tower'].map((name) => ({
    state: `compact-${name.replace(/\/.*/, '')}`,
    scene: everyState,
    hash: `#/${name}`,
    compact: true,
  })),
];

export async function takeScenes(
  context: BrowserContext,
  folder: string,
  wanted: (state: string) => boolean,
): Promise<number> {
  let count = 0;
  for (const { state, scene, hash, compact, top, open } of pictures) {
    if (!wanted(state)) continue;
    const page = await context.newPage();
    await page.route(`${origin}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = join(dist, 'renderer', pathname === '/' ? 'index.html' : pathname);
      await route.fulfill({ body: await readFile(file), contentType: types[extname(file)] ?? 'text/plain' });
    });
    await page.addInitScript(installBridge, scene);
    await page.goto(`${origin}/${hash}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (compact) await setDensity(page, 'compact');
    await open?.(page);
    const camera = await createCamera(page, folder);
    await camera.take(state, top?.(page));
    count += camera.taken();
    await page.close();
  }
  return count;
}
