import { Globe } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { CredentialView } from '../../../shared/models/access.ts';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { Ago } from '../../components/time.tsx';
import { toastDone } from '../../stores/toasts.ts';
import { endText, isExpired, lastUseText } from './access-text.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { Badge, CredentialRow } from './credential-row.tsx';

/** The id of the session of this browser; null in the desktop window, and while it is not known. */
function useOwnSession(): string | null {
  const [own, setOwn] = useState<string | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    client.call('access.caller', {}, { signal: controller.signal }).then(
      ({ credential }) => setOwn(credential?.id ?? null),
      () => undefined,
    );
    return () => controller.abort();
  }, []);
  return own;
}

/** The browsers that are signed in; this one is marked. */
export function Sessions({ sessions }: { sessions: readonly CredentialView[] }) {
  const now = useNow(60);
  const own = useOwnSession();
  const [asked, setAsked] = useState<CredentialView | 'others' | null>(null);
  const live = sessions.filter((session) => !isExpired(session, now));
  const others = live.filter(({ id }) => id !== own);
  const close = () => setAsked(null);

  if (live.length === 0) {
    return <p className="py-3 text-[0.8125rem] text-faint">No browser is signed in.</p>;
  }
  return (
    <>
      <ul className="divide-y divide-line" aria-label="Browsers">
        {[...live.filter(({ id }) => id === own), ...others].map((session) => (
          <CredentialRow
            key={session.id}
            icon={<Globe size={16} />}
            name={session.name}
            badge={session.id === own && <Badge warm>this browser</Badge>}
            lines={[
              <>
                Signed in <Ago at={session.createdAt} /> ·{' '}
                {session.id === own ? 'In use' : lastUseText(session, now)}
              </>,
              `Signed out ${endText(session.expiresAt, now)} if it is not used`,
            ]}
          >
            <Button size="small" aria-label={`Sign out: ${session.name}`} onClick={() => setAsked(session)}>
              Sign out
            </Button>
          </CredentialRow>
        ))}
      </ul>
      {others.length > 0 && (
        <div className="border-t border-line pt-3">
          <Button onClick={() => setAsked('others')}>
            {own === null ? 'Sign out all browsers' : 'Sign out everywhere else'}
          </Button>
        </div>
      )}
      {asked === 'others' && (
        <ConfirmDialog
          title={own === null ? 'Sign out all browsers?' : 'Sign out everywhere else?'}
          about={`${plural(others.length, 'browser')} will need a new address from Pilotlight to open the panel again.`}
          action="Sign out"
          onClose={close}
          run={async () => {
            const { revoked } = await client.call('access.revokeOtherSessions', {});
            toastDone(`${plural(revoked, 'browser')} signed out`);
          }}
        />
      )}
      {asked !== null && asked !== 'others' && (
        <ConfirmDialog
          title={asked.id === own ? 'Sign out this browser?' : `Sign out ${asked.name}?`}
          about="All its tabs close their connection. It needs a new address from Pilotlight to open the panel again."
          action="Sign out"
          onClose={close}
          run={async () => {
            await client.call('access.revokeSession', { sessionId: asked.id });
            toastDone(`${asked.name} signed out`);
          }}
        />
      )}
    </>
  );
}
