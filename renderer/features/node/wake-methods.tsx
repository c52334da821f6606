import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { cardClass, Section } from '../../components/page.tsx';
import { useFleet } from '../../stores/fleet.ts';
import { moved, readCommand, wakeMethodLabel } from '../power/power-text.ts';

/** The wake methods of a machine, in the order they are tried. */
export function WakeMethods({ node }: { node: NodeView }) {
  const nodes = useFleet((state) => state.entries);
  const [methods, setMethods] = useState<readonly WakeWay[] | null>(null);
  const [problem, setProblem] = useState('');
  const [announcement, setAnnouncement] = useState('');
  const [adding, setAdding] = useState(false);
  const list = useRef<HTMLOListElement>(null);
  // Where the focus goes once an entry has moved.
  const focus = useRef<string | null>(null);
  const shown = methods ?? node.wakeWays;
  const labelOf = (method: WakeWay) => wakeMethodLabel(method, (id) => nodes[id]?.name ?? null);

  // The answer counts until the stream delivers a new value.
  const streamed = JSON.stringify(node.wakeWays);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the new value is read where it is shown.
  useEffect(() => setMethods(null), [streamed]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows each new order.
  useEffect(() => {
    if (focus.current === null) return;
    const button = list.current?.querySelector<HTMLButtonElement>(`[data-move="${focus.current}"]`);
    if (button?.disabled)
      button.parentElement?.querySelector<HTMLButtonElement>('button:not(:disabled)')?.focus();
    else button?.focus();
    focus.current = null;
  }, [shown]);

  async function save(next: readonly WakeWay[], said: string): Promise<boolean> {
    setMethods(next);
    setProblem('');
    try {
      const saved = await client.call('fleet.update', { nodeId: node.id, wakeWays: [...next] });
      setMethods(saved.wakeWays);
      setAnnouncement(said);
      return true;
    } catch (error) {
      const wire = toWireError(error);
      setMethods(null);
      setProblem(`${wire.message} ${wire.next}`);
      return false;
    }
  }

  function move(index: number, by: -1 | 1): void {
    const method = shown[index];
    if (!method) return;
    focus.current = `${index + by}:${by}`;
    void save(moved(shown, index, by), `${labelOf(method)}: now method ${index + by + 1} of ${shown.length}`);
  }

  return (
    <Section title="Wake methods" aside="Tried in order">
      <div className={`${cardClass} p-4`}>
        <ol ref={list} className="grid gap-1" aria-label="Wake methods">
          {shown.map((method, index) => (
            <li key={JSON.stringify(method)} className="flex items-center gap-1 text-[0.8125rem]">
              <span className="w-5 shrink-0 text-faint">{index + 1}.</span>
              <span className="min-w-0 flex-1 break-words [overflow-wrap:anywhere]">{labelOf(method)}</span>
              {shown.length > 1 && (
                <span className="flex shrink-0">
                  <Button
                    size="icon"
                    tone="quiet"
                    data-move={`${index}:-1`}
                    disabled={index === 0}
                    aria-label={`Try earlier: ${labelOf(method)}`}
                    onClick={() => move(index, -1)}
                  >
                    <ArrowUp size={14} aria-hidden="true" />
                  </Button>
                  <Button
                    size="icon"
                    tone="quiet"
                    data-move={`${index}:1`}
                    disabled={index === shown.length - 1}
                    aria-label={`Try later: ${labelOf(method)}`}
                    onClick={() => move(index, 1)}
                  >
                    <ArrowDown size={14} aria-hidden="true" />
                  </Button>
                  <Button
                    size="icon"
                    tone="quiet"
                    aria-label={`Remove: ${labelOf(method)}`}
                    onClick={() =>
                      save(
                        shown.filter((_, other) => other !== index),
                        `${labelOf(method)}: removed`,
                      )
                    }
                  >
                    <X size={14} aria-hidden="true" />
                  </Button>
                </span>
              )}
            </li>
          ))}
        </ol>
        {problem && (
          <p role="alert" className="mt-2 text-[0.8125rem] text-trouble-text">
            {problem}
          </p>
        )}
        {adding ? (
          <AddWakeMethod
            node={node}
            onAdd={async (method) => {
              if (await save([...shown, method], `${labelOf(method)}: added`)) setAdding(false);
            }}
            onClose={() => setAdding(false)}
          />
        ) : (
          shown.length < 8 && (
            <Button size="small" className="mt-3" onClick={() => setAdding(true)}>
              {' '}
              Add a wake method{' '}
            </Button>
          )
        )}
        <LiveRegion message={announcement} everyMs={500} />
      </div>
    </Section>
  );
}

const kinds = {
  direct: 'Magic packets from this computer',
  agent: 'Agent on another machine',
  relay: 'An existing relay',
  command: 'A command on this computer',
} as const;

function AddWakeMethod({
  node,
  onAdd,
  onClose,
}: {
  node: NodeView;
  onAdd(method: WakeWay): Promise<void>;
  onClose(): void;
}) {
  const others = useFleet((state) => state.entries);
  const agents = Object.values(others).filter((other) => other.id !== node.id && other.agentUrl !== null);
  const hasDirect = node.wakeWays.some(({ kind }) => kind === 'direct');
  const [kind, setKind] = useState<WakeWay['kind']>(agents.length > 0 ? 'agent' : 'relay');
  const [text, setText] = useState('');
  const [error, setError] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('select')?.focus(), []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const command = readCommand(text);
    if (kind === 'direct') void onAdd({ kind });
    else if (kind === 'agent') {
      const nodeId = text || agents[0]?.id;
      if (nodeId) void onAdd({ kind, nodeId });
      else setError('No other machine has an agent. Pair one first.');
    } else if (kind === 'relay') {
      if (/^https?:\/\/\S+$/.test(text.trim())) void onAdd({ kind, url: text.trim() });
      else setError('Enter its address, for example http://192.168.1.2:9753.');
    } else if (command.length > 0) void onAdd({ kind, command });
    else setError('Enter a program and its arguments. They do not go through a shell.');
  }

  return (
    <form ref={form} onSubmit={submit} noValidate className="mt-3 grid gap-2 border-t border-line pt-3">
      <SelectField
        label="Method"
        value={kind}
        onChange={(event) => {
          setKind(event.target.value as WakeWay['kind']);
          setText('');
          setError(undefined);
        }}
      >
        {(Object.keys(kinds) as WakeWay['kind'][]).map((one) => (
          <option key={one} value={one} disabled={one === 'direct' && hasDirect}>
            {kinds[one]}
          </option>
        ))}
      </SelectField>
      {kind === 'agent' && (
        <SelectField
          label="Machine"
          error={error}
          value={text || (agents[0]?.id ?? '')}
          onChange={(event) => setText(event.target.value)}
        >
          {agents.length === 0 && <option value="">No other machine has an agent</option>}
          {agents.map((other) => (
            <option key={other.id} value={other.id}>
              {other.name}
            </option>
          ))}
        </SelectField>
      )}
      {(kind === 'relay' || kind === 'command') && (
        <TextField
          label={kind === 'relay' ? 'Relay address' : 'Command'}
          hint={
            kind === 'relay'
              ? 'For example http://192.168.1.2:9753. Set its token with Edit.'
              : 'A program and its arguments, run without a shell. Quote arguments that contain spaces.'
          }
          mono
          error={error}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setError(undefined);
          }}
        />
      )}
      <div className="flex justify-end gap-2">
        <Button size="small" onClick={onClose}>
          Cancel
        </Button>
        <Button size="small" type="submit" tone="primary">
          {' '}
          Add{' '}
        </Button>
      </div>
    </form>
  );
}
