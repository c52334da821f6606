import { useEffect, useRef, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { Embedder, FolderEstimateView } from '../../../shared/models/indexing.ts';
import { formatBytes, formatCount, plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';

/** What the first run of a folder would take. It is asked for, and can be cancelled. */
export function Estimate(wanted: {
  path: string;
  embedder: Embedder;
  ignoreFiles: boolean;
  ignorePatterns: string[];
}) {
  const key = JSON.stringify(wanted);
  const [found, setFound] = useState<{ key: string; estimate: FolderEstimateView } | null>(null);
  const [error, setError] = useState<{ key: string; wire: WireError } | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function ask(): Promise<void> {
    const abort = new AbortController();
    running.current = abort;
    setBusy(true);
    setError(null);
    try {
      const estimate = await client.call('index.estimate', wanted, { signal: abort.signal });
      setFound({ key, estimate });
    } catch (reason) {
      if (!abort.signal.aborted) setError({ key, wire: toWireError(reason) });
    } finally {
      setBusy(false);
    }
  }

  // What was found for another path or other patterns says nothing about these.
  const estimate = found?.key === key ? found.estimate : null;
  return (
    <div className="grid gap-2">
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
        <Button ref={button} size="small" disabled={wanted.path.trim() === '' || busy} onClick={ask}>
          Estimate
        </Button>
        {busy ? (
          <>
            <span className="text-[0.8125rem] text-soft" role="status">
              Reading names and a sample…
            </span>
            <Button
              size="small"
              tone="quiet"
              onClick={() => {
                running.current?.abort();
                // This button goes; the other one is enabled at the next frame.
                requestAnimationFrame(() => button.current?.focus());
              }}
            >
              Cancel the estimate
            </Button>
          </>
        ) : (
          <p className="min-w-0 flex-1 basis-40 text-[0.8125rem] text-soft" role="status">
            {estimate ? estimateText(estimate) : 'Files, passages and time of the first run'}
          </p>
        )}
      </div>
      {error?.key === key && (
        <Problem message={error.wire.message} next={error.wire.next} code={error.wire.code} />
      )}
    </div>
  );
}

/** `About 4,200 files (38 MB), 21,000 passages, 3 min`. */
export function estimateText({ files, bytes, passages, minutes, isComplete }: FolderEstimateView): string {
  if (files === 0 && isComplete) return 'No text files found';
  const time =
    minutes === null
      ? 'time not known before the first run with this embedder'
      : minutes < 1
        ? 'less than a minute'
        : minutes < 90
          ? `${Math.round(minutes)} min`
          : `${(minutes / 60).toFixed(1)} h`;
  const about = isComplete ? 'About' : 'At least';
  return `${about} ${plural(files, 'file')} (${formatBytes(bytes)}), ${formatCount(passages)} passages, ${time}`;
}
