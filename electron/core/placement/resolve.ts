/** Names of models as people write them. Pure. */
import { canonicalName } from '../fleet/model-placement.ts';

/**
 * The exact name on the server for a name as a person writes it: `name` means `name:latest`, or else the only tag that
 * exists. null if there is none, or several tags without a `latest`.
 */
export function resolveModel(models: readonly { name: string }[], wanted: string): string | null {
  const full = canonicalName(wanted);
  const exact = models.find((model) => canonicalName(model.name) === full);
  if (exact) return exact.name;
  const prefix = `${wanted.trim().toLowerCase()}:`;
  const tags = new Map(
    models.map(({ name }) => [canonicalName(name), name] as const).filter(([name]) => isTag(name, prefix)),
  );
  return tags.size === 1 ? ([...tags.values()][0] ?? null) : null;
}

/** A colon before the last slash is part of a registry's address. */
const isTag = (name: string, prefix: string) =>
  name.startsWith(prefix) && !name.slice(prefix.length).includes('/');
