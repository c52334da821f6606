// @ts-check

/**
 * Every Node program of the product. Each output is one folder below `dist`, like the shared chunks, so that
 * `new URL('../renderer/', import.meta.url)` resolves the same from whichever file the bundler puts it in.
 * `alone` bundles an entry into one file, which is copied to other machines.
 * @type {readonly { source: string, output: string, format: 'esm' | 'cjs', alone?: boolean }[]}
 */
export const nodeEntries = [
  { source: 'electron/main/main.ts', output: 'main/main.mjs', format: 'esm' },
  // A sandboxed preload script is one CommonJS file: it can load only `electron`.
  { source: 'electron/preload/preload.ts', output: 'preload/preload.cjs', format: 'cjs' },
  { source: 'electron/headless/headless.ts', output: 'headless/headless.mjs', format: 'esm' },
  { source: 'electron/cli/cli.ts', output: 'cli/cli.mjs', format: 'esm' },
  { source: 'electron/cli/demo.ts', output: 'cli/demo.mjs', format: 'esm' },
  { source: 'electron/workers/index/index-worker.ts', output: 'workers/index-worker.mjs', format: 'esm' },
  {
    source: 'electron/workers/gateway/gateway-worker.ts',
    output: 'workers/gateway-worker.mjs',
    format: 'esm',
  },
  { source: 'electron/workers/runner/runner-worker.ts', output: 'workers/runner-worker.mjs', format: 'esm' },
  {
    source: 'electron/workers/runner/inference/inference-worker.ts',
    output: 'workers/inference-worker.mjs',
    format: 'esm',
  },
  { source: 'electron/workers/queue/queue-worker.ts', output: 'workers/queue-worker.mjs', format: 'esm' },
  { source: 'electron/workers/state/prepare-state.ts', output: 'workers/prepare-state.mjs', format: 'esm' },
  { source: 'electron/simulator/main.ts', output: 'simulator/simulator.mjs', format: 'esm' },
  {
    source: 'electron/workers/tasks/task-worker.ts',
    output: 'workers/task-worker.mjs',
    format: 'esm',
    alone: true,
  },
  { source: 'electron/agent/main.ts', output: 'agent/agent.mjs', format: 'esm', alone: true },
];

/** The agent's one file goes to small machines: the most bytes that it may have. */
export const agentMostBytes = 275_000;

/** Packages that are not bundled, because they contain or load files of their own. */
export const externalPackages = ['electron', 'onnxruntime-node', 'sharp'];

/** The oldest Node that runs the output; newer syntax is compiled down. */
export const nodeTarget = 'node22.19';
