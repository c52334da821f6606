import type { Handlers } from '../runtime/handlers.ts';
import type { ImmichService } from './service.ts';

export function immichMethods({ immich }: { immich: ImmichService }): Handlers<'immich.get'> {
  return { 'immich.get': () => immich.view() };
}
