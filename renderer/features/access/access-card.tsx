import { type ReactNode, Suspense, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { latePart } from '../../components/late-part.ts';
import { cardClass, Loading, Skeleton } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { accessStore, useCredentials } from '../../stores/access.ts';
import { KeyDialog } from './key-dialog.tsx';
import { Keys } from './keys.tsx';
import { Sessions } from './sessions.tsx';

const Phone = latePart(() => import('./phone.tsx'));

/** Who may come in: keys of scripts and programs, and browsers that are signed in. */
export function AccessCard() {
  useKeep(accessStore);
  const credentials = useCredentials();
  const [adding, setAdding] = useState(false);
  const [onPhone, setOnPhone] = useState(false);
  return (
    <section aria-labelledby="settings-access" className={`${cardClass} mb-4 p-4 sm:p-6`}>
      <h2 id="settings-access" tabIndex={-1} className="font-semibold outline-none">
        Access
      </h2>
      <p className="mb-3 text-[0.8125rem] text-soft">
        Who may use Pilotlight. Changes apply at once: whoever is revoked is cut off.
      </p>
      <Group
        title="Keys"
        about="For scripts and programs"
        action={
          <Button id="setting-access.keys" disabled={credentials === null} onClick={() => setAdding(true)}>
            Generate a key
          </Button>
        }
      >
        {credentials ? <Keys keys={credentials.keys} /> : <Waiting what="the keys" />}
      </Group>
      <Group title="Browsers" about="Signed in to the panel">
        {credentials ? <Sessions sessions={credentials.sessions} /> : <Waiting what="the sessions" />}
      </Group>
      <Group
        title="Open on a phone"
        about="For other devices of your network; closed unless you open it"
        action={
          !onPhone && (
            <Button aria-expanded={false} onClick={() => setOnPhone(true)}>
              Set up
            </Button>
          )
        }
      >
        {onPhone && (
          <Suspense fallback={<Waiting what="the addresses" />}>
            <Phone />
          </Suspense>
        )}
      </Group>
      {adding && <KeyDialog onClose={() => setAdding(false)} />}
    </section>
  );
}

function Group({
  title,
  about,
  action,
  children,
}: {
  title: string;
  about: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="border-t border-line pt-3 pb-1">
      <div className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <h3 className="font-medium">{title}</h3>
          <p className="text-[0.8125rem] text-soft">{about}</p>
        </div>
        {action}
      </div>
      {children}
    </div>
  );
}

const Waiting = ({ what }: { what: string }) => (
  <Loading what={what}>
    <Skeleton className="my-3 h-12" />
  </Loading>
);
