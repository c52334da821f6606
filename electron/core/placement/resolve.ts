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
  if (full !== `${wanted.trim().toLowerCase()}:latest`) return null;
  const prefix = `${wanted.trim().toLowerCase()}:`;
  const tags = new Map(
    models
      .filter((model) => canonicalName(model.name).startsWith(prefix))
      .map((model) => [canonicalName(model.name), model.name]),
  );
  return tags.size === 1 ? ([...tags.values()][0] ?? null) : null;
}
