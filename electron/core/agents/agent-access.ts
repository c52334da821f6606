/** What power needs of the agents. */
import type { AgentsService } from './model.ts';

export type AgentAccess = Pick<
  AgentsService,
  | 'view'
  | 'agentId'
  | 'link'
  | 'machine'
  | 'sample'
  | 'policyView'
  | 'power'
  | 'foreignLeases'
  | 'refresh'
  | 'probe'
  | 'onChange'
  | 'onReached'
  | 'onLeaseGone'
>;
