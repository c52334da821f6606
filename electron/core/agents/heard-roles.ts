/** Pure. */
import type { AgentView } from '../../../shared/models/power.ts';

/** The roles of an agent; null while it has said nothing since this core started, as one whose machine sleeps. */
export const heardRoles = (view: Pick<AgentView, 'version' | 'roles'> | null): readonly string[] | null =>
  view === null || view.version === null ? null : view.roles;
