/** The limits of a key at the gateway: as entered, and as shown. Pure. */
import type { CredentialView } from '../../../shared/models/access.ts';
import { formatCount, plural } from '../../../shared/units.ts';

type Limits = Pick<CredentialView, 'models' | 'requestsPerMinute'>;

export const isLimit = (text: string): boolean => /^\d{1,6}$/.test(text.trim()) && inRange(Number(text));

const inRange = (limit: number) => limit >= 1 && limit <= 100_000;

/** Empty texts are no limits. */
export function limitsOf(models: string, perMinute: string): Limits {
  const patterns = models.split(/[,\n]/).flatMap((pattern) => pattern.trim() || []);
  return {
    models: patterns.length > 0 ? patterns : null,
    requestsPerMinute: isLimit(perMinute) ? Number(perMinute) : null,
  };
}

/** `Only qwen3, llama3.1 · 60 requests a minute`; empty without limits. */
export function limitsLine({ models, requestsPerMinute }: Limits): string {
  const most = 3;
  const shown = models?.slice(0, most).join(', ');
  const more = models && models.length > most ? ` and ${plural(models.length - most, 'more', 'more')}` : '';
  return [
    models && `Only ${shown}${more}`,
    requestsPerMinute && `${formatCount(requestsPerMinute)} requests a minute`,
  ]
    .filter(Boolean)
    .join(' · ');
}
