/** How far the shutdown of a node has come, as far as this core knows. */
import type { NodePower } from '../../../shared/models/power.ts';

export interface ShutdownProgress {
  /** A countdown of this core; one of an agent is read from the agent. */
  countdown: NodePower['countdown'];
  leaving: NodePower['leaving'];
  lastOffError: NodePower['lastOffError'];
  /** A person cancelled the last countdown, and the node has not been needed since. */
  keptOn: boolean;
}

export const noShutdown: ShutdownProgress = {
  countdown: null,
  leaving: null,
  lastOffError: null,
  keptOn: false,
};
