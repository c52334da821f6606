import { useEffect, useRef, useState } from 'react';
import type { MovePreview } from '../../../shared/models/move-preview.ts';
import { previewSentences } from '../../../shared/text/move-preview.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { hasConsequences } from './consequences.ts';

type Target = MovePreview['target'];

/** Shows what a move would do before it is done, if that concerns anybody. */
export function useMovePreview(
  { nodeId, model }: { nodeId: string; model: string },
  force: (target: Target) => Promise<void>,
) {
  const [preview, setPreview] = useState<MovePreview | null>(null);
  /** The last preview that was read: what a move is expected to take. */
  const [expected, setExpected] = useState<MovePreview | null>(null);
  const { busy, run } = useAction();
  const read = (target: Target) => client.call('models.preview', { model, target, nodeId });
  return {
    preview,
    busy,
    close: () => setPreview(null),
    expected,
    show: (target: Target) =>
      run(async () => {
        const found = await read(target);
        setExpected(found);
        setPreview(found);
      }),
    /** Moves at once where nothing speaks against it. */
    async move(target: Target) {
      const found = await read(target).catch(() => null);
      setExpected(found);
      if (found !== null && hasConsequences(found)) setPreview(found);
      else {
        setPreview(null);
        // If it could not be previewed, the move says why.
        await force(target);
      }
    },
  };
}

/** What a move would do, and the decision. */
export function MovePreviewCard({
  preview,
  busy,
  onMove,
  onCancel,
}: {
  preview: MovePreview;
  busy: boolean;
  onMove(): void;
  onCancel(): void;
}) {
  const { target, outcome, nodeName } = preview;
  const place = target === 'gpu' ? 'the GPU' : 'the CPU';
  const button = useRef<HTMLButtonElement>(null);
  const isMove = outcome === 'move';
  useEffect(() => button.current?.focus(), []);
  return (
    <section
      aria-label={`A move to ${place}`}
      className="rounded-lg border border-ember/60 bg-ground p-3 text-[0.8125rem]"
    >
      <h3 className="font-medium">
        {isMove ? `A move to ${place} of ${nodeName}` : `A move to ${place} would do nothing`}
      </h3>
      <ul className="mt-1.5 grid list-disc gap-1 pl-4 text-soft marker:text-faint">
        {previewSentences(preview).map((sentence) => (
          <li key={sentence} className="break-words">
            {sentence}
          </li>
        ))}
      </ul>
      <div className="mt-3 flex flex-wrap gap-2">
        {isMove && (
          <Button ref={button} size="small" tone="primary" busy={busy} onClick={onMove}>
            Move it
          </Button>
        )}
        <Button size="small" onClick={onCancel}>
          {isMove ? 'Cancel' : 'Close'}
        </Button>
      </div>
    </section>
  );
}
