import { useState } from 'react';
import { useToasts } from '../stores/toasts.ts';

/** The newest message for a screen reader. A dialog has one of its own, because it silences the page behind it. */
export function SpokenToast() {
  const newest = useToasts((state) => state.toasts.at(-1));
  const [before] = useState(newest?.id);
  return (
    <p className="sr-only" aria-live="polite">
      {newest && newest.id !== before ? `${newest.message} ${newest.next}` : ''}
    </p>
  );
}
