/** What a move would do, for the command line. Pure. */
import type { MovePreview } from '../../shared/models/move-preview.ts';
import { previewSentences } from '../../shared/text/move-preview.ts';
import type { Style } from './terminal.ts';

export function previewLines(preview: MovePreview, style: Style): string[] {
  const { model, nodeName, target, outcome } = preview;
  const glyph = outcome === 'move' ? style.good('→') : style.ember('–');
  const place = target === 'gpu' ? 'GPU' : 'CPU';
  return [
    `${glyph} ${style.strong(model)} on ${nodeName} to the ${place}${outcome === 'move' ? '' : ': nothing would be done'}`,
    ...previewSentences(preview).map((sentence) => `  ${sentence}`),
  ];
}
