import { type ReactNode, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { PowerAction } from '../../../shared/models/power.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { putPower } from '../../stores/power.ts';
import { toastDone, toastError } from '../../stores/toasts.ts';
import { actionProgress, actionVerbs, cancelSeconds } from './power-text.ts';

/** Powers a machine off. If it is in use, lists the reasons and asks for confirmation. */
export function useOff(node: Pick<NodeView, 'id' | 'name'>): {
  busy: boolean;
  off(action: PowerAction, force?: boolean): Promise<void>;
  dialog: ReactNode;
} {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<{ action: PowerAction; error: WireError } | null>(null);

  async function off(action: PowerAction, force = false): Promise<void> {
    setBusy(true);
    try {
      putPower(
        await client.call('power.off', { nodeId: node.id, action, force, countdownSeconds: cancelSeconds }),
      );
      setRefused(null);
      toastDone(`${node.name} is ${actionProgress[action].toLowerCase()}`);
    } catch (error) {
      const wire = toWireError(error);
      if (wire.code === 'IN_USE') setRefused({ action, error: wire });
      else toastError(error);
    } finally {
      setBusy(false);
    }
  }

  const dialog = refused && (
    <Dialog
      title={`${node.name} is in use`}
      description={reasonsIn(refused.error).length > 0 ? 'Why it should stay on:' : refused.error.message}
      onClose={() => setRefused(null)}
    >
      <ul className="mb-4 grid gap-1.5">
        {reasonsIn(refused.error).map((reason) => (
          <li key={reason} className="break-words">
            {reason}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={() => setRefused(null)}>Cancel</Button>
        <Button tone="danger" busy={busy} onClick={() => off(refused.action, true)}>
          {actionVerbs[refused.action]} anyway
        </Button>
      </div>
    </Dialog>
  );
  return { busy, off, dialog };
}

/** `details.reasons`, one sentence each. */
function reasonsIn({ details }: WireError): string[] {
  const reasons: unknown = details?.reasons;
  return Array.isArray(reasons) ? [...new Set(reasons.map(String))] : [];
}
