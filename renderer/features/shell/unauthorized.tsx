import { useEffect } from 'react';
import { FlameMark } from '../../components/glyphs.tsx';
import { useConnection } from '../../stores/connection.ts';

/** By the code of the error: what happened, and why this page is asked for. */
const reasons: Readonly<Record<string, { title: string; about: string }>> = {
  TOKEN_USED: {
    title: 'This address has already been used',
    about:
      'Each address that Pilotlight prints signs one browser in, once. This keeps out other pages and other users of this computer.',
  },
  SESSION_ENDED: {
    title: 'You are signed out',
    about: 'This browser was signed out in Settings, or was not used for too long.',
  },
};
const usual = {
  title: 'Sign in to Pilotlight',
  about:
    'This browser is not signed in. It signs in with the one-time address that Pilotlight prints when it starts; after that, every tab and bookmark opens by itself.',
};

/** The core responds, but this browser is not signed in: only a new address helps. */
export function Unauthorized() {
  const error = useConnection((state) => state.error);
  const { title, about } = reasons[error?.code ?? ''] ?? usual;
  useEffect(() => {
    document.title = `${title} · Pilotlight`;
  }, [title]);
  return (
    <main className="flex min-h-dvh items-center justify-center p-6">
      <div className="w-full max-w-lg rounded-2xl border border-line bg-surface p-8 max-sm:p-6">
        <FlameMark size={28} />
        <h1 className="mt-4 text-xl font-semibold">{title}</h1>
        <p className="mt-2 text-soft">{about}</p>
        <p className="mt-6 font-medium">To get a new address, run this in Pilotlight’s folder:</p>
        <dl className="mt-3 grid gap-3">
          <Command command="npm run pilotlight -- open" about="if Pilotlight is running" />
          <Command command="npm start" about="if it is not" />
        </dl>
        <p className="mt-4 text-[0.8125rem] text-faint">
          Open the address in any tab of this browser. The others, like this one, connect by themselves.
        </p>
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
