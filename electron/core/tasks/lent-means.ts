/** What each worker may use for media now, and for how long. */
import type { TaskMeans } from '../../../shared/contract/task-worker.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import type { AccessService } from '../access/model.ts';
import type { Secrets } from '../ports/state.ts';
import { keptKey } from './kept-key.ts';
import { meansOf, modelsOf } from './means.ts';
import type { PictureFaces } from './picture-faces.ts';
import { createWorkerKeys } from './worker-keys.ts';
import type { WorkerRegistry } from './worker-registry.ts';

export interface LentMeans {
  /** @param task null for what a task would get now */
  for(
    worker: { id: string; name: string; credentialId: string | null },
    task: { id: string; timeLimitMs: number } | null,
  ): TaskMeans;
  stop(): void;
}

export function createLentMeans({
  registry,
  settings,
  secrets,
  access,
  gateway,
  faces,
}: {
  registry: Pick<WorkerRegistry, 'list' | 'onChange'>;
  settings: {
    current(): Settings;
    secret(name: SecretSetting): string | null;
    onChange(listener: () => void): () => void;
  };
  secrets: Pick<Secrets, 'get' | 'change'>;
  access: Pick<AccessService, 'lent' | 'onEnded'>;
  gateway(): GatewayView;
  faces: Pick<PictureFaces, 'address'>;
}): LentMeans {
  const keys = createWorkerKeys({
    root: () => keptKey(secrets, 'workers'),
    lent: access.lent,
    models: () => modelsOf(settings.current().tasks),
  });
  const stops = [
    registry.onChange(() =>
      keys.keepOnly(
        new Set(
          registry.list().flatMap(({ id, state }) => (state === 'online' || state === 'draining' ? id : [])),
        ),
      ),
    ),
    settings.onChange(keys.update),
    access.onEnded(keys.ended),
  ];

  return {
    for: (worker, task) =>
      meansOf(settings.current().tasks, {
        speechKey: settings.secret('tasks.speechKey'),
        gateway: gateway(),
        gatewayKey: () => keys.lend(worker),
        faces: faces.address(worker.id, task),
      }),
    stop() {
      for (const stop of stops) stop();
      keys.stop();
    },
  };
}
