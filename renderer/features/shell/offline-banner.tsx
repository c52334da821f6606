import { type ReactNode, useEffect, useState } from 'react';
import { useConnection } from '../../stores/connection.ts';

/** Warns that the page is out of date. Interruptions of about a second are not shown. */
export function OfflineBanner() {
  const lost = useConnection((status) => status.state === 'reconnecting');
  const other = useConnection((status) => status.error?.code === 'OTHER_PROGRAM');
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
  if (other) {
    return (
      <Banner title="Another program answers at Pilotlight’s address.">
        Your session was not sent to it. End that program, then run{' '}
        <code className="font-mono">npm start</code> again; the panel reconnects automatically.
      </Banner>
    );
  }
  return (
    <Banner title="The connection to Pilotlight was lost.">
      You see the last known state. The panel reconnects automatically; if it does not, run{' '}
      <code className="font-mono">npm start</code> again.
    </Banner>
  );
}

function Banner({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div role="alert" className="border-b border-line bg-flame-wash px-4 py-2 text-[0.8125rem] sm:px-6">
      <strong className="font-semibold text-flame-text">{title}</strong> {children}
    </div>
  );
}
