/** `index move`: brings the vectors of a folder to Qdrant, or back, and shows how far it is. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { type SourceView, vectorEngineSchema } from '../../../shared/models/indexing.ts';
import { formatCount } from '../../../shared/units.ts';
import { type CommandContext, findSource, onlyPositional, optionText, usageError } from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { bar } from '../format.ts';

const LOOK_EVERY_MS = 250;

export async function moveVectors(context: CommandContext): Promise<SourceView> {
  const wanted = onlyPositional(context, 'folder');
  const to = vectorEngineSchema.safeParse(optionText(context, 'to'));
  if (!to.success) throw usageError('Say where to: --to qdrant or --to builtin.');
  const link = await context.connect('indexing');
  const { id: sourceId } = await findSource(link, wanted);
  await link.call('index.moveVectors', { sourceId, to: to.data });
  const moved = await follow(context, link, sourceId);
  const { terminal } = context;
  const trouble = moved.vectors?.trouble;
  if (trouble !== undefined) {
    const { code, message, next } = trouble;
    throw new PilotlightError(code as PilotlightError['code'], { message, next, details: { sourceId } });
  }
  if (moved.vectors?.engine !== to.data) throw new PilotlightError('CANCELLED');
  if (!context.json) {
    terminal.line(
      to.data === 'qdrant'
        ? `The vectors of "${moved.name}" are in Qdrant.`
        : `The vectors of "${moved.name}" are in Pilotlight again.`,
    );
  }
  return moved;
}

/** Until it has ended. Ctrl+C cancels a move of our own core; otherwise it only stops watching. */
async function follow(context: CommandContext, link: CoreLink, sourceId: string): Promise<SourceView> {
  const { terminal } = context;
  for (;;) {
    // With a signal of its own: Ctrl+C must not abort the last look.
    const sources = await link.call('index.sources', {}, AbortSignal.timeout(10_000));
    const source = sources.find(({ id }) => id === sourceId);
    if (source === undefined) throw new PilotlightError('NOT_FOUND');
    const moving = source.vectors?.moving;
    if (moving === undefined) return source;
    if (!context.json && moving.total > 0) {
      const counts = `${formatCount(moving.done)} of ${formatCount(moving.total)} vectors`;
      terminal.live(`${bar(moving.done / moving.total, 20, terminal.style)} ${counts}`);
    }
    try {
      await context.sleep(LOOK_EVERY_MS);
    } catch (error) {
      if (!link.running) await link.call('index.cancelVectorMove', { sourceId }, AbortSignal.timeout(5000));
      throw error;
    }
  }
}
