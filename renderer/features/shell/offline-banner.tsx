import { useEffect, useState } from 'react';
import { useConnection } from '../../stores/connection.ts';

/** Says that what stands below is old. A loss of a second is not worth a word. */
export function OfflineBanner() {
  const lost = useConnection((status) => status.state === 'reconnecting');
  const [told, setTold] = useState(false);
  useEffect(() => {
    if (!lost) {
      setTold(false);
      return;
    }
    const timer = setTimeout(() => setTold(true), 1500);
    return () => clearTimeout(timer);
  }, [lost]);
  if (!told) return null;
  return (
    <div role="alert" className="border-b border-line bg-flame-wash px-4 py-2 text-[0.8125rem] sm:px-6">
      <strong className="font-semibold text-flame-text">The connection to Pilotlight was lost.</strong> What
      you see is how it was then. The panel reconnects by itself; if it does not, run{' '}
      <code className="font-mono">npm start</code> again.
    </div>
  );
}
