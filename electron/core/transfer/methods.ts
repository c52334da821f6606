import type { Handlers } from '../runtime/handlers.ts';
import type { TransferService } from './service.ts';

export function transferMethods({
  transfer,
}: {
  transfer: TransferService;
}): Handlers<'settings.export' | 'settings.import' | 'settings.importEnvironment'> {
  return {
    'settings.export': () => transfer.export(),
    'settings.import': (request) => transfer.import(request),
    'settings.importEnvironment': (request) => transfer.importEnvironment(request),
  };
}
