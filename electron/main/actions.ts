import { isPilotlightError } from '../../shared/contract/errors.ts';
import type { Notifier } from './notifier.ts';
import type { ShellCore } from './shell-core.ts';
import type { TrayAction } from './tray-model.ts';

export interface ActionsOptions {
  /** The core, when it runs. */
  core: Promise<ShellCore>;
  notifier: Pick<Notifier, 'tell'>;
  show(): void;
  quit(): void;
}

/** Does what a click in the tray asks for. What does not work is told by a notification: no window may be open. */
export function createActions({ core, notifier, show, quit }: ActionsOptions): (action: TrayAction) => void {
  async function ask(action: Extract<TrayAction, { kind: 'wake' | 'sleep' | 'index' }>): Promise<void> {
    const { call } = await core;
    if (action.kind === 'wake') await call('power.wake', { nodeId: action.nodeId });
    else if (action.kind === 'sleep') await call('simulator.sleep', { nodeId: action.nodeId });
    else await call('index.start', {});
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
