import { useState } from 'react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { InstallAgent } from '../agents/install-agent.tsx';
import { type Paired, PairForm } from '../power/pair-form.tsx';
import { detected, withFound } from './draft.ts';
import type { StepProps } from './step.ts';

/** What responds at the address, and pairing with its agent. */
export function AgentStep({ draft, update, back }: StepProps) {
  const { found, paired } = draft;
  const [by, setBy] = useState(false);
  const lines = found ? detected(found) : [];
  const next = () => update((before) => ({ ...before, step: 'details' }));

  async function onPaired(done: Paired): Promise<void> {
    update((before) => ({ ...before, paired: done, form: { ...before.form, agentUrl: done.url } }));
    // Once paired, the agent reports the MAC and broadcast address of its machine.
    const again = await client
      .call('discovery.inspect', { address: draft.address || done.url })
      .catch(() => null);
    update((before) => {
      const more = again ? withFound(before, again) : before;
      return { ...more, paired: done, form: { ...more.form, agentUrl: done.url }, step: 'details' };
    });
  }

  return (
    <div className="grid gap-4">
      <div>
        <h3 className="font-medium">
          {lines.length > 0
            ? 'Found at this address'
            : found?.problem
              ? 'The server at this address cannot be used'
              : 'Nothing found at this address'}
        </h3>
        {lines.length > 0 ? (
          <ul className="mt-1 grid gap-0.5 text-[0.8125rem] text-soft" aria-label="Found at this address">
            {lines.map((line) => (
              <li key={line} className="break-words [overflow-wrap:anywhere]">
                {line}
              </li>
            ))}
          </ul>
        ) : found?.problem ? null : (
          <p className="mt-1 text-[0.8125rem] text-soft">
            The machine is on, but neither Ollama nor an agent responds. Start one of them and go back, or
            enter the details yourself.
          </p>
        )}
        {found?.problem && (
          <div className="mt-2">
            <Problem compact message={found.problem.message} next={found.problem.next} />
          </div>
        )}
        {found?.nodeId && (
          <p className="mt-2 text-[0.8125rem] text-flame-text">
            A machine in the fleet already has this address, so it cannot be added again.
          </p>
        )}
      </div>
      {paired ? (
        <>
          <p className="text-[0.8125rem]">
            <span className="font-medium">Paired.</span>{' '}
            <span className="text-soft">Roles: {paired.roles.join(', ') || 'none'}.</span>
          </p>
          <Buttons>
            {back}
            <Button tone="primary" onClick={next}>
              Next
            </Button>
          </Buttons>
        </>
      ) : found?.agent || by ? (
        <PairForm url={found?.agent?.url ?? draft.form.agentUrl} onPaired={onPaired}>
          {back}
          <Button onClick={next}>Pair later</Button>
        </PairForm>
      ) : (
        <>
          <p className="text-[0.8125rem] text-soft">
            No agent responds. With one, the machine powers itself off when idle, reports what its GPUs are
            doing, and fills in its MAC address here. You can add one later on the machine’s page.
          </p>
          <InstallAgent
            title="Install the agent"
            address={found?.address ?? draft.address}
            then="Then choose “Pair an agent” here, and enter the code."
          />
          <Buttons>
            {back}
            <Button onClick={() => setBy(true)}>Pair an agent</Button>
            <Button tone="primary" onClick={next}>
              {' '}
              Continue without{' '}
            </Button>
          </Buttons>
        </>
      )}
    </div>
  );
}

const Buttons = ({ children }: { children: React.ReactNode }) => (
  <div className="flex flex-wrap justify-end gap-2">{children}</div>
);
