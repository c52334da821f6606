import type { NodeView } from '../../../shared/models/fleet.ts';
import type { TelemetrySample } from '../../../shared/models/telemetry.ts';
import { formatMemory } from '../../../shared/units.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { useOnScreen } from '../../charts/use-visible.ts';
import { useHistory } from '../../stores/telemetry.ts';

const none: readonly TelemetrySample[] = [];

/** Current GPU readings, or else CPU readings, with the last two minutes. Nothing if nothing is known. */
export function Readings({ node }: { node: NodeView }) {
  const [ref, onScreen] = useOnScreen<HTMLDivElement>();
  // With a hundred cards a frame brings a hundred samples; cards off screen do not draw them.
  const recent = useHistory((histories) => (onScreen ? (histories[node.id]?.recent ?? none) : none));
  const measured = useHistory((histories) => (histories[node.id]?.recent.length ?? 0) > 0);
  const newest = recent.at(-1);
  // Graphics inside the processor do not run models.
  const gpu = node.hasGpu === false ? undefined : newest?.gpus[0];
  const host = newest?.host;

  if (
    gpu &&
    (gpu.utilisationPercent !== null || gpu.powerWatts !== null || gpu.temperatureCelsius !== null)
  ) {
    const percent = gpu.utilisationPercent;
    return (
      <Line
        ref={ref}
        values={recent.map((sample) => sample.gpus[0]?.utilisationPercent ?? null)}
        name="GPU"
        percent={percent}
        more={[
          gpu.powerWatts === null ? null : `${Math.round(gpu.powerWatts)} W`,
          gpu.temperatureCelsius === null ? null : `${Math.round(gpu.temperatureCelsius)} °C`,
        ]}
      />
    );
  }
  if (host && host.cpuPercent !== null) {
    return (
      <Line
        ref={ref}
        values={recent.map((sample) => sample.host?.cpuPercent ?? null)}
        name="CPU"
        percent={host.cpuPercent}
        more={[host.memoryTotalBytes > 0 ? memoryText(host.memoryUsedBytes, host.memoryTotalBytes) : null]}
      />
    );
  }
  // Reserves its space until it is near the screen.
  return measured ? <div ref={ref} className="h-6" /> : null;
}

/** `1.1 of 23.5 GB RAM`: a shared unit is written once, because a card is narrow. */
function memoryText(used: number, total: number): string {
  const whole = formatMemory(total);
  const unit = whole.slice(whole.indexOf(' '));
  return `${formatMemory(used).replace(new RegExp(`${unit}$`), '')} of ${whole} RAM`;
}

function Line({
  ref,
  values,
  name,
  percent,
  more,
}: {
  ref: (element: HTMLDivElement | null) => void;
  values: (number | null)[];
  name: string;
  percent: number | null;
  more: (string | null)[];
}) {
  const known = more.filter((text) => text !== null);
  return (
    <div ref={ref} className="flex h-6 items-center gap-3 text-[0.8125rem] text-soft">
      <span className="w-8 shrink-0">{name}</span>
      <Sparkline
        values={values}
        max={100}
        length={60}
        label={`${name} over the last two minutes, now ${percent === null ? 'unknown' : `${Math.round(percent)}%`}`}
      />
      <span className="w-10 shrink-0 text-right font-medium text-text">
        {percent === null ? '–' : `${Math.round(percent)}%`}
      </span>
      <span className="ml-auto min-w-0 truncate">{known.join(' · ')}</span>
    </div>
  );
}
