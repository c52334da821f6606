import type { ModelPull } from './models/library.ts';

/** Without the schemas, so that the panel can bundle it. */
export const pullIsOver = ({ state }: Pick<ModelPull, 'state'>): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled';

/** The key of a pull on its stream. */
export const pullKey = (nodeId: string, model: string): string => `${nodeId} ${model}`;
