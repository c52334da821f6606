import type { BrowserWindow, Dialog } from 'electron';
import { isPilotlightError } from '../../shared/contract/errors.ts';
import type { ShellCore } from './shell-core.ts';
import { findNode, parseWakeLink } from './wake-link.ts';

export interface WakeLinksOptions {
  dialog: Pick<Dialog, 'showMessageBox'>;
  /** The core, when it runs. */
  core: Promise<ShellCore>;
  /** Brings the window to the front and returns it, so that the question appears over it. */
  window(): BrowserWindow | null;
}

/** Handles `pilotlight://wake/NODE`: asks the person first, one question at a time. */
export function createWakeLinks({ dialog, core, window }: WakeLinksOptions): (link: string) => Promise<void> {
  let asking = false;

  async function ask(options: { message: string; detail: string; buttons: string[] }): Promise<number> {
    const settings = { type: 'question' as const, defaultId: 0, cancelId: 0, noLink: true, ...options };
    const parent = window();
    const { response } = await (parent === null
      ? dialog.showMessageBox(settings)
      : dialog.showMessageBox(parent, settings));
    return response;
  }

  async function answer(wanted: string): Promise<void> {
    const running = await core;
    const node = findNode(running.streams.fleet.values(), wanted);
    if (node === null) {
      await ask({
        message: `There is no node called “${wanted}”.`,
        detail: 'A link asked Pilotlight to wake it. Nothing was done.',
        buttons: ['Close'],
      });
      return;
    }
    const response = await ask({
      message: `Wake ${node.name}?`,
      detail: 'A link asked Pilotlight to wake it.',
      buttons: ['Cancel', 'Wake'],
    });
    if (response !== 1) return;
    try {
      await running.call('power.wake', { nodeId: node.id });
    } catch (error) {
      const { message, next } = isPilotlightError(error)
        ? error
        : { message: 'It could not be woken.', next: '' };
      await ask({ message, detail: next, buttons: ['Close'] });
    }
  }

  return async (link) => {
    const wanted = parseWakeLink(link);
    // A page that opens many links gets one question.
    if (wanted === null || asking) return;
    asking = true;
    try {
      await answer(wanted);
    } catch {
      // The core did not start, which has already been reported.
    } finally {
      asking = false;
    }
  };
}
