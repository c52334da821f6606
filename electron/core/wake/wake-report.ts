/** Activity entries about the end of a wake. */
import type { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { errorFact, fact } from '../../../shared/models/message.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { methodsOf, triedMethods } from './wake-methods.ts';

type Tried = WakeProgress['ways'];

export interface WakeReport {
  succeeded(
    node: NodeView,
    wake: { tried: Tried; tookMs: number; wasSilent: boolean; interrupted: boolean },
  ): void;
  failed(node: NodeView, tried: Tried, error: PilotlightError): void;
  cancelled(node: NodeView, tried: Tried): void;
}

export function createWakeReport(activity: { record(entry: NewActivityEntry): void }): WakeReport {
  return {
    succeeded(node, { tried, tookMs, wasSilent, interrupted }) {
      activity.record({
        kind: 'power',
        severity: 'success',
        message: !wasSilent
          ? fact('NODE_WAS_AWAKE', { node: node.name })
          : interrupted
            ? fact('NODE_WOKE_DURING_SLEEP', { node: node.name })
            : fact('NODE_WOKE', { node: node.name, tookMs }),
        why: triedMethods(tried),
        nodeId: node.id,
        notify: wasSilent,
      });
    },
    failed(node, tried, error) {
      activity.record({
        kind: 'power',
        severity: 'error',
        message: fact('NODE_DID_NOT_WAKE', { node: node.name }),
        why: fact('WAKE_FAILURE', { error: errorFact(error), methods: methodsOf(tried) }),
        nodeId: node.id,
        notify: true,
      });
    },
    cancelled(node, tried) {
      activity.record({
        kind: 'power',
        severity: 'info',
        message: fact('WAKE_CANCELLED', { node: node.name }),
        why: triedMethods(tried),
        nodeId: node.id,
      });
    },
  };
}
