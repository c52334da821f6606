import type { Handlers } from '../runtime/handlers.ts';
import type { ActivityService } from './service.ts';

export function activityMethods({ activity }: { activity: ActivityService }): Handlers<'activity.list'> {
  return { 'activity.list': (query) => activity.list(query) };
}
