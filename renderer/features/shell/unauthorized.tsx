import { useEffect } from 'react';
import { FlameMark } from '../../components/glyphs.tsx';
import { useConnection } from '../../stores/connection.ts';

/** The core responds but does not recognise this tab: only a new address helps. */
export function Unauthorized() {
  const error = useConnection((state) => state.error);
  const used = error?.code === 'TOKEN_USED';
  useEffect(() => {
    document.title = 'A new address is needed · Pilotlight';
  }, []);
  return (
    <main className="flex min-h-dvh items-center justify-center p-6">
      <div className="w-full max-w-lg rounded-2xl border border-line bg-surface p-8">
        <FlameMark size={28} />
        <h1 className="mt-4 text-xl font-semibold">
          {used ? 'This address has already been used' : 'This tab needs a new address'}
        </h1>
        <p className="mt-2 text-soft">
          {used
            ? 'Each address that Pilotlight prints opens one tab, once. This keeps out other pages and other users of this computer.'
            : 'A tab opens with the one-time address that Pilotlight prints when it starts. This tab has none, or Pilotlight has been restarted since.'}
        </p>
        <p className="mt-6 font-medium">To get a new one, run this in Pilotlight’s folder:</p>
        <dl className="mt-3 grid gap-3">
          <Command command="npm run pilotlight -- open" about="if Pilotlight is running" />
          <Command command="npm start" about="if it is not" />
        </dl>
      </div>
    </main>
  );
}

function Command({ command, about }: { command: string; about: string }) {
  return (
    <div>
      <dt className="rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-[0.8125rem] select-all">
        {command}
      </dt>
      <dd className="mt-1 text-xs text-faint">{about}</dd>
    </div>
  );
}
