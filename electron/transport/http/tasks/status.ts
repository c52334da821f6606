/** `/api/v1/status/*`: what became of tasks, and who works on them. */
import type { FastifyInstance } from 'fastify';
import { type TaskDoor, withWholeText } from './door.ts';
import { queuesAnswer, statusAnswer, workersAnswer } from './shapes.ts';

const MOST_LISTED = 1000;

export function statusRoutes(routes: FastifyInstance, door: TaskDoor): void {
  const { service, clock } = door;

  async function activeTasks() {
    const { tasks, total } = await service.list({ states: ['active'], limit: MOST_LISTED });
    return { active_tasks: tasks.map(({ id }) => id), count: total };
  }

  routes.get('/api/v1/status', activeTasks);
  routes.get('/api/v1/status/', activeTasks);
  // Before the ids, one of which could read the same.
  routes.get('/api/v1/status/workers', async () =>
    workersAnswer(service.workers.list(), await service.queues()),
  );
  routes.get('/api/v1/status/stats/queues', async () => queuesAnswer(await service.queues()));
  routes.get<{ Params: { id: string } }>('/api/v1/status/:id', async (request) =>
    statusAnswer(await withWholeText(door, await service.get(request.params.id)), clock.now()),
  );
}
