import { useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { FoundMachine, Network } from '../../../shared/models/discovery.ts';
import { formatCount, plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { Progress } from '../../components/meter.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { discoveryStore, useDiscovery } from '../../stores/discovery.ts';
import { useFleet } from '../../stores/fleet.ts';
import { textOf } from '../../texts.ts';
import { foundByText } from './draft.ts';

/** Searches for machines on request, and only on the networks the user selects. */
export function FindMachines({ onChoose }: { onChoose(found: FoundMachine): void }) {
  useKeep(discoveryStore);
  const discovery = useDiscovery();
  const [open, setOpen] = useState(false);
  const [networks, setNetworks] = useState<readonly Network[] | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<WireError | null>(null);
  const { busy, run } = useAction();
  const running = discovery?.state === 'running';
  const found = discovery?.found ?? [];

  useEffect(() => {
    if (!open) return;
    const abort = new AbortController();
    client.call('discovery.networks', {}, { signal: abort.signal }).then(setNetworks, (failure) => {
      if (!abort.signal.aborted) setError(toWireError(failure));
    });
    return () => abort.abort();
  }, [open]);

  async function search(): Promise<void> {
    setError(null);
    try {
      await client.call('discovery.start', { subnets: [...ticked] });
    } catch (failure) {
      setError(toWireError(failure));
    }
  }

  const statusText = discovery
    ? `${running ? 'Searching' : discovery.state === 'cancelled' ? 'Cancelled' : 'Done'}: ${plural(found.length, 'machine')} found`
    : '';
  return (
    <section aria-label="Find machines" className="mt-4 border-t border-line pt-4">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="rounded font-medium underline decoration-dotted underline-offset-4 hover:text-flame-text"
      >
        Find machines
      </button>
      {open && (
        <div className="mt-3 grid gap-3">
          <p className="text-[0.8125rem] text-soft">
            Listens for agents that announce themselves and reads this computer’s list of nearby devices. On
            each network you select, ports 11434, 8765 and 9753 of every address are checked once. Nothing
            else is sent.
          </p>
          {error && <Problem compact {...error} />}
          <fieldset className="grid gap-1" disabled={running}>
            <legend className="mb-1 text-[0.8125rem] font-medium">This computer’s networks</legend>
            {networks?.length === 0 && <p className="text-[0.8125rem] text-soft">No networks found.</p>}
            {networks?.map((network) => (
              <label key={network.subnet} className="flex min-h-7 items-center gap-2 text-[0.8125rem]">
                <input
                  type="checkbox"
                  className="size-4 shrink-0 accent-(--flame)"
                  disabled={network.tooLarge}
                  checked={ticked.has(network.subnet)}
                  onChange={(event) => {
                    const next = new Set(ticked);
                    if (event.target.checked) next.add(network.subnet);
                    else next.delete(network.subnet);
                    setTicked(next);
                  }}
                />
                <span className="min-w-0">
                  <span className="font-mono">{network.subnet}</span>{' '}
                  <span className="text-faint">
                    {network.interface} · {formatCount(network.hosts)} addresses
                    {network.tooLarge ? ': too many to check' : ''}
                  </span>
                </span>
              </label>
            ))}
          </fieldset>
          {running && discovery ? (
            <div className="flex items-center gap-3">
              <Progress
                value={discovery.total > 0 ? discovery.done / discovery.total : null}
                label="Searching for machines"
                valueText={`${formatCount(discovery.done)} of ${formatCount(discovery.total)} steps`}
              />
              <Button size="small" busy={busy} onClick={() => run(() => client.call('discovery.cancel', {}))}>
                Cancel
              </Button>
            </div>
          ) : (
            <div>
              <Button size="small" onClick={search}>
                {discovery && discovery.state !== 'never' ? 'Search again' : 'Search'}
              </Button>
            </div>
          )}
          {found.length > 0 && (
            <ul className="divide-y divide-line rounded-lg border border-line" aria-label="Machines found">
              {found.map((machine) => (
                <Found key={machine.address} machine={machine} onChoose={onChoose} />
              ))}
            </ul>
          )}
          {discovery && !running && discovery.state !== 'never' && found.length === 0 && (
            <p className="text-[0.8125rem] text-soft">
              No machines found. One that is off cannot be found; enter its address instead.
            </p>
          )}
          {discovery?.notes.map((note) => (
            <p key={JSON.stringify(note)} className="text-xs break-words text-faint">
              {textOf(note)}
            </p>
          ))}
          <LiveRegion message={statusText} everyMs={3000} />
        </div>
      )}
    </section>
  );
}

function Found({ machine, onChoose }: { machine: FoundMachine; onChoose(found: FoundMachine): void }) {
  const known = useFleet((state) =>
    machine.nodeId === null ? null : (state.entries[machine.nodeId] ?? null),
  );
  const name = machine.name ?? machine.address;
  const has = [
    machine.ollama ? (machine.ollama.product ?? 'Ollama') : '',
    machine.agent ? 'agent' : '',
    machine.relayUrl ? 'relay' : '',
    machine.shutdownUrl ? 'shutdown server' : '',
  ].filter(Boolean);
  return (
    <li className="flex items-center gap-3 px-3 py-2 text-[0.8125rem]">
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{name}</p>
        <p className="text-xs break-words text-faint">
          {[machine.name ? machine.address : '', ...has, foundByText(machine)].filter(Boolean).join(' · ')}
        </p>
        {machine.problem && (
          <p className="text-xs break-words text-trouble-text">{machine.problem.message}</p>
        )}
      </div>
      {known ? (
        <span className="shrink-0 text-xs text-faint">already added</span>
      ) : (
        <Button size="small" aria-label={`Add ${name}`} onClick={() => onChoose(machine)}>
          Add
        </Button>
      )}
    </li>
  );
}
