import type { NodeView } from '../../../shared/models/fleet.ts';
import type { TelemetrySample } from '../../../shared/models/telemetry.ts';
import { formatMemory } from '../../../shared/units.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { useHistory } from '../../stores/telemetry.ts';

const none: readonly TelemetrySample[] = [];

/** What the GPU, or else the processor, does now, with its last two minutes. Nothing where nothing is known. */
export function Readings({ node }: { node: NodeView }) {
  const recent = useHistory((histories) => histories[node.id]?.recent ?? none);
  const newest = recent.at(-1);
  const gpu = newest?.gpus[0] ?? node.gpus[0];
  const host = newest?.host ?? node.host;

  if (
    gpu &&
    (gpu.utilisationPercent !== null || gpu.powerWatts !== null || gpu.temperatureCelsius !== null)
  ) {
    const percent = gpu.utilisationPercent;
    return (
      <Line
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
        values={recent.map((sample) => sample.host?.cpuPercent ?? null)}
        name="CPU"
        percent={host.cpuPercent}
        more={[
          host.memoryTotalBytes > 0
            ? `${formatMemory(host.memoryUsedBytes)} of ${formatMemory(host.memoryTotalBytes)} RAM`
            : null,
        ]}
      />
    );
  }
  return null;
}

function Line({
  values,
  name,
  percent,
  more,
}: {
  values: (number | null)[];
  name: string;
  percent: number | null;
  more: (string | null)[];
}) {
  const known = more.filter((words) => words !== null);
  return (
    <div className="flex h-6 items-center gap-3 text-[0.8125rem] text-soft">
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
