import type { Handlers } from '../runtime/handlers.ts';
import type { Optimizer } from './optimizer.ts';
import type { PlacementService } from './service.ts';

const ok = { ok: true } as const;

export function placementMethods({
  placement,
}: {
  placement: PlacementService;
}): Handlers<
  'models.place' | 'models.preview' | 'models.placeAll' | 'models.unload' | 'models.pin' | 'models.explain'
> {
  return {
    'models.place': ({ model, target, nodeId, anyway }, { signal }) =>
      placement.place({ model, target, nodeId, anyway, by: 'person', signal }),
    'models.preview': ({ model, target, nodeId, anyway }, { signal }) =>
      placement.preview({ model, target, nodeId, anyway, by: 'person', signal }),
    'models.placeAll': ({ target, nodeId, anyway }, { signal }) =>
      placement.placeAll({ target, nodeId, anyway, by: 'person', signal }),
    'models.unload': async ({ model, nodeId, anyway }, { signal }) => {
      await placement.unload({ model, nodeId, anyway, signal });
      return ok;
    },
    'models.pin': ({ model, nodeId, pinned }) => {
      placement.pin(nodeId, model, pinned);
      return ok;
    },
    'models.explain': ({ model, nodeId }) => placement.explain(nodeId, model),
  };
}

export function optimizerMethods({
  optimizer,
  placement,
}: {
  optimizer: Optimizer;
  placement: Pick<PlacementService, 'history'>;
}): Handlers<'optimizer.status' | 'optimizer.run' | 'optimizer.history'> {
  return {
    'optimizer.status': () => optimizer.status(),
    'optimizer.run': (_, { signal }) => optimizer.run(signal),
    'optimizer.history': ({ limit }) => placement.history(limit),
  };
}
