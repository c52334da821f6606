/** What a caller may do. Without schemas, so that the panel can bundle it. */

/**
 * - `view`: read the fleet, jobs, settings (never secrets), searches and metrics.
 * - `wake`: wake a machine and keep it awake.
 * - `infer`: send requests to models.
 * - `tasks`: start, follow and cancel index jobs and queued tasks.
 * - `control`: change what machines, models and jobs do.
 * - `manage`: change who may come in, and what Pilotlight connects to: keys, sessions, settings, machines and their
 *   secrets, the folders that may be read. Delete what was recorded.
 */
export const rights = ['view', 'wake', 'infer', 'tasks', 'control', 'manage'] as const;
export type Right = (typeof rights)[number];

/** What each right includes. A holder of `manage` could give itself any other right. */
const included: Readonly<Record<Right, readonly Right[]>> = {
  view: [],
  wake: [],
  infer: [],
  tasks: [],
  control: ['view', 'wake', 'tasks'],
  manage: rights,
};

/** These rights and those that they include. */
export function allRightsOf(granted: Iterable<Right>): ReadonlySet<Right> {
  const all = new Set<Right>();
  for (const right of granted) {
    all.add(right);
    for (const other of included[right]) all.add(other);
  }
  return all;
}

/** The same rights without those that another one includes, in the usual order. */
export function leastRightsOf(granted: Iterable<Right>): Right[] {
  const given = new Set(granted);
  return rights.filter(
    (right) =>
      given.has(right) && ![...given].some((other) => other !== right && included[other].includes(right)),
  );
}

/** Those of the panel, the command line and the core itself. */
export const everyRight: ReadonlySet<Right> = new Set(rights);
