/** The sessions of systemd-logind, or of elogind on systems without systemd. */

import { stat } from 'node:fs/promises';
import { parseJson } from '../../../shared/json.ts';
import { isMissing, toolFailure } from '../hardware/exec.ts';
import { type BusOptions, busCall, NoBusctl } from './busctl.ts';

export interface Session {
  id: string;
  user: string;
  class: string;
  state: string;
}

export interface LogindOptions extends BusOptions {
  /** Created by logind when it starts. */
  seatsFolder?: string;
}

const LOGIND = 'org.freedesktop.login1';
const LOGINCTL = 'loginctl';
const DEADLINE_MS = 4000;

/**
 * Sessions without a person: the login screen; the manager of a user's services, which stays while that user lingers;
 * cron and at jobs, which are work and not a person. Every other class counts, including those that a later version
 * adds: user, user-early (root), user-incomplete (signing in), user-light, lock-screen.
 */
const CLASSES_OF_NOBODY: ReadonlySet<string> = new Set([
  'greeter',
  'manager',
  'manager-early',
  'background',
  'background-light',
  'none',
]);

/** The person has left a session that is closing; only processes remain. */
export function isInUse(session: Pick<Session, 'class' | 'state'>): boolean {
  return session.state !== 'closing' && !CLASSES_OF_NOBODY.has(session.class);
}

/**
 * Names of people with a session, each once; null if this system has no logind. Rejects with a sentence if logind does
 * not answer.
 */
export async function readLogindUsers(options: LogindOptions): Promise<string[] | null> {
  const { seatsFolder = '/run/systemd/seats' } = options;
  try {
    return await usersOnBus(options).catch(async (error: unknown) => {
      if (!(error instanceof NoBusctl)) throw error;
      const users = await usersByLoginctl(options);
      if (users === null) throw new Error('Neither busctl nor loginctl is installed to ask logind.');
      return users;
    });
  } catch (error) {
    // A system may have the programs but run neither systemd nor elogind.
    const runs = await stat(seatsFolder).then(
      () => true,
      (reason: unknown) => !isMissing(reason),
    );
    if (!runs) return null;
    throw error;
  }
}

async function usersOnBus(options: BusOptions): Promise<string[]> {
  const names = new Set<string>();
  for (const { id, user, path } of await listOnBus(options)) {
    if (names.has(user)) continue;
    const session = await describeOnBus(path, options).catch(async (error: unknown) => {
      // The session may have ended since it was listed.
      const listed = await listOnBus(options);
      if (listed.some((other) => other.id === id)) throw error;
      return null;
    });
    if (session !== null && isInUse(session)) names.add(user);
  }
  return [...names];
}

/** `a(susso)`: id, user id, user name, seat, object path. */
async function listOnBus(options: BusOptions): Promise<{ id: string; user: string; path: string }[]> {
  const call = { path: '/org/freedesktop/login1', interface: `${LOGIND}.Manager`, method: 'ListSessions' };
  const [rows] = await busCall({ destination: LOGIND, ...call }, options);
  if (!Array.isArray(rows)) throw new Error('logind listed no sessions.');
  return rows.map((row: unknown) => {
    const [id, uid, name, , path] = Array.isArray(row) ? (row as unknown[]) : [];
    if (typeof id !== 'string' || typeof path !== 'string')
      throw new Error('logind listed a malformed session.');
    return { id, user: typeof name === 'string' && name !== '' ? name : `user ${uid}`, path };
  });
}

async function describeOnBus(path: string, options: BusOptions): Promise<Pick<Session, 'class' | 'state'>> {
  const call = { path, interface: 'org.freedesktop.DBus.Properties', method: 'GetAll' };
  const [properties] = await busCall(
    { destination: LOGIND, ...call, signature: 's', arguments: [`${LOGIND}.Session`] },
    options,
  );
  return { class: property(properties, 'Class'), state: property(properties, 'State') };
}

function property(properties: unknown, name: string): string {
  const value = isFields(properties) ? properties[name] : null;
  if (!isFields(value) || typeof value.data !== 'string')
    throw new Error(`logind gave no ${name.toLowerCase()} for a session.`);
  return value.data;
}

async function usersByLoginctl(options: LogindOptions): Promise<string[] | null> {
  const run = (args: readonly string[]) => loginctl(args, options);
  // Versions since 256 accept the first form, older ones the second.
  const list = () =>
    run(['list-sessions', '--json=short']).catch(() => run(['list-sessions', '--output=json']));
  const listed = await list();
  if (listed === null) return null;
  const ids = parseSessionIds(listed);
  const names = new Set<string>();
  for (const id of ids) {
    const shown = await run([
      'show-session',
      id,
      '-p',
      'Id',
      '-p',
      'Name',
      '-p',
      'Class',
      '-p',
      'State',
    ]).then(
      (text) => parseShownSession(text ?? ''),
      async (error: unknown) => {
        if (parseSessionIds((await list()) ?? '').includes(id)) throw error;
        return null;
      },
    );
    if (shown !== null && isInUse(shown)) names.add(shown.user);
  }
  return [...names];
}

/** null if loginctl is missing. */
async function loginctl(args: readonly string[], { exec, signal, deadlineMs }: BusOptions) {
  try {
    return await exec(LOGINCTL, ['--no-pager', ...args], { deadlineMs: deadlineMs ?? DEADLINE_MS, signal });
  } catch (error) {
    if (isMissing(error)) return null;
    throw new Error(toolFailure(LOGINCTL, error), { cause: error });
  }
}

/** `[{"session":"3","uid":1000,…}]` */
export function parseSessionIds(output: string): string[] {
  const rows = parseJson(output);
  if (!Array.isArray(rows)) throw new Error('loginctl printed something unexpected.');
  return rows.map((row: unknown) => {
    if (!isFields(row) || typeof row.session !== 'string')
      throw new Error('loginctl listed a malformed session.');
    return row.session;
  });
}

/** `Name=ann`, one property per line, in any order. */
export function parseShownSession(output: string): Session {
  const shown = new Map(
    output.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]];
    }),
  );
  const word = (name: string) => {
    const value = shown.get(name);
    if (value === undefined || value === '') throw new Error(`loginctl gave no ${name} for a session.`);
    return value;
  };
  return { id: word('Id'), user: word('Name'), class: word('Class'), state: word('State') };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
