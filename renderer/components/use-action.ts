import { useCallback, useState } from 'react';
import { toastDone, toastError } from '../stores/toasts.ts';

/** Runs what a button does: busy meanwhile, a toast for its error, and one for its end where words are given. */
export function useAction(): {
  busy: boolean;
  run: <Result>(action: () => Promise<Result>, done?: string | ((result: Result) => string)) => Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const run = useCallback(
    async <Result>(action: () => Promise<Result>, done?: string | ((result: Result) => string)) => {
      setBusy(true);
      try {
        const result = await action();
        const words = typeof done === 'function' ? done(result) : done;
        if (words) toastDone(words);
      } catch (error) {
        toastError(error);
      } finally {
        setBusy(false);
      }
    },
    [],
  );
  return { busy, run };
}
