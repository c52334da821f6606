import { useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { AgentView, NodePower } from '../../../shared/models/power.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { cardClass, Section } from '../../components/page.tsx';
import { WithCode } from '../../components/with-code.tsx';
import { toastDone } from '../../stores/toasts.ts';
import { PairForm } from '../power/pair-form.tsx';

const stateLabels: Record<AgentView['state'], string> = {
  unknown: 'Not reached yet',
  ok: 'Connected',
  asleep: 'Off with its machine',
  unreachable: 'Not responding',
  refused: 'Rejected the token',
};

/** A machine’s agent: its state, its roles and pairing. */
export function AgentCard({ node, power }: { node: NodeView; power: NodePower }) {
  const [pairing, setPairing] = useState(false);
  const { agent } = power;
  return (
    <Section title="Agent">
      <div className={`${cardClass} grid gap-3 px-4 py-3 text-[0.8125rem]`}>
        {agent ? (
          <>
            <p>
              <span
                className={`font-medium ${agent.state === 'refused' || agent.state === 'unreachable' ? 'text-trouble-text' : ''}`}
              >
                {stateLabels[agent.state]}
              </span>{' '}
              <span className="text-soft">
                {[agent.version, agent.roles.join(', ')].filter(Boolean).join(' · ')}
              </span>
              <span className="block font-mono text-xs break-all text-faint">{agent.url}</span>
            </p>
            {agent.trouble && (
              <p className="break-words text-soft">
                <WithCode text={`${agent.trouble.message} ${agent.trouble.next}`} />
              </p>
            )}
            {agent.problems?.map(({ message, next }) => (
              <p key={message} className="break-words text-trouble-text">
                {message}{' '}
                <span className="text-soft">
                  <WithCode text={next} />
                </span>
              </p>
            ))}
          </>
        ) : (
          <p className="text-soft">
            With Pilotlight’s agent, a machine powers itself off when idle, reports what its GPUs are doing
            and can wake other machines.
          </p>
        )}
        <div>
          <Button size="small" onClick={() => setPairing(true)}>
            {agent ? 'Pair again' : 'Pair an agent'}
          </Button>
        </div>
      </div>
      {pairing && (
        <Dialog title={`Pair the agent on ${node.name}`} onClose={() => setPairing(false)}>
          <PairForm
            url={agent?.url ?? suggested(node.url)}
            onPaired={async ({ url }) => {
              if (url !== node.agentUrl)
                await client.call('fleet.update', { nodeId: node.id, agentUrl: url });
              toastDone(`Agent on ${node.name} paired`);
              setPairing(false);
            }}
          >
            <Button onClick={() => setPairing(false)}>Cancel</Button>
          </PairForm>
        </Dialog>
      )}
    </Section>
  );
}

/** The agent’s default port on the server’s host. */
function suggested(url: string | null): string {
  const host = /^https?:\/\/(\[[^\]]+\]|[^:/]+)/.exec(url ?? '')?.[1];
  return host ? `http://${host}:8765` : '';
}
