import { MessageChannel } from 'node:worker_threads';
import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { createFakeElectron } from './electron.ts';

const { syncCalls } = globalThis as {
  /** From sync-calls.mjs, where a test loads it. */
  syncCalls?: { painted(): void; before: string[]; after: string[] };
};

// Plays the panel, in a process of its own: asks the core two things over its port, prints the answers, and quits.
const fake = createFakeElectron({
  onLoad(window) {
    play();
    syncCalls?.painted();
    window.emit('ready-to-show');
  },
  onExit(code) {
    if (syncCalls !== undefined) process.stdout.write(`synchronous ${JSON.stringify(syncCalls)}\n`);
    process.exit(code);
  },
});
export const {
  app,
  BrowserWindow,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
} = fake.electron;
// The worker of this computer is started as soon as the core runs.
export { utilityProcess } from '../standin/utility-process.ts';

function play(): void {
  const { port1: own, port2: handedOver } = new MessageChannel();
  const answers = new Map<string, ServerMessage>();
  const send = (message: ClientMessage) => own.postMessage(message);
  own.on('message', (message: ServerMessage) => {
    answers.set(message.type, message);
    if (!answers.has('result') || !answers.has('frame') || !answers.has('error')) return;
    process.stdout.write(`${JSON.stringify(Object.fromEntries(answers))}\n`);
    own.close();
    fake.app.quit();
  });
  fake.sendPort(handedOver);
  send({ type: 'call', id: 1, method: 'core.status', params: {} });
  send({ type: 'call', id: 2, method: 'core.secrets', params: {} });
  send({ type: 'subscribe', id: 3, stream: 'fleet', cursor: null });
}

fake.becomeReady();

export { MessageChannelMain } from '../standin/message-channel.ts';
