import type { NodeView } from '../../../shared/models/fleet.ts';
import type { WakeProgress as Wake } from '../../../shared/models/wake.ts';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { Progress } from '../../components/meter.tsx';
import { useNow } from '../../components/now.ts';
import { formatCountdown } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { wakeShare, wakeSteps, wakeText } from './node-text.ts';

/** A wake in progress: progress bar, step, deadline and Cancel. */
export function WakeProgress({ node, wake }: { node: NodeView; wake: Wake }) {
  const now = useNow();
  const { busy, run } = useAction();
  const reached = wakeSteps.findIndex(({ step }) => step === wake.step);
  const text = wakeText(wake, now);
  return (
    <div className="flex h-full flex-col gap-2">
      <Progress value={wakeShare(wake, now)} label={`Waking ${node.name}`} valueText={text} tone="ember" />
      <p className="text-[0.8125rem] text-soft">{text}</p>
      <WakeSteps wake={wake} />
      {wake.failedDestinations.length > 0 && (
        <details className="text-xs text-soft">
          <summary className="rounded">
            {plural(wake.failedDestinations.length, 'wake destination')} refused the packet
          </summary>
          <ul className="mt-1 grid gap-0.5">
            {wake.failedDestinations.map(({ destination, reason }) => (
              <li key={destination} className="break-words">
                <span className="font-mono">{destination}</span>: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
      <div className="mt-auto flex items-center gap-3 pt-1">
        <Button
          size="small"
          busy={busy}
          onClick={() => run(() => client.call('power.cancelWake', { nodeId: node.id }))}
        >
          Cancel
        </Button>
        <span className="text-xs text-faint">
          {plural(wake.packetsSent, 'packet')} sent · gives up in {formatCountdown(wake.deadlineAt - now)}
        </span>
      </div>
      <LiveRegion message={`${node.name}: ${wakeSteps[Math.max(0, reached)]?.label ?? ''}`} />
    </div>
  );
}

/** Packet sent → answers → serves → GPU verified, or lost, with the steps done so far. */
export function WakeSteps({ wake, lost = false }: { wake: Wake; lost?: boolean }) {
  const reached = wakeSteps.findIndex(({ step }) => step === wake.step);
  return (
    <ol className="flex flex-wrap gap-x-3 gap-y-1 text-xs" aria-label="Wake steps">
      {wakeSteps.map(({ step, label }, index) => {
        const isLost = lost && step === 'gpu-verified';
        const done = index <= reached && !isLost;
        if (isLost) {
          return (
            <li key={step} className="flex items-center gap-1.5 font-medium text-trouble-text">
              <span aria-hidden="true" className="size-1.5 rotate-45 bg-trouble" />
              GPU lost
            </li>
          );
        }
        return (
          <li
            key={step}
            aria-current={index === reached ? 'step' : undefined}
            className={`flex items-center gap-1.5 ${done ? 'text-text' : 'text-faint'}`}
          >
            <span
              aria-hidden="true"
              className={`size-1.5 rounded-full ${done ? 'bg-ember' : 'border border-line-strong'}`}
            />
            {label}
            <span className="sr-only">{done ? ' (done)' : ' (pending)'}</span>
          </li>
        );
      })}
    </ol>
  );
}
