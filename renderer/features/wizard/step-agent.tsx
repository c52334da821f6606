import { useState } from 'react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { type Paired, PairForm } from '../power/pair-form.tsx';
import { detected, withFound } from './draft.ts';
import type { StepProps } from './step.ts';

/** What answers at the address, and pairing with its agent. */
export function AgentStep({ draft, update, back }: StepProps) {
  const { found, paired } = draft;
  const [by, setBy] = useState(false);
  const lines = found ? detected(found) : [];
  const next = () => update((before) => ({ ...before, step: 'details' }));

  async function onPaired(done: Paired): Promise<void> {
    update((before) => ({ ...before, paired: done, form: { ...before.form, agentUrl: done.url } }));
    // With its token the agent tells the MAC and the broadcast address of its machine.
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
          {lines.length > 0 ? 'What answers there' : 'Nothing that Pilotlight knows'}
        </h3>
        {lines.length > 0 ? (
          <ul className="mt-1 grid gap-0.5 text-[0.8125rem] text-soft" aria-label="What answers there">
            {lines.map((line) => (
              <li key={line} className="break-words [overflow-wrap:anywhere]">
                {line}
              </li>
            ))}
          </ul>
        ) : (
          <p className="mt-1 text-[0.8125rem] text-soft">
            The machine is on, but neither Ollama nor an agent answers there. Start one of them and go back,
            or write the rest yourself.
          </p>
        )}
        {found?.nodeId && (
          <p className="mt-2 text-[0.8125rem] text-flame-text">
            A machine of the fleet has this address already. Adding it again is refused.
          </p>
        )}
      </div>
      {paired ? (
        <>
          <p className="text-[0.8125rem]">
            <span className="font-medium">Paired.</span>{' '}
            <span className="text-soft">Its roles: {paired.roles.join(', ') || 'none'}.</span>
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
            No agent answers. With one, the machine sleeps by itself when nobody needs it, tells what its GPUs
            do, and its MAC address is filled in here. It can be added later on the page of the machine.
          </p>
          <Buttons>
            {back}
            <Button onClick={() => setBy(true)}>It has an agent</Button>
            <Button tone="primary" onClick={next}>
              Go on without
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
