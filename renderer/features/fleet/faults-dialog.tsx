import { useEffect, useState } from 'react';
import type { MethodResult } from '../../../shared/contract/methods.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { client } from '../../client/index.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Loading, Skeleton } from '../../components/page.tsx';
import { Switch } from '../../components/switch.tsx';
import { toastError } from '../../stores/toasts.ts';

type Fault = MethodResult<'simulator.faults'>[number];

/** Faults of a simulated machine, to try how Pilotlight handles them. */
export function FaultsDialog({ node, onClose }: { node: NodeView; onClose(): void }) {
  const [faults, setFaults] = useState<Fault[] | null>(null);

  useEffect(() => {
    const abort = new AbortController();
    client
      .call('simulator.faults', { nodeId: node.id }, { signal: abort.signal })
      .then(setFaults, (error) => {
        if (abort.signal.aborted) return;
        toastError(error);
        onClose();
      });
    return () => abort.abort();
  }, [node.id, onClose]);

  async function set(fault: Fault, on: boolean): Promise<void> {
    const show = (value: boolean) =>
      setFaults(
        (now) => now?.map((other) => (other.name === fault.name ? { ...other, on: value } : other)) ?? null,
      );
    show(on);
    try {
      await client.call('simulator.setFault', { nodeId: node.id, fault: fault.name, on });
    } catch (error) {
      show(!on);
      toastError(error);
    }
  }

  return (
    <Dialog
      shape="panel"
      title={`Simulate faults on ${node.name}`}
      description="This machine is simulated. Turn on a fault to see how Pilotlight handles it."
      onClose={onClose}
    >
      {faults === null ? (
        <Loading what="the faults">
          <div className="grid gap-2">
            <Skeleton className="h-12" />
            <Skeleton className="h-12" />
            <Skeleton className="h-12" />
          </div>
        </Loading>
      ) : (
        <ul className="divide-y divide-line">
          {faults.map((fault) => (
            <li key={fault.name} className="flex items-start gap-3 py-3">
              <label htmlFor={`fault-${fault.name}`} className="min-w-0 flex-1">
                <span className="block font-medium">{fault.name}</span>
                <span className="block text-[0.8125rem] text-soft">{fault.description}</span>
              </label>
              <Switch id={`fault-${fault.name}`} on={fault.on} onChange={(on) => void set(fault, on)} />
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
