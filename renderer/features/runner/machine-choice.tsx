import type { ReactNode } from 'react';
import type { RunnerView } from '../../../shared/models/runner.ts';

/** Which machine does it, and what that means for what is sent. */
export function MachineChoice({
  id,
  choices,
  nodeId,
  onChange,
  children,
}: {
  id: string;
  choices: readonly { runner: RunnerView }[];
  nodeId: string;
  onChange(nodeId: string): void;
  children?: ReactNode;
}) {
  const runner = choices.find((choice) => choice.runner.nodeId === nodeId)?.runner;
  return (
    <div className="grid gap-1.5">
      <div className="flex flex-wrap gap-3 text-[0.8125rem]">
        <label htmlFor={id} className="flex min-w-0 items-center gap-2 text-soft">
          On
          <select
            id={id}
            value={nodeId}
            onChange={(event) => onChange(event.target.value)}
            className="h-8 max-w-56 min-w-0 rounded-lg border border-line-strong bg-ground px-2 text-text"
          >
            {choices.map((choice) => (
              <option
                key={choice.runner.nodeId}
                value={choice.runner.nodeId}
                disabled={choice.runner.state !== 'ready'}
              >
                {choice.runner.name}
                {choice.runner.state === 'ready' ? '' : ' (not ready)'}
              </option>
            ))}
          </select>
        </label>
        {children}
      </div>
      <p className="text-xs text-faint">
        {runner?.from === 'this-computer'
          ? 'Runs on the computer that runs Pilotlight. Nothing leaves it, and nothing is kept.'
          : `Sent to ${runner?.name ?? 'that machine'} and nowhere else. Nothing is kept there.`}
      </p>
    </div>
  );
}
