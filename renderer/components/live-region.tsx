import { useEffect, useRef, useState } from 'react';

/**
 * Announces changes to screen readers politely, at most once every `everyMs` milliseconds. What it begins with is on the
 * page already, and not said.
 */
export function LiveRegion({ message, everyMs = 8000 }: { message: string; everyMs?: number }) {
  const [first] = useState(message);
  const [spoken, setSpoken] = useState<string | null>(null);
  const last = useRef(0);
  const said = spoken ?? first;
  useEffect(() => {
    if (message === said) return;
    const wait = Math.max(0, last.current + everyMs - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSpoken(message);
    }, wait);
    return () => clearTimeout(timer);
  }, [message, said, everyMs]);
  return (
    <p className="sr-only" aria-live="polite">
      {spoken}
    </p>
  );
}
