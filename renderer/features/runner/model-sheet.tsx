import type { ReactNode } from 'react';
import { formatBytes, formatCount } from '../../../shared/units.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { textOf } from '../../texts.ts';
import { Ladder } from './ladder.tsx';
import { ModelActions } from './model-actions.tsx';
import { nextForModel } from './model-errors.ts';
import { State } from './model-list.tsx';
import type { ModelRow } from './model-rows.ts';
import { droppedIn, kindLabels } from './runner-text.ts';

/** Everything about one model, beside the list. */
export function ModelSheet({ row, now, onClose }: { row: ModelRow; now: number; onClose(): void }) {
  const { model, runner } = row;
  return (
    <Dialog shape="panel" title={model.name} description={`On ${runner.name}`} onClose={onClose}>
      <div className="grid gap-6">
        <div className="flex items-center justify-between gap-3">
          <State row={row} />
          <ModelActions row={row} />
        </div>
        {model.problem && (
          <Problem
            message={textOf(model.problem.message)}
            next={nextForModel(model.problem.code)}
            code={model.problem.code}
            compact
          />
        )}
        <Part title="Providers">
          {model.ladder.length === 0 ? (
            <p className="text-[0.8125rem] text-soft">
              Each provider is timed with this model when it is first loaded.
            </p>
          ) : (
            <Ladder ladder={model.ladder} label={`Providers for ${model.name}`} />
          )}
        </Part>
        <Part title="Details">
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-[0.8125rem]">
            <Fact name="For">{kindLabels[model.kind]}</Fact>
            <Fact name="Precision">{model.precision}</Fact>
            <Fact name="Size">{formatBytes(model.sizeBytes)}</Fact>
            {model.dimensions !== null && <Fact name="Dimensions">{formatCount(model.dimensions)}</Fact>}
            {model.maxTokens !== null && (
              <Fact name="Longest text">{formatCount(model.maxTokens)} tokens</Fact>
            )}
            <Fact name="Licence">{model.licence ?? 'unknown'}</Fact>
            <Fact name="Last used">{model.usedAt === null ? 'not yet' : <Ago at={model.usedAt} />}</Fact>
            {model.state === 'ready' && (
              <Fact name="In memory">
                {model.expiresAt === null ? 'until it is dropped' : `${droppedIn(model, now)} more if unused`}
              </Fact>
            )}
            <Fact name="SHA-256">
              <span className="font-mono text-xs break-all">{model.hash}</span>
            </Fact>
          </dl>
        </Part>
      </div>
    </Dialog>
  );
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section aria-label={title}>
    <h3 className="mb-2 text-sm font-semibold">{title}</h3>
    {children}
  </section>
);

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt className="text-faint">{name}</dt>
    <dd className="min-w-0 break-words">{children}</dd>
  </>
);
