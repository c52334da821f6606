import { allRightsOf, everyRight, rights } from '../../../shared/rights.ts';
import type { PanelNetwork } from '../ports/panel-network.ts';
import type { Handlers } from '../runtime/handlers.ts';
import type { AccessService, Issued } from './model.ts';

type AccessMethod =
  | 'access.caller'
  | 'access.keys'
  | 'access.addKey'
  | 'access.rotateKey'
  | 'access.revokeKey'
  | 'access.sessions'
  | 'access.revokeSession'
  | 'access.revokeOtherSessions'
  | 'access.network'
  | 'access.setNetwork'
  | 'access.pair';

export function accessMethods({
  access,
  network,
}: {
  access: AccessService;
  network: PanelNetwork;
}): Handlers<AccessMethod> {
  const shown = ({ credential, secret }: Issued) => ({ key: credential, secret });
  return {
    'access.caller': (_params, { credentialId }) => {
      const credential = credentialId === null ? null : access.find(credentialId);
      const held = credential === null ? everyRight : allRightsOf(credential.rights);
      return { credential, rights: rights.filter((right) => held.has(right)) };
    },
    'access.network': () => network.view(),
    'access.setNetwork': (wish) => network.set(wish),
    'access.pair': ({ address }) => network.pair(address),
    'access.keys': () => access.keys(),
    'access.addKey': (key) => shown(access.addKey(key)),
    'access.rotateKey': ({ keyId }) => shown(access.rotateKey(keyId)),
    'access.revokeKey': ({ keyId }) => {
      access.revokeKey(keyId);
      return { ok: true };
    },
    'access.sessions': () => access.sessions(),
    'access.revokeSession': ({ sessionId }) => {
      access.revokeSession(sessionId);
      return { ok: true };
    },
    'access.revokeOtherSessions': (_params, { credentialId }) => ({
      revoked: access.revokeOtherSessions(credentialId),
    }),
  };
}
