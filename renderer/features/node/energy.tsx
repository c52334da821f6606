import type { NodeView } from '../../../shared/models/fleet.ts';
import type { EnergyRange, NodeEnergy } from '../../../shared/models/power.ts';
import { purposeLabel } from '../../../shared/text/lease-purpose.ts';
import { formatAwake, formatCount, formatEnergy } from '../../../shared/units.ts';
import { fieldsIn, hashWith, pagePart } from '../../components/hash.ts';
import { cardClass, Section } from '../../components/page.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useEnergy } from '../../stores/energy.ts';
import { vectorsOf } from '../../stores/node-buckets.ts';
import { textOf } from '../../texts.ts';
import type { RangeHistory } from './use-node-history.ts';

const ranges: Record<EnergyRange, string> = { day: 'last day', week: 'last week', month: 'last 30 days' };

const readRange = (hash: string): { range: EnergyRange } => {
  const named = fieldsIn(hash).get('energy');
  return { range: (Object.keys(ranges) as EnergyRange[]).find((range) => range === named) ?? 'week' };
};
const rangeHash = ({ range }: { range: EnergyRange }, page: string): string =>
  hashWith(pagePart(page), { energy: range === 'week' ? null : range });

/** Hours awake, vectors and watt-hours by purpose, what sleeping saved, and how that was calculated. */
export function Energy({
  node,
  watts,
  isCounted,
  day,
  month,
}: {
  node: NodeView;
  watts: number | null;
  /** Whether the core keeps a record of its power, and so of what its sleep saved. */
  isCounted: boolean;
  day: RangeHistory;
  month: RangeHistory;
}) {
  const { address, change } = useAddress(readRange, rangeHash);
  const { range } = address;
  const energy = useEnergy(node.id, range, watts);
  const known = energy === 'failed' ? null : energy;
  const vectors = vectorsIn(range === 'day' ? day : month, range);
  return (
    <Section
      title="Energy"
      aside={
        <label className="flex items-center justify-end gap-1.5">
          {' '}
          Period{' '}
          <select
            value={range}
            onChange={(event) => change({ range: event.target.value as EnergyRange })}
            className="h-7 rounded-md border border-line-strong bg-ground px-1.5 text-text"
          >
            {(Object.keys(ranges) as EnergyRange[]).map((one) => (
              <option key={one} value={one}>
                {ranges[one]}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <div className={`${cardClass} grid gap-2 px-4 py-3 text-[0.8125rem]`}>
        {energy === 'failed' ? (
          <p className="text-soft">Energy use could not be loaded. Trying again in five minutes.</p>
        ) : (
          <>
            <dl className="grid grid-cols-2 gap-2">
              <Figure name="Awake" value={known ? formatAwake(known.awakeSeconds) : '…'} />
              <Figure name="Used" value={wattHours(known, known?.wattHours)} />
              {isCounted && <Figure name="Saved" value={wattHours(known, known?.savedWattHours)} strong />}
              <Figure name="Vectors" value={vectors === null ? '…' : formatCount(vectors)} />
            </dl>
            <p className="min-h-8 text-xs text-faint">{known && textOf(known.how)}</p>
            {known && known.jobs.length > 0 && (
              <table className="w-full">
                <caption className="pb-1 text-left text-xs text-faint">By purpose</caption>
                <tbody>
                  {known.jobs.slice(0, 6).map((job) => (
                    <tr key={job.purpose}>
                      <th
                        scope="row"
                        className="max-w-0 truncate py-0.5 text-left font-normal"
                        title={purposeLabel(job.purpose)}
                      >
                        {purposeLabel(job.purpose)}
                      </th>
                      <td className="w-24 py-0.5 pl-2 text-right text-soft">{formatAwake(job.seconds)}</td>
                      <td className="w-20 py-0.5 pl-2 text-right font-medium">
                        {job.wattHours === null ? '–' : formatEnergy(job.wattHours)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </>
        )}
      </div>
    </Section>
  );
}

const spans: Record<EnergyRange, number> = { day: 1, week: 7, month: 30 };

/** null until the history is there. */
function vectorsIn({ state, buckets, now }: RangeHistory, range: EnergyRange): number | null {
  if (state !== 'ready') return null;
  const from = now - spans[range] * 86_400_000;
  return vectorsOf(buckets.filter(({ at }) => at >= from));
}

function wattHours(known: NodeEnergy | null, value: number | null | undefined): string {
  if (known === null) return '…';
  return value === null || value === undefined ? 'unknown' : formatEnergy(value);
}

function Figure({ name, value, strong = false }: { name: string; value: string; strong?: boolean }) {
  return (
    <div>
      <dt className="text-xs text-faint">{name}</dt>
      <dd className={`font-medium ${strong ? 'text-flame-text' : ''}`}>{value}</dd>
    </div>
  );
}
