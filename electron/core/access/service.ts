/** One store of credentials: who may come in, with which rights, and until when. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { CredentialKind, CredentialRecord } from '../../../shared/models/access.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { rights as everyRight, leastRightsOf } from '../../../shared/rights.ts';
import type { ActivityService } from '../activity/service.ts';
import type { Ids } from '../ports/time.ts';
import { checkCredential } from './check-credential.ts';
import { browserName, freeName, nameKey } from './credential-name.ts';
import { viewOf } from './credential-view.ts';
import { type CredentialsDependencies, createCredentials } from './credentials.ts';
import { rightsOfKey } from './key-rights.ts';
import { createLentKeys } from './lent-keys.ts';
import { endingOf, SESSION_LONGEST_MS } from './lifetime.ts';
import type { AccessService, ChosenKey, Issued } from './model.ts';
import { newSecret, secretDigest } from './secret-format.ts';
import { sessionProof } from './session-proof.ts';

export interface AccessDependencies extends CredentialsDependencies {
  ids: Ids;
  activity: Pick<ActivityService, 'record'>;
}

const DAY_MS = 86_400_000;
/** Each check compares with all of them. */
const MOST_KEYS = 200;
const MOST_SESSIONS = 100;
const noLimits = { models: null, requestsPerMinute: null };

export function createAccessService(dependencies: AccessDependencies): AccessService {
  const { clock, ids, log, activity } = dependencies;
  const credentials = createCredentials(dependencies);
  const ended = createEmitter<[id: string]>({ name: 'access', log });
  const lent = createLentKeys(log);

  const isSession = ({ kind }: { kind: CredentialKind }) => kind === 'session';
  const unrevoked = () => credentials.all().filter(({ revokedAt }) => revokedAt === null);
  const keys = () => unrevoked().filter((record) => !isSession(record));
  const sessions = () =>
    unrevoked().filter((record) => isSession(record) && endingOf(record, clock.now()) === 'live');

  function require(id: string, records: readonly CredentialRecord[], message: Message): CredentialRecord {
    const record = records.find((one) => one.id === id);
    if (!record) throw new PilotlightError('NOT_FOUND', { message });
    return record;
  }
  const requireKey = (id: string) => require(id, keys(), fact('NO_SUCH_KEY'));

  function report(message: Message): void {
    activity.record({ kind: 'system', severity: 'info', message });
  }

  /** A record with a new secret. */
  function issue(changes: Omit<CredentialRecord, 'digest' | 'chosen' | 'lastUsedAt' | 'revokedAt'>): {
    record: CredentialRecord;
    secret: string;
  } {
    const secret = newSecret(isSession(changes) ? 'session' : 'key');
    const digest = secretDigest(secret);
    return { secret, record: { ...changes, digest, chosen: false, lastUsedAt: null, revokedAt: null } };
  }

  function chosenKey({ name, rights, secret }: ChosenKey): CredentialRecord {
    return {
      id: ids.next('key'),
      kind: 'script',
      name,
      rights: [...rights],
      digest: secretDigest(secret),
      chosen: true,
      origin: null,
      createdAt: clock.now(),
      lastUsedAt: null,
      expiresAt: null,
      revokedAt: null,
      ...noLimits,
    };
  }

  const namesOf = (kind: CredentialKind) =>
    keys()
      .filter((key) => key.kind === kind)
      .map(({ name }) => name);

  const issued = ({ record, secret }: ReturnType<typeof issue>): Issued => ({
    credential: viewOf(record),
    secret,
  });

  /** It is revoked even if that cannot be saved yet: the store keeps it and tries again. */
  function revoke(records: readonly CredentialRecord[]): void {
    for (const record of records) {
      credentials.put({ ...record, revokedAt: clock.now() });
      ended.emit(record.id);
    }
  }

  return {
    keys: () => keys().map(viewOf),
    sessions: () => sessions().map(viewOf),
    find(id) {
      const record = credentials.get(id);
      return record === undefined || record.revokedAt !== null ? null : viewOf(record);
    },
    nameOf(id) {
      const record = credentials.get(id);
      if (record !== undefined && record.revokedAt === null) return record.name;
      return lent.list().find((key) => key.id === id)?.name ?? null;
    },
    addKey({ name, kind, rights: wanted, expiresInDays, models = null, requestsPerMinute = null }) {
      const rights = rightsOfKey(kind, wanted);
      if (namesOf(kind).some((taken) => nameKey(taken) === nameKey(name))) {
        throw new PilotlightError('ALREADY_EXISTS', {
          message: fact('KEY_NAME_TAKEN', { name }),
          next: fact('ROTATE_OR_RENAME_KEY'),
          details: { field: 'name' },
        });
      }
      if (keys().length >= MOST_KEYS)
        throw new PilotlightError('TOO_MANY_KEYS', { details: { limit: MOST_KEYS } });
      const now = clock.now();
      const key = issue({
        id: ids.next('key'),
        kind,
        name,
        rights,
        origin: null,
        createdAt: now,
        expiresAt: expiresInDays === null ? null : now + expiresInDays * DAY_MS,
        models: models === null ? null : [...models],
        requestsPerMinute,
      });
      credentials.put(key.record);
      report(fact('KEY_CREATED', { name, rights }));
      return issued(key);
    },
    adoptSecret({ name: wanted, rights, secret }) {
      const name = freeName(wanted, namesOf('script'));
      const record = chosenKey({ name, rights, secret });
      try {
        credentials.put(record);
        return { name, saved: true };
      } catch (error) {
        log.warn('A key could not be saved yet.', { name, error: String(error) });
        credentials.keepUnsaved(record);
        return { name, saved: false };
      }
    },
    setSecret({ name, rights, secret }) {
      const before = keys().find((key) => key.kind === 'script' && key.name === name);
      const after: CredentialRecord = {
        ...(before ?? chosenKey({ name, rights, secret })),
        digest: secretDigest(secret),
        chosen: true,
      };
      credentials.put(after);
      if (before !== undefined) ended.emit(before.id);
      report(before === undefined ? fact('KEY_CREATED', { name, rights }) : fact('KEY_ROTATED', { name }));
      return () => credentials.put(before ?? { ...after, revokedAt: clock.now() });
    },
    hasSeen: (secret) => credentials.all().some(({ digest }) => digest === secretDigest(secret)),
    rotateKey(id) {
      const before = requireKey(id);
      const now = clock.now();
      // A key that expires is valid again for as long as it was at first.
      const expiresAt = before.expiresAt === null ? null : now + (before.expiresAt - before.createdAt);
      const key = issue({ ...before, createdAt: now, expiresAt });
      credentials.put(key.record);
      // Whoever still has the old secret learns that it was replaced.
      if (before.digest !== null) credentials.put({ ...before, id: ids.next('key'), revokedAt: now });
      ended.emit(id);
      report(fact('KEY_ROTATED', { name: before.name }));
      return issued(key);
    },
    revokeKey(id) {
      const key = requireKey(id);
      revoke([key]);
      report(fact('KEY_WAS_REVOKED', { name: key.name }));
    },
    openSession({ origin, userAgent }) {
      const others = sessions();
      const now = clock.now();
      const session = issue({
        id: ids.next('session'),
        kind: 'session',
        name: freeName(
          browserName(userAgent),
          others.map(({ name }) => name),
        ),
        rights: leastRightsOf(everyRight),
        origin,
        createdAt: now,
        expiresAt: now + SESSION_LONGEST_MS,
        ...noLimits,
      });
      credentials.put(session.record);
      const unused = [...others].sort(
        (one, other) => (one.lastUsedAt ?? one.createdAt) - (other.lastUsedAt ?? other.createdAt),
      );
      revoke(unused.slice(0, Math.max(0, others.length + 1 - MOST_SESSIONS)));
      report(fact('SIGNED_IN', { browser: session.record.name }));
      return issued(session);
    },
    renewSession(id) {
      const session = sessions().find((one) => one.id === id);
      const now = clock.now();
      if (session) credentials.put({ ...session, lastUsedAt: now, expiresAt: now + SESSION_LONGEST_MS });
    },
    revokeSession(id) {
      const session = require(id, unrevoked().filter(isSession), fact('NO_SUCH_SESSION'));
      revoke([session]);
      report(fact('SIGNED_OUT', { browser: session.name }));
    },
    revokeOtherSessions(id) {
      const others = sessions().filter((session) => session.id !== id);
      revoke(others);
      if (others.length > 0) report(fact('SIGNED_OUT_OTHERS', { count: others.length }));
      return others.length;
    },
    portTaken(port) {
      const exposed = sessions().filter((session) => session.origin?.endsWith(`:${port}`));
      revoke(exposed);
      if (exposed.length > 0) report(fact('PORT_WAS_TAKEN', { port, count: exposed.length }));
    },
    check(secret, origin) {
      const verdict = checkCredential(credentials.known, secret, { now: clock.now(), origin });
      if (verdict.outcome === 'accepted') credentials.markUsed(verdict.credential.id);
      return verdict;
    },
    proveSession({ id, nonce, origin }) {
      const session = credentials.get(id);
      if (!session || !isSession(session) || session.digest === null || session.origin !== origin) {
        throw new PilotlightError('UNAUTHORIZED');
      }
      if (endingOf(session, clock.now()) !== 'live') throw new PilotlightError('SESSION_ENDED');
      return sessionProof({ digest: session.digest, nonce, origin });
    },
    use(id) {
      const record = credentials.get(id);
      if (record === undefined || endingOf(record, clock.now()) !== 'live') return false;
      credentials.markUsed(id);
      return true;
    },
    onEnded: ended.on,
    known: () => credentials.known,
    lent,
    onKnownChange: credentials.onChange,
    stop: credentials.stop,
  };
}
