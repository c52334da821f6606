import type { Handlers } from '../runtime/handlers.ts';
import type { AgentsService } from './model.ts';

export function agentMethods({ agents }: { agents: AgentsService }): Handlers<'agents.pair'> {
  return { 'agents.pair': (request, { signal }) => agents.pair(request, signal) };
}
