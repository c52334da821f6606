import { useEffect, useRef, useState } from 'react';

/** Announces changes to screen readers politely, at most once every `everyMs` milliseconds. */
export function LiveRegion({ message, everyMs = 8000 }: { message: string; everyMs?: number }) {
  const [spoken, setSpoken] = useState('');
  const last = useRef(0);
  useEffect(() => {
    if (message === spoken) return;
    const wait = Math.max(0, last.current + everyMs - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSpoken(message);
    }, wait);
    return () => clearTimeout(timer);
  }, [message, spoken, everyMs]);
  return (
    <p className="sr-only" aria-live="polite">
      {spoken}
    </p>
  );
}
