/** The part of the agents service that leases, shutdown and policies use. */
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
  | 'traffic'
  | 'refresh'
  | 'probe'
  | 'onChange'
  | 'onReached'
  | 'onLeaseEnded'
>;
