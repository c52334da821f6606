import { useEffect } from 'react';
import { FlameMark } from '../../components/glyphs.tsx';
import { useConnection } from '../../stores/connection.ts';

/** The core answers, but does not know this tab: only a fresh address helps. */
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
          {used ? 'This address was used already' : 'This tab needs a new address'}
        </h1>
        <p className="mt-2 text-soft">
          {used
            ? 'Each address that Pilotlight prints opens one tab, once. That keeps other pages and other people on this computer out.'
            : 'Pilotlight lets a tab in by the one-time address it prints when it starts. This tab has none, or Pilotlight was started again since.'}
        </p>
        <p className="mt-6 font-medium">Get a new one in the folder of Pilotlight:</p>
        <dl className="mt-3 grid gap-3">
          <Command command="npm run pilotlight -- open" about="when Pilotlight runs already" />
          <Command command="npm start" about="when it does not run" />
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
