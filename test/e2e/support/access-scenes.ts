/** Keys and sessions in every state, from fixed values. */
import type { CredentialView } from '../../../shared/models/access.ts';
import type { BridgeScene } from './bridge-core.ts';
import { everyState } from './scenes.ts';

const now = Date.now();
const hour = 3_600_000;
const day = 24 * hour;

function credential(id: string, patch: Partial<CredentialView>): [string, CredentialView] {
  return [
    id,
    {
      id,
      kind: 'script',
      name: id,
      rights: ['view', 'tasks'],
      chosen: false,
      damaged: false,
      createdAt: now - 40 * day,
      lastUsedAt: now - 3 * hour,
      expiresAt: null,
      models: null,
      requestsPerMinute: null,
      ...patch,
    },
  ];
}

const session = (id: string, name: string, patch: Partial<CredentialView> = {}) =>
  credential(id, { kind: 'session', name, rights: ['manage'], expiresAt: now + 29 * day, ...patch });

const withAccess = (access: [string, unknown][], own: string | null): BridgeScene => ({
  ...everyState,
  streams: { ...everyState.streams, access },
  results: {
    ...everyState.results,
    'access.caller': { credential: own === null ? null : { id: own }, rights: [] },
    'access.addKey': { key: {}, secret: 'pilotlight_key_Zr4kT1mNq8vXw2LbHs6yPdCf0gJaUe9oRiQx3tMnB7Y' },
    'access.rotateKey': { key: {}, secret: 'pilotlight_key_Q2wErTy7UiOpAsDf9GhJkLzXc3VbNm1QaZwSxEdCrFv' },
  },
});

export const accessFull = withAccess(
  [
    credential('key_1', { name: 'Backup script', lastUsedAt: now - 4 * 60_000 }),
    credential('key_2', { name: 'Grafana', rights: ['view'], expiresAt: now + 12 * day }),
    credential('key_3', {
      name: 'Open WebUI',
      kind: 'program',
      rights: ['wake', 'infer', 'tasks'],
      lastUsedAt: null,
    }),
    credential('key_4', { name: 'index', rights: ['tasks'], chosen: true, lastUsedAt: now - 30 * 60_000 }),
    credential('key_5', {
      name: 'CI of last year',
      rights: ['control'],
      expiresAt: now - 8 * day,
      lastUsedAt: now - 9 * day,
    }),
    session('session_1', 'Firefox on Linux', { createdAt: now - 12 * day, lastUsedAt: now }),
    session('session_2', 'Chrome on Android', { createdAt: now - 2 * day, lastUsedAt: now - 26 * hour }),
    session('session_3', 'Firefox on Linux 2', {
      createdAt: now - 20 * day,
      lastUsedAt: null,
      expiresAt: now + 10 * day,
    }),
  ],
  'session_1',
);

const long = 'the-very-long-name-of-a-script-that-somebody-gave-to-it-once';
export const accessLong = withAccess(
  [
    credential('key_lost', {
      kind: 'program',
      name: 'Damaged record',
      rights: [],
      damaged: true,
      lastUsedAt: null,
    }),
    ...Array.from({ length: 14 }, (_, index) =>
      credential(`key_${index}`, {
        name: index % 3 === 0 ? `${long}-${index}` : `node ${index}`,
        rights: index % 2 === 0 ? ['view', 'wake', 'infer', 'tasks'] : ['manage'],
        createdAt: now - (30 - index) * day,
      }),
    ),
    ...Array.from({ length: 6 }, (_, index) => session(`session_${index}`, `Chrome on Windows ${index + 1}`)),
  ],
  null,
);

export const accessEmpty = withAccess([], null);
