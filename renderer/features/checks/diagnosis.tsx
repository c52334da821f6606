import type { NodeView } from '../../../shared/models/fleet.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Section } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { checksStore, useCheck } from '../../stores/checks.ts';
import { addToast, toastDone } from '../../stores/toasts.ts';
import { CancelCheck, CheckSteps } from './check-steps.tsx';
import { checkText, outcomeText } from './check-text.ts';

/** Checks a machine step by step, from its name to its GPU. */
export function Diagnosis({ node }: { node: NodeView }) {
  useKeep(checksStore);
  const check = useCheck('diagnosis', node.id);
  const { busy, run } = useAction();

  const running = busy || check?.outcome === 'running';
  return (
    <Section title="Diagnosis" aside={check ? <Outcome text={outcomeText(check)} at={check.endedAt} /> : ''}>
      <div className={`${cardClass} grid gap-4 p-4`}>
        {check ? (
          <CheckSteps check={check} />
        ) : (
          <p className="text-[0.8125rem] text-soft">
            Checks wake, agent, Ollama and GPU, and tells you how to fix what fails. Nothing on the machine is
            changed.
          </p>
        )}
        <div className="flex flex-wrap gap-2">
          {check?.outcome === 'running' ? (
            <CancelCheck check={check} />
          ) : (
            <Button
              size="small"
              busy={running}
              onClick={() => run(() => client.call('checks.diagnose', { nodeId: node.id }))}
            >
              {check ? 'Run again' : 'Diagnose'}
            </Button>
          )}
          {check && check.outcome !== 'running' && (
            <Button
              size="small"
              tone="quiet"
              onClick={() =>
                navigator.clipboard.writeText(checkText(check, node.name)).then(
                  () => toastDone('Diagnosis copied'),
                  () =>
                    addToast({ tone: 'error', message: 'The clipboard is not available here.', next: '' }),
                )
              }
            >
              Copy as text
            </Button>
          )}
        </div>
      </div>
    </Section>
  );
}

const Outcome = ({ text, at }: { text: string; at: number | null }) => (
  <>
    {text}
    {at !== null && (
      <>
        {' · '}
        <Ago at={at} />
      </>
    )}
  </>
);
