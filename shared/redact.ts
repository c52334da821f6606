/** Pilotlight's own secrets are recognised by their prefix: by people, by secret scanners, and here. */

/** `pilotlight_key_` and 43 letters and digits. */
export const secretKinds = ['key', 'session', 'control', 'once'] as const;
export type SecretKind = (typeof secretKinds)[number];

export const secretPrefix = (kind: SecretKind): string => `pilotlight_${kind}_`;

const ours = new RegExp(`pilotlight_(${secretKinds.join('|')})_[A-Za-z0-9]{6,}`, 'g');

/** The text with each of Pilotlight's secrets replaced by its prefix and `…`. */
export const redactSecrets = (text: string): string => text.replace(ours, 'pilotlight_$1_…');

/** The same for each text in a value of plain data. */
export function redactWithin<Value>(value: Value): Value {
  if (typeof value === 'string') return redactSecrets(value) as Value;
  if (Array.isArray(value)) return value.map(redactWithin) as Value;
  if (typeof value !== 'object' || value === null) return value;
  // An Error and the like is its owner's business.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [redactSecrets(key), redactWithin(part)]),
  ) as Value;
}
