import type { NodeView } from '../../../shared/models/fleet.ts';
import { formatPercent, plural } from '../../../shared/units.ts';
import { cardClass, Section } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { runnersStore, useRunners } from '../../stores/runners.ts';
import { textOf } from '../../texts.ts';
import { ConditionGlyph } from '../runner/condition-glyph.tsx';
import { conditionOf, conditionText, needsAttention, shareOf } from '../runner/runner-text.ts';
import { runnerHref } from '../shell/route.ts';

/** The ONNX runner of a machine in short. Nothing where it has none. */
export function RunnerCard({ node }: { node: NodeView }) {
  useKeep(runnersStore);
  const runner = useRunners((state) => state.entries[node.id]);
  if (!runner) return null;
  const condition = conditionOf(runner, node.state);
  const { label, about } = conditionText(runner, condition);
  const { status } = runner;
  const share = condition === 'gpu' ? shareOf(runner) : null;
  return (
    <Section
      title="Runner"
      aside={
        <a
          href={runnerHref('runners', node.id)}
          className="rounded text-soft underline-offset-2 hover:underline"
        >
          Details
          <span className="sr-only"> of the runner on {node.name}</span>
        </a>
      }
    >
      <div className={`${cardClass} grid gap-1 px-4 py-3 text-[0.8125rem]`}>
        <p className="flex items-center gap-2">
          <ConditionGlyph condition={condition} />
          <span className={`font-medium ${needsAttention(condition) ? 'text-trouble-text' : ''}`}>
            {label}
          </span>
        </p>
        {runner.problem ? (
          <p className="break-words text-soft">
            {textOf(runner.problem.message)} {textOf(runner.problem.next)}
          </p>
        ) : (
          about !== '' && <p className="text-soft">{about}</p>
        )}
        {status !== null && status.models.length > 0 && (
          <p className="text-soft">
            {plural(status.models.length, 'ONNX model')},{' '}
            {status.models.filter(({ state }) => state === 'ready').length} in memory
            {share !== null && ` · ${formatPercent(share)} of the graph on the GPU`}
          </p>
        )}
      </div>
    </Section>
  );
}
