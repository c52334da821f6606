/** `runner embed` and `runner faces` on the runners of the fleet: the core chooses one, and wakes a machine if it may. */
import type { MethodResult } from '../../../shared/contract/methods.ts';
import { formatDuration, plural } from '../../../shared/units.ts';
import { type CommandContext, findNode, optionText, usageError } from '../command.ts';
import type { CoreLink } from '../core-link.ts';

/** Without one of these, the runner of this computer does it. */
export const usesFleet = ({ values }: CommandContext): boolean =>
  values.wake === true || values.node !== undefined;

/** The names of machines, with what they used. */
async function placesOf(link: CoreLink, used: readonly { nodeId: string; gpu: boolean }[]): Promise<string> {
  const runners = await link.call('runner.list', {});
  return used
    .map(({ nodeId, gpu }) => {
      const name = runners.find((runner) => runner.nodeId === nodeId)?.name ?? nodeId;
      return `${name} (${gpu ? 'GPU' : 'CPU'})`;
    })
    .join(', ');
}

async function wishOf(context: CommandContext, link: CoreLink): Promise<{ nodeId?: string; wake: boolean }> {
  const node = optionText(context, 'node');
  const nodeId = node === undefined ? {} : { nodeId: (await findNode(link, node)).id };
  return { ...nodeId, wake: context.values.wake === true };
}

export async function embedOnFleet(
  context: CommandContext,
  { model, texts, as }: { model: string | null; texts: string[]; as: 'query' | 'passage' | undefined },
): Promise<MethodResult<'runner.embed'>> {
  if (model === null) throw usageError('With --wake or --node, name the model: --model NAME');
  const link = await context.connect('fresh');
  const made = await link.call('runner.embed', {
    ...(await wishOf(context, link)),
    model,
    texts,
    ...(as === undefined ? {} : { as }),
  });
  if (!context.json) {
    const where = await placesOf(link, made.nodes);
    context.terminal.line(
      `${made.model} on ${where}: ${made.vectors.length} × ${made.dimensions}, ${formatDuration(made.tookMs)}`,
    );
  }
  return made;
}

export async function facesOnFleet(
  context: CommandContext,
  image: string,
): Promise<MethodResult<'runner.faces'>> {
  const link = await context.connect('fresh');
  const found = await link.call('runner.faces', { ...(await wishOf(context, link)), image });
  if (!context.json) {
    const where = await placesOf(link, [found]);
    context.terminal.line(
      `${plural(found.faces.length, 'face')} on ${where}, ${formatDuration(found.tookMs)}`,
    );
  }
  return found;
}
