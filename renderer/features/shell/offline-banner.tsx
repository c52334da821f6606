import { useEffect, useState } from 'react';
import { useConnection } from '../../stores/connection.ts';

/** Warns that the page is out of date. Interruptions of about a second are not shown. */
export function OfflineBanner() {
  const lost = useConnection((status) => status.state === 'reconnecting');
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!lost) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), 1500);
    return () => clearTimeout(timer);
  }, [lost]);
  if (!shown) return null;
  return (
    <div role="alert" className="border-b border-line bg-flame-wash px-4 py-2 text-[0.8125rem] sm:px-6">
      <strong className="font-semibold text-flame-text">The connection to Pilotlight was lost.</strong> You
      see the last known state. The panel reconnects automatically; if it does not, run{' '}
      <code className="font-mono">npm start</code> again.
    </div>
  );
}
