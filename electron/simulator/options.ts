/** The `options` of a request: their types, their defaults, and which of them reload a runner. */
import { type Environment, type LoadOptions, type ModelDefinition, OllamaError } from './model.ts';

const TYPES: Readonly<Record<string, 'integer' | 'float32' | 'boolean' | 'array'>> = {
  num_ctx: 'integer',
  num_batch: 'integer',
  num_gpu: 'integer',
  main_gpu: 'integer',
  use_mmap: 'boolean',
  num_thread: 'integer',
  num_keep: 'integer',
  seed: 'integer',
  num_predict: 'integer',
  top_k: 'integer',
  top_p: 'float32',
  min_p: 'float32',
  typical_p: 'float32',
  repeat_last_n: 'integer',
  temperature: 'float32',
  repeat_penalty: 'float32',
  presence_penalty: 'float32',
  frequency_penalty: 'float32',
  stop: 'array',
};

/** Throws Ollama's 500 if a known option has the wrong type. Unknown options are ignored. */
export function checkOptionTypes(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    const type = TYPES[name];
    if (type === undefined || value === null) continue;
    const right =
      type === 'boolean'
        ? typeof value === 'boolean'
        : type === 'array'
          ? Array.isArray(value) && value.every((entry) => typeof entry === 'string')
          : typeof value === 'number';
    if (!right) throw new OllamaError(500, `option ${JSON.stringify(name)} must be of type ${type}`);
  }
}

const GIB = 1024 ** 3;

/** The context if neither the request, the Modelfile nor the environment sets one. */
export function defaultContext(environment: Environment, totalVramBytes: number): number {
  if (environment.contextLength > 0) return environment.contextLength;
  if (totalVramBytes >= 47 * GIB) return 262_144;
  if (totalVramBytes >= 23 * GIB) return 32_768;
  return 4096;
}

/** Precedence: request, Modelfile, defaults. */
export function resolveLoadOptions(
  requested: Readonly<Record<string, unknown>>,
  model: ModelDefinition,
  defaultNumCtx: number,
  shift = true,
): LoadOptions {
  const integer = (name: string, fallback: number): number => {
    const value = requested[name] ?? model.parameters?.[name];
    return typeof value === 'number' ? Math.trunc(value) : fallback;
  };
  const mmap = requested.use_mmap ?? model.parameters?.use_mmap;
  const mainGpu = requested.main_gpu ?? model.parameters?.main_gpu;
  return {
    numCtx: Math.max(4, integer('num_ctx', defaultNumCtx)),
    numBatch: integer('num_batch', 512),
    numGpu: integer('num_gpu', -1),
    mainGpu: typeof mainGpu === 'number' ? Math.trunc(mainGpu) : null,
    useMmap: typeof mmap === 'boolean' ? mmap : null,
    numThread: integer('num_thread', 0),
    shift,
  };
}

/**
 * Whether a request needs the runner to restart. An automatic `num_gpu` (unset or −1) accepts any placement; an
 * explicit one does not, even if automatic placement gave the same.
 */
export function needsReload(loaded: LoadOptions, requested: LoadOptions): boolean {
  return (
    loaded.numCtx !== requested.numCtx ||
    loaded.numBatch !== requested.numBatch ||
    loaded.mainGpu !== requested.mainGpu ||
    loaded.useMmap !== requested.useMmap ||
    loaded.numThread !== requested.numThread ||
    loaded.shift !== requested.shift ||
    (requested.numGpu >= 0 && loaded.numGpu !== requested.numGpu)
  );
}
