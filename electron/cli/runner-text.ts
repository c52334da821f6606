/** The runner's providers and models as text. */
import type { RunnerModel, RunnerRung } from '../../shared/models/runner.ts';
import { textOf, textOrEmpty } from '../../shared/text/index.ts';
import { formatMemory } from '../../shared/units.ts';
import { table } from './format.ts';
import type { Style } from './terminal.ts';

export const providerNames = {
  dml: 'DirectML',
  coreml: 'CoreML',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  cpu: 'CPU',
} as const;

export const providerName = (provider: string): string =>
  providerNames[provider as keyof typeof providerNames] ?? provider;

export function rungText({ provider, state, reason, share }: RunnerRung, style: Style): string {
  const name = providerNames[provider];
  if (state === 'used') {
    const part =
      share === null || provider === 'cpu' ? '' : style.quiet(`  ${Math.round(share * 100)} % of the nodes`);
    return `${style.flame('▲')} ${name}  in use${part}`;
  }
  const mark = state === 'untried' || state === 'absent' ? style.quiet('·') : style.bad('✗');
  return `${mark} ${name}  ${style.quiet(reason === null ? state : textOf(reason))}`;
}

export function modelRows(models: readonly RunnerModel[], style: Style): string[] {
  return table(
    models.map((model) => [
      style.strong(model.name),
      model.kind,
      model.precision,
      formatMemory(model.sizeBytes),
      model.state === 'failed'
        ? style.bad('failed')
        : model.state === 'ready'
          ? style.good('ready')
          : model.state,
      model.provider === null ? '' : providerNames[model.provider],
      textOrEmpty(model.problem?.message ?? null),
    ]),
  );
}
