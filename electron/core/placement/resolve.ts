import { canonicalName } from '../fleet/model-placement.ts';

/**
 * The name as the server knows it, for the name as a person wrote it: `name` is `name:latest`, or the only
 * tag that is there. Null when it is not there, or when several tags are and none is `latest`.
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
