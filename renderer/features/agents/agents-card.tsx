import { useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { AgentUpdates, AgentUpdateView } from '../../../shared/models/agent-updates.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { agentUpdatesStore, useAgentUpdates } from '../../stores/agent-updates.ts';
import { useConnection } from '../../stores/connection.ts';
import { textOf } from '../../texts.ts';
import { runText, stateText, updatable } from './agents-text.ts';
import { InstallAgent } from './install-agent.tsx';

/** The versions of the agents on other machines, and updating them one at a time. */
export function AgentsCard() {
  useKeep(agentUpdatesStore);
  const live = useConnection((status) => status.state === 'live');
  const known = useAgentUpdates();
  const [error, setError] = useState<WireError | null>(null);
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` is a reason to ask again.
  useEffect(() => {
    if (!live) return;
    const controller = new AbortController();
    client.call('agents.updates', {}, { signal: controller.signal }).then(
      () => setError(null),
      (thrown: unknown) => {
        if (!controller.signal.aborted) setError(toWireError(thrown));
      },
    );
    return () => controller.abort();
  }, [live, tries]);

  return (
    <section aria-labelledby="settings-agents" className={`${cardClass} mb-4 p-4 sm:p-6`}>
      <h2 id="settings-agents" className="font-semibold">
        Agents
      </h2>
      <p className="mb-3 text-[0.8125rem] text-soft">
        Their versions, and updates. An agent that is in use is never restarted.
      </p>
      {error !== null ? (
        <Problem {...error}>
          <Button size="small" onClick={() => setTries(tries + 1)}>
            Try again
          </Button>
        </Problem>
      ) : known === null ? (
        <Loading what="the agents">
          <Skeleton className="h-24" />
        </Loading>
      ) : (
        <AgentsView known={known} live={live} onCheck={() => setTries(tries + 1)} />
      )}
      <div className="mt-4">
        <InstallAgent
          title="Install the agent on another machine"
          then="Then add the machine under Fleet, or open its page, and pair its agent with the code."
        />
      </div>
    </section>
  );
}

function AgentsView({ known, live, onCheck }: { known: AgentUpdates; live: boolean; onCheck: () => void }) {
  const { busy, run } = useAction();
  const [whenOn, setWhenOn] = useState(false);
  const running = known.run === 'running';
  const left = updatable(known);
  const begin = (nodeIds?: string[]) =>
    run(() => client.call('agents.update', { ...(nodeIds && { nodeIds }), whenOn }));
  const note = runText(known);
  if (known.agents.length === 0) return <p className="text-soft">No machine has an agent.</p>;
  return (
    <>
      <ul className="divide-y divide-line">
        {known.agents.map((agent) => (
          <AgentRow
            key={agent.nodeId}
            agent={agent}
            onUpdate={
              live &&
              !running &&
              known.version !== null &&
              (agent.state === 'old' || agent.state === 'failed')
                ? () => begin([agent.nodeId])
                : null
            }
          />
        ))}
      </ul>
      {!running && left.some(({ state }) => state === 'waiting') && (
        <label className="mt-2 flex items-center gap-2 text-[0.8125rem]">
          <input type="checkbox" checked={whenOn} onChange={(event) => setWhenOn(event.target.checked)} />
          Also update machines that are off, when they are next on
        </label>
      )}
      <div className="mt-3 flex flex-wrap items-center gap-2">
        {running ? (
          <Button
            size="small"
            disabled={!live}
            onClick={() => run(() => client.call('agents.cancelUpdates', {}))}
          >
            Cancel
          </Button>
        ) : (
          known.version !== null &&
          left.length > 0 && (
            <Button size="small" tone="primary" busy={busy} disabled={!live} onClick={() => begin()}>
              Update all to {known.version}
            </Button>
          )
        )}
        {!running && (
          <Button size="small" disabled={!live} onClick={onCheck}>
            Check
          </Button>
        )}
        <p role="status" className="min-w-0 text-[0.8125rem] text-soft">
          {note ?? (known.noRelease === null ? '' : textOf(known.noRelease))}
        </p>
      </div>
    </>
  );
}

function AgentRow({ agent, onUpdate }: { agent: AgentUpdateView; onUpdate: (() => void) | null }) {
  const { name, version, why, trouble } = agent;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <div className="min-w-0 flex-1 basis-48">
        <p className="truncate font-medium">{name}</p>
        {why !== null && <p className="text-xs text-soft">{textOf(why)}</p>}
        {trouble !== null && (
          <p className="text-xs text-trouble-text">
            {trouble.message} {trouble.next}
          </p>
        )}
      </div>
      <span className="text-[0.8125rem] text-soft">{version ?? 'unknown version'}</span>
      <span className="text-[0.8125rem]">{stateText(agent)}</span>
      {onUpdate !== null && (
        <Button size="small" aria-label={`Update the agent of ${name}`} onClick={onUpdate}>
          Update
        </Button>
      )}
    </li>
  );
}
