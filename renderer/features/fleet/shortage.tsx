import type { VramShortage } from '../../../shared/models/placement.ts';
import { leftBehindName } from '../../../shared/text/left-behind.ts';
import { formatMemory } from '../../../shared/units.ts';

/** The VRAM a model needs, how much can be freed, and what uses the rest. */
export function Shortage({ shortage }: { shortage: VramShortage }) {
  const { neededBytes, measured, availableBytes, totalBytes, holders } = shortage;
  return (
    <dl className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1.5 rounded-lg border border-line bg-ground p-3 text-[0.8125rem]">
      <dt className="text-soft">Model needs</dt>
      <dd className="text-right font-medium">
        {measured ? '' : 'about '}
        {formatMemory(neededBytes)}
      </dd>
      <dt className="text-soft">Can be freed</dt>
      <dd className="text-right">
        {formatMemory(availableBytes)} of {formatMemory(totalBytes)}
      </dd>
      {holders.map(({ name, bytes, leftBehind }) => (
        <div key={`${name} ${leftBehind}`} className="col-span-2 grid grid-cols-subgrid">
          <dt className="min-w-0 break-words text-soft">
            Used by{' '}
            {name === null ? (
              holders.length === 1 ? (
                'programs other than Ollama'
              ) : (
                'other programs'
              )
            ) : (
              <span className="font-medium text-text">
                {leftBehind === undefined ? name : leftBehindName(name, leftBehind)}
              </span>
            )}
          </dt>
          <dd className="text-right">{formatMemory(bytes)}</dd>
        </div>
      ))}
    </dl>
  );
}
