import { useEffect, useState } from 'react';
import type { IndexWarning, SourceView } from '../../../shared/models/indexing.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { toastError } from '../../stores/toasts.ts';

/** What is wrong with Qdrant. It is asked only while a folder has its vectors there. */
export function QdrantProblem({ sources }: { sources: readonly SourceView[] }) {
  const [warnings, setWarnings] = useState<readonly IndexWarning[]>([]);
  const [round, setRound] = useState(0);
  const [busy, setBusy] = useState(false);
  const users = sources
    .filter(({ vectors }) => vectors?.engine === 'qdrant')
    .map(({ id }) => id)
    .join(' ');

  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks again
  useEffect(() => {
    if (users === '') return setWarnings([]);
    const abort = new AbortController();
    setBusy(true);
    client
      .call('index.warnings', {}, { signal: abort.signal })
      .then(setWarnings, (error) => {
        if (!abort.signal.aborted) toastError(error);
      })
      .finally(() => {
        if (!abort.signal.aborted) setBusy(false);
      });
    return () => abort.abort();
  }, [users, round]);

  return warnings.map(({ code, message, next, folders }) => (
    <div key={code} className="mb-2">
      <Problem compact code={code} message={message} next={next}>
        {folders.length > 0 && (
          <p className="w-full text-soft">Searched by keyword only: {folders.join(', ')}</p>
        )}
        <Button size="small" busy={busy} onClick={() => setRound(round + 1)}>
          Check again
        </Button>
      </Problem>
    </div>
  ));
}
