import { isServing } from '../../../shared/models/serving.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { StateGlyph } from '../../components/glyphs.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { checksStore, useCheck } from '../../stores/checks.ts';
import { useFleet } from '../../stores/fleet.ts';
import { useNodePower } from '../../stores/power.ts';
import { useWake } from '../../stores/wakes.ts';
import { CancelCheck, CheckSteps } from '../checks/check-steps.tsx';
import { outcomeText } from '../checks/check-text.ts';
import { DiagnoseButton } from '../fleet/diagnose-button.tsx';
import { WakeProgress } from '../fleet/wake-progress.tsx';
import { nodeHref } from '../shell/route.ts';
import type { StepProps } from './step.ts';

/** A trial wake, or the whole rehearsal: sleep, wake, verify, and learn the boot time. */
export function TryStep({ draft, onClose }: StepProps) {
  useKeep(checksStore);
  const nodeId = draft.nodeId ?? '';
  const node = useFleet((state) => state.entries[nodeId]);
  const power = useNodePower(nodeId);
  const rehearsal = useCheck('rehearsal', nodeId);
  const progress = useWake(nodeId);
  const wake = useAction();
  const rehearse = useAction();
  if (!node) {
    return (
      <div className="flex justify-end">
        <Button tone="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    );
  }
  const awake = isServing(node.state);
  const running = rehearsal?.outcome === 'running';
  const canSleep = power !== null && power.means !== 'none';
  return (
    <div className="grid gap-4">
      <p className="flex items-center gap-2">
        <StateGlyph state={node.state} lost={node.gpuLost !== null} />
        <span className="min-w-0 break-words">
          <span className="font-medium">{node.name}</span>{' '}
          <span className="text-soft">is in the fleet: {nodeStateLabel(node)}</span>
        </span>
      </p>
      {progress && !awake && !running && <WakeProgress node={node} wake={progress} />}
      {node.lastWakeError && !progress && (
        <Problem compact {...node.lastWakeError}>
          <DiagnoseButton node={node} />
        </Problem>
      )}
      {rehearsal && (
        <div className="grid gap-3">
          <p className="font-medium">{outcomeText(rehearsal)}</p>
          <CheckSteps check={rehearsal} />
        </div>
      )}
      {!rehearsal && (
        <p className="text-[0.8125rem] text-soft">
          {!node.canWake
            ? 'Pilotlight cannot wake it yet. Add a MAC address with Edit, then try again on its page.'
            : !awake
              ? 'It is off. Wake it to check that it comes up.'
              : canSleep
                ? 'It is awake. A rehearsal puts it to sleep, wakes it again and learns how long that takes. It does not run while the machine is in use.'
                : 'It is awake, and Pilotlight cannot power it off. Put it to sleep yourself, then press Wake.'}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        {running && rehearsal && <CancelCheck check={rehearsal} />}
        {!awake && node.canWake && !progress && !running && (
          <Button
            tone="primary"
            busy={wake.busy}
            onClick={() => wake.run(() => client.call('power.wake', { nodeId }))}
          >
            Wake
          </Button>
        )}
        {awake && node.canWake && canSleep && !running && (
          <Button
            busy={rehearse.busy}
            onClick={() => rehearse.run(() => client.call('checks.rehearse', { nodeId }))}
          >
            {rehearsal ? 'Rehearse again' : 'Rehearse'}
          </Button>
        )}
        <Button
          onClick={() => {
            location.hash = nodeHref(nodeId);
            onClose();
          }}
        >
          Open its page
        </Button>
        <Button tone={awake ? 'primary' : 'plain'} onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  );
}
