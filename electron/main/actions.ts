import { isPilotlightError } from '../../shared/contract/errors.ts';
import { endOfTonight } from '../../shared/evening.ts';
import type { Notifier } from './notifier.ts';
import type { ShellCore } from './shell-core.ts';
import type { KeepUntil, TrayAction } from './tray-model.ts';

/** A slip of the hand can be taken back for so long. */
const TAKE_BACK_SECONDS = 10;
const HOUR_MS = 3_600_000;

export interface ActionsOptions {
  /** The core, when it runs. */
  core: Promise<ShellCore>;
  notifier: Pick<Notifier, 'tell'>;
  show(): void;
  quit(): void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** Does what a click in the tray asks for. What does not work is told by a notification: no window may be open. */
export function createActions({
  core,
  notifier,
  show,
  quit,
  now = Date.now,
}: ActionsOptions): (action: TrayAction) => void {
  async function ask(action: Exclude<TrayAction, { kind: 'show' | 'quit' }>): Promise<void> {
    const { call } = await core;
    switch (action.kind) {
      case 'wake':
        await call('power.wake', { nodeId: action.nodeId });
        return;
      case 'off':
        await call('power.off', {
          nodeId: action.nodeId,
          action: action.action,
          countdownSeconds: TAKE_BACK_SECONDS,
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
      case 'index':
        await call('index.start', {});
    }
  }

  return (action) => {
    if (action.kind === 'show') show();
    else if (action.kind === 'quit') quit();
    else {
      ask(action).catch((error: unknown) => {
        const known = isPilotlightError(error);
        notifier.tell({
          title: known ? error.message : 'That did not work.',
          body: known ? error.next : 'The Activity page may say why.',
          page: action.kind === 'index' ? 'index' : 'fleet',
        });
      });
    }
  };
}

/** When a person's lease ends; null when they end it themselves. */
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
