import { isPilotlightError } from '../../shared/contract/errors.ts';
import { endOfTonight } from '../../shared/evening.ts';
import type { Notifier } from './notifier.ts';
import type { ShellCore } from './shell-core.ts';
import type { KeepUntil, TrayAction } from './tray-model.ts';

/** A click by mistake can be cancelled for this long. */
const CANCEL_SECONDS = 10;
const HOUR_MS = 3_600_000;

export interface ActionsOptions {
  /** The core, when it runs. */
  core: Promise<ShellCore>;
  notifier: Pick<Notifier, 'notify'>;
  show(): void;
  copy(text: string): void;
  quit(): void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** Carries out clicks in the tray. A failure shows a notification, because no window may be open. */
export function createActions({
  core,
  notifier,
  show,
  copy,
  quit,
  now = Date.now,
}: ActionsOptions): (action: TrayAction) => void {
  async function carryOut(action: Exclude<TrayAction, { kind: 'show' | 'quit' | 'copy' }>): Promise<void> {
    const { call } = await core;
    switch (action.kind) {
      case 'wake':
        await call('power.wake', { nodeId: action.nodeId });
        return;
      case 'off':
        await call('power.off', {
          nodeId: action.nodeId,
          action: action.action,
          countdownSeconds: CANCEL_SECONDS,
        });
        return;
      case 'cancel-off':
        await call('power.cancelOff', { nodeId: action.nodeId });
        return;
      case 'keep':
        await call('power.keepAwake', { nodeId: action.nodeId, until: endOf(action.until, now()) });
        return;
      case 'release':
        await call('power.release', { nodeId: action.nodeId, leaseId: action.leaseId });
        return;
      case 'restart-ollama':
        await call('power.restartOllama', { nodeId: action.nodeId });
        return;
      case 'index':
        await call('index.start', {});
    }
  }

  return (action) => {
    if (action.kind === 'show') show();
    else if (action.kind === 'quit') quit();
    else if (action.kind === 'copy') copy(action.text);
    else {
      carryOut(action).catch((error: unknown) => {
        const known = isPilotlightError(error);
        notifier.notify({
          title: known ? error.message : 'That did not work.',
          body: known ? error.next : 'Check the Activity page for details.',
          page: action.kind === 'index' ? 'index' : 'fleet',
        });
      });
    }
  };
}

/** When the lease ends; null for one that the person releases. */
function endOf(until: KeepUntil, now: number): number | null {
  switch (until) {
    case 'one-hour':
      return now + HOUR_MS;
    case 'two-hours':
      return now + 2 * HOUR_MS;
    case 'tonight':
      return endOfTonight(now);
    case 'released':
      return null;
  }
}
