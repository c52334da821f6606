import type { Handlers } from '../runtime/handlers.ts';
import type { ChecksService } from './service.ts';

export function checkMethods({
  checks,
}: {
  checks: ChecksService;
}): Handlers<'checks.diagnose' | 'checks.rehearse' | 'checks.cancel'> {
  return {
    'checks.diagnose': ({ nodeId }, { signal }) => checks.diagnose(nodeId, signal),
    'checks.rehearse': ({ nodeId }) => checks.rehearse(nodeId),
    'checks.cancel': ({ checkId }) => checks.cancel(checkId),
  };
}
