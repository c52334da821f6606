import { Progress } from '../../components/meter.tsx';
import { useNow } from '../../components/now.ts';
import { useWake } from '../../stores/wakes.ts';
import { wakeShare, wakeText } from './node-text.ts';

/** The wake of a machine that something waits for, as its bar and its step; nothing while there is none. */
export function WakeLine({ nodeId, name }: { nodeId: string; name: string }) {
  const wake = useWake(nodeId);
  const now = useNow();
  if (wake === null) return null;
  const text = wakeText(wake, now);
  return (
    <div className="grid gap-1">
      <Progress value={wakeShare(wake, now)} label={`Waking ${name}`} valueText={text} tone="ember" />
      <p className="text-xs text-soft">{text}</p>
    </div>
  );
}
