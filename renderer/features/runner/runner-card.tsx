import { Download, FolderPlus } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import type { NodeState } from '../../../shared/models/fleet.ts';
import type { RunnerStatus, RunnerView } from '../../../shared/models/runner.ts';
import { providerNames } from '../../../shared/text/provider-names.ts';
import { formatCount, formatDuration, formatMemory, formatPercent, plural } from '../../../shared/units.ts';
import { Histogram } from '../../charts/histogram.tsx';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/meter.tsx';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { useFleet } from '../../stores/fleet.ts';
import { textOf } from '../../texts.ts';
import { nodeHref, runnerHref } from '../shell/route.ts';
import { ConditionGlyph } from './condition-glyph.tsx';
import { Ladder } from './ladder.tsx';
import {
  type Condition,
  conditionOf,
  conditionText,
  describeLatency,
  needsAttention,
  sharedText,
  shareOf,
  throughputText,
} from './runner-text.ts';
import { Targets } from './targets.tsx';

/** One runner: its state with the next step, what it runs on and why, and how its last hour went. */
export function RunnerCard({
  runner,
  machine,
  onAdd,
  onPull,
}: {
  runner: RunnerView;
  machine: NodeState | null;
  onAdd(): void;
  onPull(): void;
}) {
  const titleId = useId();
  const condition = conditionOf(runner, machine);
  const { label, about } = conditionText(runner, condition);
  const inFleet = useFleet((state) => Object.hasOwn(state.entries, runner.nodeId));
  const { problem, status } = runner;
  return (
    <article aria-labelledby={titleId} className={`${cardClass} grid min-w-0 gap-4 p-4`}>
      <header className="flex items-start gap-3">
        <ConditionGlyph condition={condition} size={20} />
        <div className="min-w-0 flex-1">
          <h2 id={titleId} className="font-semibold [overflow-wrap:anywhere]">
            {inFleet ? (
              <a href={nodeHref(runner.nodeId)} className="rounded underline-offset-2 hover:underline">
                {runner.name}
              </a>
            ) : (
              runner.name
            )}
            {runner.from === 'this-computer' && (
              <span className="font-normal text-faint"> · this computer</span>
            )}
          </h2>
          <p className={`text-[0.8125rem] ${needsAttention(condition) ? 'text-trouble-text' : 'text-soft'}`}>
            {label}
          </p>
        </div>
        {runner.from === 'this-computer' && <StartStop condition={condition} />}
      </header>
      {problem ? (
        <Problem message={textOf(problem.message)} next={textOf(problem.next)} code={problem.code} compact />
      ) : (
        about !== '' && <p className="text-[0.8125rem] text-soft">{about}</p>
      )}
      {runner.sharedFrom !== null && (
        <p className="text-[0.8125rem] text-soft [overflow-wrap:anywhere]">{sharedText(runner.sharedFrom)}</p>
      )}
      {condition === 'no-model' && (
        <div className="flex flex-wrap gap-2">
          <Button size="small" tone="warm" onClick={onAdd}>
            <FolderPlus size={14} aria-hidden="true" /> Add a folder
          </Button>
          <Button size="small" onClick={onPull}>
            <Download size={14} aria-hidden="true" /> Download a model
          </Button>
        </div>
      )}
      {runner.state === 'ready' && status !== null && <Body runner={runner} status={status} />}
    </article>
  );
}

function StartStop({ condition }: { condition: Condition }) {
  const { busy, run } = useAction();
  const starts = condition === 'off' || condition === 'failed';
  return starts ? (
    <Button
      size="small"
      tone="warm"
      busy={busy}
      onClick={() => run(() => client.call('runner.start', {}), 'Runner started')}
    >
      Start
    </Button>
  ) : (
    <Button
      size="small"
      busy={busy}
      onClick={() => run(() => client.call('runner.stop', {}), 'Runner stopped until it is needed')}
    >
      Stop
    </Button>
  );
}

function Body({ runner, status }: { runner: RunnerView; status: RunnerStatus }) {
  const { client: statistics } = runner;
  const hasModels = status.models.length > 0;
  return (
    <>
      {status.provider !== 'cpu' && <Used runner={runner} status={status} />}
      {status.ladder.length > 0 && (
        <Part title="Providers" aside="one run of a small model">
          <Ladder ladder={status.ladder} label={`Providers of ${runner.name}`} />
        </Part>
      )}
      {hasModels && (
        <>
          <Part title="Targets" aside="last hour">
            <Targets client={statistics} />
          </Part>
          <Part
            title="Latency"
            aside={
              statistics.batches > 0 ? `${plural(statistics.batches, 'batch', 'batches')}, last hour` : ''
            }
          >
            <Latency runner={runner} />
          </Part>
        </>
      )}
      <Facts runner={runner} status={status} />
      <p className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line pt-3 text-[0.8125rem]">
        <a
          href={runnerHref('models', runner.nodeId)}
          className="rounded text-soft underline-offset-2 hover:text-text hover:underline"
        >
          {plural(status.models.length, 'model')}
          <span className="sr-only"> on {runner.name}</span>
        </a>
        {hasModels && (
          <a
            href={runnerHref('try', runner.nodeId)}
            className="rounded text-soft underline-offset-2 hover:text-text hover:underline"
          >
            Try it<span className="sr-only"> on {runner.name}</span>
          </a>
        )}
      </p>
    </>
  );
}

/** How much of its models the GPU really runs. The CPU always runs all of it. */
function Used({ runner, status }: { runner: RunnerView; status: RunnerStatus }) {
  const share = shareOf(runner);
  const name = providerNames[status.provider];
  return (
    <div>
      <p className="mb-1.5 flex items-baseline justify-between gap-3 text-[0.8125rem]">
        <span className="font-medium">Runs on {name}</span>
        <span className="text-faint">
          {share === null ? 'share not measured' : `${formatPercent(share)} of the graph`}
        </span>
      </p>
      {share !== null && (
        <Progress
          value={share}
          label={`Part of the graph that runs on ${name}`}
          valueText={formatPercent(share)}
        />
      )}
    </div>
  );
}

function Latency({ runner }: { runner: RunnerView }) {
  const { client: statistics, name } = runner;
  const summary = describeLatency(statistics);
  if (statistics.batches === 0) {
    return <p className="text-[0.8125rem] text-faint">No batches in the last hour.</p>;
  }
  const bars = statistics.histogram.map(({ belowMs, count }, index, all) => ({
    label: belowMs === null ? `> ${formatDuration(all[index - 1]?.belowMs ?? 0)}` : formatDuration(belowMs),
    count,
    over: belowMs === null || belowMs > 500,
  }));
  return (
    <Histogram
      bars={bars}
      summary={`Latency of ${name} over the last hour. ${summary}`}
      caption={`latency of ${name}, last hour`}
      heads={['Up to', 'Batches']}
    />
  );
}

function Facts({ runner, status }: { runner: RunnerView; status: RunnerStatus }) {
  const { queue } = status;
  const { latencyMs, perSecond } = runner.client;
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-[0.8125rem]">
      <Fact name="Throughput">{throughputText(perSecond)}</Fact>
      {latencyMs !== null && (
        <Fact name="Batches take">
          {formatDuration(latencyMs.p50)}
          <span className="text-faint">
            {' '}
            · p95 {formatDuration(latencyMs.p95)} · p99 {formatDuration(latencyMs.p99)}
          </span>
        </Fact>
      )}
      <Fact name="Waiting">
        {queue.queries + queue.bulk + queue.pictures === 0
          ? 'nothing'
          : [
              plural(queue.queries, 'query', 'queries'),
              `${formatCount(queue.bulk)} in bulk`,
              plural(queue.pictures, 'picture'),
            ].join(' · ')}
      </Fact>
      <Fact name="Memory">{status.memoryBytes === null ? 'unknown' : formatMemory(status.memoryBytes)}</Fact>
      <Fact name="Up">
        {formatDuration(status.uptimeSeconds * 1000)}
        <span className={status.restarts > 0 ? 'text-soft' : 'text-faint'}>
          {' '}
          · {status.restarts === 0 ? 'never restarted' : plural(status.restarts, 'restart')}
        </span>
      </Fact>
      <Fact name="Version">
        {status.version}
        {runner.url !== '' && <span className="font-mono text-xs break-all text-faint"> {runner.url}</span>}
      </Fact>
    </dl>
  );
}

const Part = ({ title, aside, children }: { title: string; aside: string; children: ReactNode }) => (
  <div className="min-w-0">
    <h3 className="mb-2 flex items-baseline justify-between gap-3 text-xs font-semibold">
      {title}
      <span className="font-normal text-faint">{aside}</span>
    </h3>
    {children}
  </div>
);

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt className="text-faint">{name}</dt>
    <dd className="min-w-0 break-words">{children}</dd>
  </>
);
