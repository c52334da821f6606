import { useCallback, useState } from 'react';
import { toastDone, toastError } from '../stores/toasts.ts';

/** Runs a button’s action: busy meanwhile, a toast on error, and one on success if `done` is given. */
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
        const message = typeof done === 'function' ? done(result) : done;
        if (message) toastDone(message);
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
