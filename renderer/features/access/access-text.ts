/** How rights, ends and uses read. Pure. */
import type { CredentialView, KeyKind } from '../../../shared/models/access.ts';
import { allRightsOf, type Right } from '../../../shared/rights.ts';
import { formatAgo } from '../../../shared/units.ts';
import { hasWords } from '../../components/has-words.ts';

export const rightTexts: Readonly<Record<Right, { label: string; about: string }>> = {
  view: { label: 'View', about: 'See machines, jobs and settings, search folders, read metrics' },
  wake: { label: 'Wake', about: 'Wake machines and keep them awake' },
  infer: { label: 'Infer', about: 'Send requests to models' },
  tasks: { label: 'Tasks', about: 'Start and cancel index jobs and tasks' },
  control: {
    label: 'Control',
    about: 'Power off machines, move models, cancel work. Includes View, Wake and Tasks',
  },
  manage: { label: 'Manage', about: 'Change settings, machines, keys and sessions. Includes everything' },
};

export const kindTexts: Readonly<Record<KeyKind, { label: string; about: string }>> = {
  script: { label: 'A script', about: 'For the control API, /index and /metrics on this computer' },
  program: { label: 'A program', about: 'For models and tasks. Never controls machines' },
};

/** What the core grants by default. */
export const usualRights: Readonly<Record<KeyKind, readonly Right[]>> = {
  script: ['view', 'tasks'],
  program: ['wake', 'infer', 'tasks'],
};

export const mayHave = (kind: KeyKind, right: Right): boolean =>
  kind === 'script' || (right !== 'control' && right !== 'manage');

/** Whether another of these rights includes it. */
export const isIncluded = (right: Right, granted: readonly Right[]): boolean =>
  allRightsOf(granted.filter((other) => other !== right)).has(right);

/** `View, Tasks` */
export const rightsLine = (rights: readonly Right[]): string =>
  rights.map((right) => rightTexts[right].label).join(', ');

const DAY_MS = 86_400_000;

/** `in 29 days`, `in 3 h`; empty if it never ends. */
export function endText(expiresAt: number | null, now: number): string {
  if (expiresAt === null) return '';
  const left = expiresAt - now;
  if (left <= 0) return 'expired';
  if (left < DAY_MS) return `in ${Math.max(1, Math.round(left / 3_600_000))} h`;
  const days = Math.round(left / DAY_MS);
  return `in ${days} ${days === 1 ? 'day' : 'days'}`;
}

export const isExpired = ({ expiresAt }: Pick<CredentialView, 'expiresAt'>, now: number): boolean =>
  expiresAt !== null && expiresAt <= now;

/** `Last used 5 min ago`, `Never used`. */
export function lastUseText({ lastUsedAt }: Pick<CredentialView, 'lastUsedAt'>, now: number): string {
  return lastUsedAt === null ? 'Never used' : `Last used ${formatAgo(Math.max(0, now - lastUsedAt))}`;
}

/** How long a new key lasts. */
export const lifetimes: readonly { days: number | null; label: string }[] = [
  { days: null, label: 'Never' },
  { days: 30, label: 'In 30 days' },
  { days: 90, label: 'In 90 days' },
  { days: 365, label: 'In a year' },
];

/** Whether a search of the settings is about this. */
export const matchesAccess = (text: string): boolean =>
  hasWords(
    'access keys tokens api script program bearer rights sessions browsers signed in sign out revoke rotate index metrics',
    text,
  );
