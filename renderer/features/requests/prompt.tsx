import { useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { RequestPrompt } from '../../../shared/models/requests.ts';
import { formatBytes } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { indented } from './indented.ts';

/** What a request asked, shown only after a click: whoever looks over a shoulder should not read it by chance. */
export function Prompt({ requestId }: { requestId: string }) {
  const [shown, setShown] = useState(false);
  if (!shown) {
    return (
      <Button size="small" onClick={() => setShown(true)}>
        Show prompt
      </Button>
    );
  }
  return <PromptText requestId={requestId} />;
}

function PromptText({ requestId }: { requestId: string }) {
  const [prompt, setPrompt] = useState<RequestPrompt | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    client.call('requests.prompt', { id: requestId }, { signal: abort.signal }).then(setPrompt, (reason) => {
      if (!abort.signal.aborted) setError(toWireError(reason));
    });
    return () => abort.abort();
  }, [requestId]);
  if (error) return <Problem compact message={error.message} next={error.next} code={error.code} />;
  if (!prompt) return <p className="text-[0.8125rem] text-faint">Loading…</p>;
  return (
    <>
      <section
        aria-label="What was sent"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard.
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-lg border border-line bg-sunken p-3"
      >
        <pre className="font-mono text-xs break-words whitespace-pre-wrap">{indented(prompt.text)}</pre>
      </section>
      <p className="mt-1 text-xs text-faint">
        {prompt.truncated ? `The beginning of ${formatBytes(prompt.bytes)}` : formatBytes(prompt.bytes)}
      </p>
    </>
  );
}
