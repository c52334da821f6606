import { createFakeClock } from '../../fakes/clock.ts';
import { createFakeTaskQueue } from '../../fakes/task-queue.ts';
import { describeTaskQueue } from './suite.ts';

describeTaskQueue('in memory, for tests', async () => {
  const clock = createFakeClock();
  const queue = createFakeTaskQueue({ clock });
  return {
    ...{ queue, shortMs: 30_000, longMs: 600_000, pauseMs: 100 },
    async until(promise) {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      while (!isSettled) await clock.advance(20);
      return promise;
    },
    close: () => queue.close(),
  };
});
