/** The address of a page and its fields: `#/tasks?state=waiting&period=day`. Pure. */

/** `#/tasks` of `#/tasks?state=waiting`; the Fleet has the empty hash too. */
export const pagePart = (hash: string): string => hash.split('?', 1)[0] || '#/fleet';

export const fieldsIn = (hash: string): URLSearchParams => new URLSearchParams(hash.split('?', 2)[1] ?? '');

/** The fields of a page, and none while another page is open. */
export const fieldsOf = (page: string, hash: string): URLSearchParams =>
  pagePart(hash).replace(/^#\/?/, '') === page ? fieldsIn(hash) : new URLSearchParams();

/** Fields that are null are left out; an empty text is a value. */
export function hashWith(page: string, fields: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== null) query.set(name, value);
  return query.size === 0 ? page : `${page}?${query}`;
}

/**
 * The hash `next` of one part of a page, with the fields that other parts have in the address.
 * @param own what this part itself has there
 */
export function keepOthers(before: string, own: string, next: string): string {
  if (pagePart(before) !== pagePart(next)) return next;
  const mine = fieldsIn(own);
  const others = [...fieldsIn(before)].filter(([name]) => !mine.has(name));
  return hashWith(pagePart(next), { ...Object.fromEntries(others), ...Object.fromEntries(fieldsIn(next)) });
}
