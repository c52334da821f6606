import { useState } from 'react';
import { useToasts } from '../stores/toasts.ts';

/** Announces the newest message. A dialog has its own, because the page behind it is inert. */
export function SpokenToast() {
  const newest = useToasts((state) => state.toasts.at(-1));
  const [before] = useState(newest?.id);
  return (
    <p className="sr-only" aria-live="polite">
      {newest && newest.id !== before ? `${newest.message} ${newest.next}` : ''}
    </p>
  );
}
