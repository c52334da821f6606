/** Who may come in: keys, sessions. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { CredentialView, KeyKind } from '../../../shared/models/access.ts';
import { type Right, rights } from '../../../shared/rights.ts';
import { formatAgo } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  noPositionals,
  onlyPositional,
  optionText,
  runVerb,
  usageError,
} from '../command.ts';
import { table } from '../format.ts';

function readRights(text: string | undefined): Right[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((part) => {
    const right = rights.find((one) => one === part.trim().toLowerCase());
    if (right === undefined)
      throw usageError(`"${part.trim()}" is not a right.`, `Use: ${rights.join(', ')}.`);
    return right;
  });
}

function readKind(text: string | undefined): KeyKind | undefined {
  if (text === undefined || text === 'script' || text === 'program') return text;
  throw usageError(`"${text}" is not a kind of key.`, 'Use script or program.');
}

/** `90d`, `90` or `never`. */
function readDays(text: string | undefined): number | null {
  if (text === undefined || text === 'never') return null;
  const match = /^(\d{1,4})\s*(?:d|days?)?$/i.exec(text.trim());
  if (!match) throw usageError(`"${text}" is not a number of days.`, 'Write it like 90d, or never.');
  return Number(match[1]);
}

/** Patterns of models, `llama3*,nomic-embed-text`; null for all. */
function readModels(text: string | undefined): string[] | null {
  if (text === undefined || text === 'all') return null;
  const models = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (models.length > 0) return models;
  throw usageError('--models names no model.', 'Write names or patterns: llama3*,nomic-embed-text.');
}

function readRate(text: string | undefined): number | null {
  if (text === undefined || text === 'none') return null;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usageError(`"${text}" is not a number of requests a minute.`, 'Write it like 60, or none.');
}

/** What it may do through the gateway, if that is limited. */
function limitWords({ models, requestsPerMinute }: CredentialView): string {
  return [
    ...(models === null ? [] : [`models ${models.join(', ')}`]),
    ...(requestsPerMinute === null ? [] : [`${requestsPerMinute} requests a minute`]),
  ].join('; ');
}

/** By id, or by the only name that is equal in any case. */
export function findKey(keys: readonly CredentialView[], wanted: string): CredentialView {
  const byId = keys.find(({ id }) => id === wanted);
  const named = keys.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const [only] = named;
  if (byId) return byId;
  if (only && named.length === 1) return only;
  throw new PilotlightError('NOT_FOUND', {
    message: only
      ? `A script and a program have a key called "${wanted}".`
      : `There is no key called "${wanted}".`,
    next: only
      ? `Name it by its id: ${named.map(({ id }) => id).join(' or ')}.`
      : 'Run "keys list" to see them.',
  });
}

/** The secret alone on standard output, so that a script can take it; everything for people beside it. */
function printSecret(context: CommandContext, { key, secret }: { key: CredentialView; secret: string }) {
  const { terminal, json } = context;
  if (!json) {
    terminal.line(secret);
    terminal.note(`The key "${key.name}" may: ${key.rights.join(', ')}. It is shown only now.`);
    terminal.note('Send it as: Authorization: Bearer KEY');
  }
  return { name: key.name, key: secret };
}

function useWords({ lastUsedAt }: CredentialView, now: number): string {
  return lastUsedAt === null ? 'never used' : `used ${formatAgo(Math.max(0, now - lastUsedAt))}`;
}

function endWords({ expiresAt, damaged, chosen }: CredentialView, now: number): string {
  if (damaged) return 'damaged: opens nothing';
  if (expiresAt !== null && expiresAt <= now) return 'expired';
  if (expiresAt !== null) return `expires ${new Date(expiresAt).toISOString().slice(0, 10)}`;
  return chosen ? 'chosen by hand: rotate it' : '';
}

async function listKeys(context: CommandContext) {
  noPositionals(context);
  const link = await context.connect('any');
  const keys = await link.call('access.keys', {});
  if (context.json) return keys;
  const { terminal } = context;
  if (keys.length === 0) terminal.line('There are no keys. Create one with: keys add NAME');
  const rows = keys.map((key) => [
    key.name,
    key.kind,
    key.rights.join(','),
    useWords(key, context.now()),
    [endWords(key, context.now()), limitWords(key)].filter((part) => part !== '').join('; '),
    terminal.style.quiet(key.id),
  ]);
  for (const line of table(rows)) terminal.line(line);
  return keys;
}

async function addKey(context: CommandContext) {
  const kind = readKind(optionText(context, 'kind'));
  const wanted = readRights(optionText(context, 'rights'));
  const name = onlyPositional(context, 'name');
  const expiresInDays = readDays(optionText(context, 'expires'));
  const link = await context.connect('any');
  const made = await link.call('access.addKey', {
    name,
    ...(kind === undefined ? {} : { kind }),
    ...(wanted === undefined ? {} : { rights: wanted }),
    expiresInDays,
    models: readModels(optionText(context, 'models')),
    requestsPerMinute: readRate(optionText(context, 'rpm')),
  });
  return printSecret(context, made);
}

async function rotateKey(context: CommandContext) {
  const wanted = onlyPositional(context, 'key');
  const link = await context.connect('any');
  const { id } = findKey(await link.call('access.keys', {}), wanted);
  return printSecret(context, await link.call('access.rotateKey', { keyId: id }));
}

async function revokeKey(context: CommandContext) {
  const wanted = onlyPositional(context, 'key');
  const link = await context.connect('any');
  const { id, name } = findKey(await link.call('access.keys', {}), wanted);
  await link.call('access.revokeKey', { keyId: id });
  if (!context.json) context.terminal.line(`Revoked the key "${name}". What used it is cut off.`);
  return { revoked: id };
}

export const keys: Command = {
  name: 'keys',
  summary: 'list, add, rotate and revoke keys of scripts and programs',
  usage: [
    'keys list',
    `keys add NAME [--rights ${rights.join(',')}] [--kind script|program] [--expires 90d|never] [--models a,b] [--rpm 60]`,
    'keys rotate NAME',
    'keys revoke NAME',
  ],
  options: {
    rights: { type: 'string' },
    kind: { type: 'string' },
    expires: { type: 'string' },
    models: { type: 'string' },
    rpm: { type: 'string' },
  },
  run: (context) =>
    runVerb('keys', { list: listKeys, add: addKey, rotate: rotateKey, revoke: revokeKey }, context, 'list'),
};

async function listSessions(context: CommandContext) {
  noPositionals(context);
  const link = await context.connect('any');
  const sessions = await link.call('access.sessions', {});
  if (context.json) return sessions;
  const { terminal } = context;
  if (sessions.length === 0) terminal.line('No browser is signed in.');
  const rows = sessions.map((session) => [
    session.name,
    `signed in ${formatAgo(Math.max(0, context.now() - session.createdAt))}`,
    useWords(session, context.now()),
    terminal.style.quiet(session.id),
  ]);
  for (const line of table(rows)) terminal.line(line);
  return sessions;
}

async function revokeSession(context: CommandContext) {
  if (context.values.all === true) {
    noPositionals(context);
    const link = await context.connect('any');
    const { revoked } = await link.call('access.revokeOtherSessions', {});
    if (!context.json)
      context.terminal.line(`Signed out ${revoked === 1 ? '1 browser' : `${revoked} browsers`}.`);
    return { revoked };
  }
  const sessionId = onlyPositional(context, 'session, or --all');
  const link = await context.connect('any');
  await link.call('access.revokeSession', { sessionId });
  if (!context.json) context.terminal.line('Signed out. Its tabs have lost their connection.');
  return { revoked: sessionId };
}

export const sessions: Command = {
  name: 'sessions',
  summary: 'list the browsers that are signed in, and sign them out',
  usage: ['sessions list', 'sessions revoke ID', 'sessions revoke --all'],
  options: { all: { type: 'boolean' } },
  run: (context) => runVerb('sessions', { list: listSessions, revoke: revokeSession }, context, 'list'),
};
