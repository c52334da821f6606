import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { type Complaints, createComplaints } from '../../e2e/support/complaints.ts';
import { type Desktop, type HostName, launch } from './hosts.ts';

/** What support/probe.cjs keeps in the main process. */
export interface Probe {
  trayMenu: import('electron').Menu | null;
  notifications: import('electron').Notification[];
  questions: { message: string; detail: string; buttons: string[] }[];
  opened: string[];
  answers: number[];
  folderDialogs: import('electron').OpenDialogOptions[];
  /** What the person chooses, in this order; then nothing. */
  folders: string[];
}

declare global {
  var desktopProbe: Probe;
}

interface Fixtures {
  dataFolder: string;
  startDesktop(args?: readonly string[]): Promise<Desktop>;
  /** What the page's console and network said that they should not have. */
  complaints: Complaints;
}

export const test = base.extend<Fixtures, { host: HostName }>({
  host: ['stand-in', { option: true, scope: 'worker' }],

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from this pattern.
  dataFolder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-window-'));
    await use(join(folder, 'data'));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from this pattern.
  complaints: async ({}, use) => {
    await use(createComplaints());
  },

  startDesktop: async ({ host, dataFolder, complaints }, use) => {
    const started: Desktop[] = [];
    await use(async (args = []) => {
      const desktop = await launch(host, ['--data', dataFolder, ...args]);
      started.push(desktop);
      complaints.watch(desktop.page.context());
      return desktop;
    });
    for (const desktop of started) await desktop.kill();
  },
});

export { expect };

/** The labels of the tray's menu. */
export const trayLabels = (desktop: Desktop): Promise<string[]> =>
  desktop.evaluate(() => globalThis.desktopProbe.trayMenu?.items.map((item) => item.label) ?? [], null);

/** Clicks the first line of the tray's menu that begins so. */
export async function clickTray(desktop: Desktop, beginning: string): Promise<void> {
  await desktop.evaluate((_electron, text) => {
    const item = globalThis.desktopProbe.trayMenu?.items.find((one) => one.label.startsWith(text));
    if (item === undefined || !item.enabled) throw new Error(`Nothing to click: ${text}`);
    item.click();
  }, beginning);
}

export const questions = (desktop: Desktop): Promise<Probe['questions']> =>
  desktop.evaluate(() => globalThis.desktopProbe.questions, null);

export const windowState = (desktop: Desktop): Promise<{ visible: boolean; focused: boolean }[]> =>
  desktop.evaluate(
    ({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => ({
        visible: window.isVisible(),
        focused: window.isFocused(),
      })),
    null,
  );
