import { useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { Progress } from '../../components/meter.tsx';
import { useNow } from '../../components/now.ts';
import { Problem } from '../../components/problem.tsx';
import { formatCountdown } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { WithCode } from '../../components/with-code.tsx';
import { putPower, useNodePower } from '../../stores/power.ts';
import { textOf } from '../../texts.ts';
import { openDialog } from '../shell/open-dialog.ts';
import { OllamaTrouble } from './ollama-trouble.tsx';
import { actionProgress, inText, leaseEnd, leaseLine, leaseSubject } from './power-text.ts';

const shownLeases = 3;

/** A machine’s power state and, unless shown elsewhere, what keeps it on. */
export function PowerLines({ node, holders = true }: { node: NodeView; holders?: boolean }) {
  const power = useNodePower(node.id);
  if (!power) {
    return (
      <>
        <OllamaTrouble node={node} />
        <Uses uses={node.uses} />
      </>
    );
  }
  const awake = isServing(node.state);
  return (
    <>
      {power.countdown && <Countdown node={node} power={power} countdown={power.countdown} />}
      {power.leaving && <Leaving node={node} leaving={power.leaving} />}
      <OllamaTrouble node={node} />
      {power.sleepTrouble && <Problem compact {...power.sleepTrouble} />}
      {power.lastOffError && !power.leaving && <Problem compact {...power.lastOffError} />}
      {power.agent?.trouble && (awake || power.agent.state === 'refused') && (
        <p className="text-[0.8125rem] break-words text-soft">
          <WithCode text={`${power.agent.trouble.message} ${power.agent.trouble.next}`} />
        </p>
      )}
      {power.leases.length === 0 && holders && <Uses uses={node.uses} />}
      {holders && <Holders node={node} power={power} awake={awake} />}
    </>
  );
}

function Uses({ uses }: { uses: NodeView['uses'] }) {
  if (uses.length === 0) return null;
  return (
    <ul className="grid gap-0.5 text-[0.8125rem] text-flame-text" aria-label="Needed for">
      {uses.map(textOf).map((use) => (
        <li key={use} className="truncate" title={use}>
          Needed for {use}
        </li>
      ))}
    </ul>
  );
}

function Holders({ node, power, awake }: { node: NodeView; power: NodePower; awake: boolean }) {
  const now = useNow(30);
  const { leases, offAt, whyOn } = power;
  // A lease does not hold a machine that was shut down all the same.
  if (node.state === 'off' || (leases.length === 0 && !awake)) return null;
  const reason = whyOn[0] && textOf(whyOn[0]);
  if (leases.length === 0 && reason === undefined) return null;
  return (
    <div className="flex items-end gap-3 text-[0.8125rem]">
      <ul className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)] gap-0.5" aria-label="What keeps it on">
        {leases.slice(0, shownLeases).map((lease) => (
          <li key={lease.id} className="flex gap-1 text-flame-text" title={leaseLine(lease, now)}>
            <span className="min-w-0 truncate">{leaseSubject(lease)}</span>{' '}
            <span className="shrink-0">{leaseEnd(lease, now)}</span>
          </li>
        ))}
        {leases.length > shownLeases && (
          <li className="text-faint">and {leases.length - shownLeases} more</li>
        )}
        {leases.length === 0 && (
          <li className="truncate text-faint" title={reason}>
            {offAt === null ? reason : `Idle: powers off ${inText(Math.max(0, offAt - now))}`}
          </li>
        )}
      </ul>
      {awake && (
        <button
          type="button"
          aria-haspopup="dialog"
          aria-label={`Why is it on? ${node.name}`}
          onClick={() => openDialog({ dialog: 'why', nodeId: node.id })}
          className="min-h-6 shrink-0 rounded text-xs text-soft underline decoration-dotted underline-offset-4 hover:text-text"
        >
          Why is it on?
        </button>
      )}
    </div>
  );
}

/** A power-off that can still be cancelled. */
function Countdown({
  node,
  power,
  countdown,
}: {
  node: NodeView;
  power: NodePower;
  countdown: NonNullable<NodePower['countdown']>;
}) {
  const now = useNow();
  const { busy, run } = useAction();
  const left = Math.max(0, countdown.endsAt - now);
  // The core does not report the full length, so the bar starts at what was left when first seen.
  const [whole] = useState(() => Math.max(left, 1000));
  const text = `${actionProgress[countdown.action]} in ${formatCountdown(left)}`;
  return (
    <section
      aria-label={`Countdown for ${node.name}`}
      className="grid gap-2 rounded-lg border border-ember/60 p-3 text-[0.8125rem]"
    >
      <div className="flex items-center gap-3">
        <p className="min-w-0 flex-1 break-words">
          <span className="font-medium">{text}</span>{' '}
          <span className="text-soft">
            · {countdown.by === null ? 'because it is idle' : `requested by ${countdown.by}`}
          </span>
        </p>
        <Button
          size="small"
          tone="warm"
          busy={busy}
          aria-label={`Cancel: ${node.name} stays on`}
          onClick={() =>
            run(
              async () => putPower(await client.call('power.cancelOff', { nodeId: node.id })),
              power.policy.powerOff === 'never'
                ? `${node.name} stays on`
                : `${node.name} stays on until it is next needed`,
            )
          }
        >
          Cancel
        </Button>
      </div>
      <Progress
        value={Math.min(1, left / whole)}
        label={`Countdown for ${node.name}`}
        valueText={text}
        tone="ember"
      />
      <LiveRegion message={`${node.name}: ${text}`} everyMs={20_000} />
    </section>
  );
}

/** A power-off in progress, until the machine stops responding. */
function Leaving({ node, leaving }: { node: NodeView; leaving: NonNullable<NodePower['leaving']> }) {
  const now = useNow();
  const text = `${actionProgress[leaving.action]}, waiting for it to stop responding`;
  return (
    <div className="grid gap-2 text-[0.8125rem]">
      <Progress
        value={null}
        label={`${actionProgress[leaving.action]}: ${node.name}`}
        valueText={text}
        tone="ember"
      />
      <p className="text-soft">
        {text} <span className="text-faint">· {formatCountdown(leaving.deadlineAt - now)} left</span>
      </p>
      <LiveRegion message={`${node.name}: ${text}`} />
    </div>
  );
}
