import { useEffect, useRef } from 'react';
import { create } from 'zustand';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useAskBeforeUnload } from '../../components/use-ask-before-unload.ts';
import { type Draft, emptyDraft, isBegun, stepBefore, steps, stepTitles } from './draft.ts';
import { AgentStep } from './step-agent.tsx';
import { DetailsStep } from './step-details.tsx';
import { TryStep } from './step-try.tsx';
import { WhereStep } from './step-where.tsx';

/** Kept outside the dialog, so closing it with Escape loses nothing. */
const useDraft = create<Draft>()(() => emptyDraft);

const views = { where: WhereStep, agent: AgentStep, details: DetailsStep, try: TryStep };

/** Adds a machine: address, agent, details, then a trial wake. */
export default function Wizard({ onClose }: { onClose(): void }) {
  const draft = useDraft();
  const begun = useRef(isBegun(draft));
  const place = useRef<HTMLDivElement>(null);
  const before = stepBefore(draft);
  const View = views[draft.step];
  // Loading the page again would end what closing the dialog keeps.
  useAskBeforeUnload(isBegun(draft) && draft.nodeId === null);
  const restart = () => useDraft.setState(emptyDraft, true);

  // Each step focuses its first field, or else its first button.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the step.
  useEffect(() => {
    place.current?.querySelector<HTMLElement>('input, select, button:not([data-back])')?.focus();
  }, [draft.step]);

  const back =
    before !== null ? (
      <Button data-back onClick={() => useDraft.setState({ step: before })}>
        Back
      </Button>
    ) : isBegun(draft) && draft.nodeId === null && begun.current ? (
      <Button
        data-back
        onClick={() => {
          begun.current = false;
          restart();
        }}
      >
        {' '}
        Start over{' '}
      </Button>
    ) : null;

  return (
    <Dialog title="Add a node" onClose={onClose}>
      <ol className="mb-4 flex flex-wrap gap-x-4 gap-y-1 text-xs" aria-label="Steps">
        {steps.map((step, index) => {
          const at = steps.indexOf(draft.step);
          return (
            <li
              key={step}
              aria-current={step === draft.step ? 'step' : undefined}
              className={
                step === draft.step ? 'font-medium text-flame-text' : index < at ? 'text-soft' : 'text-faint'
              }
            >
              {index + 1}. {stepTitles[step]}
              {index < at && <span className="sr-only"> (done)</span>}
            </li>
          );
        })}
      </ol>
      <div ref={place}>
        <View
          draft={draft}
          update={(change) => useDraft.setState(change, true)}
          onClose={() => {
            if (useDraft.getState().nodeId !== null) restart();
            onClose();
          }}
          back={back}
        />
      </div>
    </Dialog>
  );
}
