import { KeyRound, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { CredentialView } from '../../../shared/models/access.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useNow } from '../../components/now.ts';
import { toastDone } from '../../stores/toasts.ts';
import { endText, isExpired, lastUseText, rightsLine } from './access-text.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { Badge, CredentialRow } from './credential-row.tsx';
import { limitsLine } from './key-limits.ts';
import { NewSecret } from './new-secret.tsx';

type Asked = { what: 'rotate' | 'revoke'; key: CredentialView };

/** The keys, each with Rotate and Revoke. */
export function Keys({ keys }: { keys: readonly CredentialView[] }) {
  const now = useNow(60);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [rotated, setRotated] = useState<{ name: string; secret: string } | null>(null);
  const close = () => setAsked(null);

  if (keys.length === 0) {
    return (
      <p className="py-3 text-[0.8125rem] text-faint">No keys. Scripts and programs need one to get in.</p>
    );
  }
  return (
    <>
      <ul className="divide-y divide-line" aria-label="Keys">
        {keys.map((key) => (
          <CredentialRow
            key={key.id}
            icon={key.damaged ? <TriangleAlert size={16} /> : <KeyRound size={16} />}
            name={key.name}
            badge={!key.damaged && <Badge>{key.kind}</Badge>}
            lines={
              key.damaged
                ? []
                : [
                    [rightsLine(key.rights), limitsLine(key)].filter(Boolean).join(' · '),
                    [lastUseText(key, now), expiryText(key, now)].filter(Boolean).join(' · '),
                  ]
            }
            note={noteOf(key, now)}
            trouble={
              key.damaged
                ? 'This record was damaged and opens nothing. Generate a new key for what used it.'
                : null
            }
          >
            {!key.damaged && (
              <Button
                size="small"
                aria-label={`Rotate: ${key.name}`}
                onClick={() => setAsked({ what: 'rotate', key })}
              >
                Rotate
              </Button>
            )}
            <Button
              size="small"
              aria-label={`${key.damaged ? 'Remove' : 'Revoke'}: ${key.name}`}
              onClick={() => setAsked({ what: 'revoke', key })}
            >
              {key.damaged ? 'Remove' : 'Revoke'}
            </Button>
          </CredentialRow>
        ))}
      </ul>
      {asked?.what === 'revoke' && (
        <ConfirmDialog
          title={`Revoke ${asked.key.name}?`}
          about="Whatever uses this key is cut off at once. This cannot be undone."
          action="Revoke"
          onClose={close}
          run={async () => {
            await client.call('access.revokeKey', { keyId: asked.key.id });
            toastDone(`${asked.key.name} revoked`);
          }}
        />
      )}
      {asked?.what === 'rotate' && (
        <ConfirmDialog
          title={`Rotate ${asked.key.name}?`}
          about="You get a new key with the same rights. The old one stops working at once, so have the program at hand."
          action="Rotate"
          onClose={close}
          run={async () => {
            const { secret } = await client.call('access.rotateKey', { keyId: asked.key.id });
            setRotated({ name: asked.key.name, secret });
          }}
        />
      )}
      {rotated && (
        <Dialog title={`New key for ${rotated.name}`} sticky onClose={() => setRotated(null)}>
          <NewSecret secret={rotated.secret} onDone={() => setRotated(null)} />
        </Dialog>
      )}
    </>
  );
}

function expiryText(key: CredentialView, now: number): string {
  return key.expiresAt === null || isExpired(key, now) ? '' : `Expires ${endText(key.expiresAt, now)}`;
}

function noteOf(key: CredentialView, now: number): string | null {
  if (isExpired(key, now)) return 'Expired. Rotate it to use it again.';
  return key.chosen ? 'Its secret was chosen by hand. Rotate it for a random one.' : null;
}
