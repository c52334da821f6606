/**
 * The setting `api.indexToken` of earlier versions is a key like any other now. Scripts may still set and remove it by
 * that name.
 */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { ActivityService } from '../activity/service.ts';
import type { Log } from '../ports/log.ts';
import type { Secrets } from '../ports/state.ts';
import { type SettingSecrets, savedSecrets } from '../settings/setting-secrets.ts';
import type { AccessService } from './model.ts';

const SETTING = 'api.indexToken';
/** What its key is called. */
const NAME = 'index';
/** It could start and follow index jobs, and read metrics. */
const RIGHTS = ['tasks'] as const;

/** Moves a saved token into the store of credentials. If that fails, it works all the same, and is moved next time. */
export function moveIndexToken({
  secrets,
  access,
  activity,
  log,
}: {
  secrets: Pick<Secrets, 'get' | 'change'>;
  access: Pick<AccessService, 'adoptSecret' | 'hasSeen'>;
  activity: Pick<ActivityService, 'record'>;
  log: Log;
}): void {
  const secret = secrets.get(SETTING);
  if (secret === null) return;
  // A key that was revoked since must not come back.
  const moved = access.hasSeen(secret) ? null : access.adoptSecret({ name: NAME, rights: RIGHTS, secret });
  if (moved?.saved === false) return;
  try {
    secrets.change({ [SETTING]: null });
  } catch (error) {
    if (!isPilotlightError(error)) throw error;
    log.warn('The saved token for /index could not be removed yet.', { code: error.code });
  }
  if (moved !== null) {
    activity.record({
      kind: 'system',
      severity: 'info',
      message: fact('INDEX_TOKEN_MOVED', { name: moved.name }),
    });
  }
}

/** The secret settings, where the token for /index is a key. */
export function withIndexKey(
  secrets: Pick<Secrets, 'get' | 'change'>,
  access: Pick<AccessService, 'keys' | 'setSecret' | 'revokeKey'>,
): SettingSecrets {
  const others = savedSecrets(secrets);
  const key = () => access.keys().find(({ kind, name }) => kind === 'script' && name === NAME);
  return {
    has: (name) => (name === SETTING ? key() !== undefined : others.has(name)),
    get: (name) => (name === SETTING ? null : others.get(name)),
    change({ [SETTING]: token, ...rest }) {
      const undo = others.change(rest);
      if (token === undefined) return undo;
      try {
        const undoToken = changeToken(token);
        return () => {
          undoToken();
          undo();
        };
      } catch (error) {
        undo();
        throw error;
      }
    },
  };

  function changeToken(token: string | null): () => void {
    if (token !== null) return access.setSecret({ name: NAME, rights: RIGHTS, secret: token });
    const before = key();
    // Last of all, because nothing brings a revoked key back.
    if (before) access.revokeKey(before.id);
    return () => {};
  }
}
