import type { Handlers } from '../runtime/handlers.ts';
import type { TransferService } from '../transfer/service.ts';
import type { SettingsService } from './service.ts';

type SettingsMethod =
  | 'settings.get'
  | 'settings.update'
  | 'settings.export'
  | 'settings.import'
  | 'settings.importEnvironment';

export function settingsMethods({
  settings,
  transfer,
}: {
  settings: SettingsService;
  transfer: TransferService;
}): Handlers<SettingsMethod> {
  return {
    'settings.get': () => settings.current(),
    'settings.update': (patch) => settings.update(patch),
    'settings.export': () => transfer.export(),
    'settings.import': (request) => transfer.import(request),
    'settings.importEnvironment': (request) => transfer.importEnvironment(request),
  };
}
