/** What a machine does at present, and what keeps it on. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { useNow } from '../../components/now.ts';
import { cardClass, Section } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useWake } from '../../stores/wakes.ts';
import { DiagnoseButton } from '../fleet/diagnose-button.tsx';
import { Readings } from '../fleet/readings.tsx';
import { VramBar } from '../fleet/vram-bar.tsx';
import { WakeProgress, WakeSteps } from '../fleet/wake-progress.tsx';
import { LeaseList } from '../power/leases.tsx';
import { PowerLines } from '../power/power-lines.tsx';
import { inText, otherReasons } from '../power/power-text.ts';

/** The present: a wake, trouble, what keeps it on, and memory in use. */
export function Now({ node }: { node: NodeView }) {
  const wake = useWake(node.id);
  const awake = isServing(node.state);
  const hasReadings = awake || node.kind === 'this-computer';
  return (
    <>
      {wake && (
        <section aria-label="Waking" className={`${cardClass} border-ember/60 p-4`}>
          {awake ? (
            <WakeSteps wake={wake} lost={node.gpuLost !== null} />
          ) : (
            <WakeProgress node={node} wake={wake} />
          )}
        </section>
      )}
      {node.trouble && (
        <Problem message={node.trouble.message} next={node.trouble.next} code={node.trouble.code} />
      )}
      {node.lastWakeError && (
        <Problem
          message={node.lastWakeError.message}
          next={node.lastWakeError.next}
          code={node.lastWakeError.code}
        >
          <DiagnoseButton node={node} />
        </Problem>
      )}
      {hasReadings && (
        <Section title="Now">
          <div className={`${cardClass} grid gap-3 p-4 md:grid-cols-2 md:items-end md:gap-8`}>
            {awake && node.hasGpu !== false && <VramBar node={node} />}
            {node.hasGpu === false && awake && <p className="text-soft">No GPU: models run on the CPU</p>}
            {node.url === null && node.kind === 'this-computer' && (
              <p className="text-soft">
                Indexes with the built-in embedder. Start Ollama here to use its models too.
              </p>
            )}
            <Readings node={node} />
          </div>
        </Section>
      )}
      <PowerLines node={node} holders={node.kind === 'this-computer'} />
    </>
  );
}

/** "Why is it on?": the leases, each with Release, and the other reasons. */
export function Leases({ node, power }: { node: NodeView; power: NodePower }) {
  const now = useNow(30);
  const { leases, offAt } = power;
  const awake = isServing(node.state);
  const others = otherReasons(power);
  return (
    <Section
      title={awake ? 'Why is it on?' : 'Leases'}
      aside={offAt !== null && !power.countdown ? `Powers off ${inText(Math.max(0, offAt - now))}` : ''}
    >
      <div className={`${cardClass} px-4 py-1`}>
        {leases.length > 0 && <LeaseList leases={leases} holds={node.state !== 'off'} />}
        {leases.length > 0 && node.state === 'off' && (
          <p className="pb-3 text-[0.8125rem] text-soft">
            It is off all the same. Once it is on again, they keep it on.
          </p>
        )}
        {(others.length > 0 || leases.length === 0) && (
          <ul className="grid gap-1 py-3 text-[0.8125rem] text-soft">
            {others.map((reason) => (
              <li key={reason} className="break-words">
                {reason}
              </li>
            ))}
            {leases.length === 0 && (
              <li>No leases. Jobs hold one while they use the machine; “Keep awake” holds one for you.</li>
            )}
          </ul>
        )}
      </div>
    </Section>
  );
}
