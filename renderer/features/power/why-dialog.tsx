import type { NodeView } from '../../../shared/models/fleet.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Problem } from '../../components/problem.tsx';
import { useNodePower } from '../../stores/power.ts';
import { LeaseList } from './leases.tsx';
import { otherReasons } from './power-text.ts';

/** "Why is it on?": the leases, each with Release, and the other reasons. */
export function WhyDialog({ node, onClose }: { node: Pick<NodeView, 'id' | 'name'>; onClose(): void }) {
  const power = useNodePower(node.id);
  if (!power) return null;
  const reasons = otherReasons(power);
  return (
    <Dialog title={`Why is ${node.name} on?`} onClose={onClose}>
      {power.leases.length > 0 && <LeaseList leases={power.leases} />}
      <ul className="grid gap-1.5 pt-1">
        {reasons.map((reason) => (
          <li key={reason} className="break-words text-soft">
            {reason}
          </li>
        ))}
      </ul>
      {power.sleepTrouble && (
        <div className="mt-4">
          <Problem compact {...power.sleepTrouble} />
        </div>
      )}
      {power.leases.length === 0 && reasons.length === 0 && <p className="text-soft">It is no longer on.</p>}
    </Dialog>
  );
}
