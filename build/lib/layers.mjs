// @ts-check
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';

/**
 * @typedef {{ rule: string, from: string, to: string }} Violation
 * @typedef {{ modules: string[], violations: Violation[] }} CruiseReport
 */

/** The folders that the import law covers. */
export const checkedFolders = ['shared', 'electron', 'renderer'];

/**
 * One violation of each rule. `files` are written into an empty folder; checking it must report `rule`.
 * @type {readonly { rule: string, files: Readonly<Record<string, string>> }[]}
 */
export const plantedViolations = [
  plant('room-core', 'electron/core/a.ts', "import '../adapters/b.ts';", 'electron/adapters/b.ts'),
  plant(
    'room-core',
    'electron/core/a.ts',
    "import type { B } from '../transport/b.ts';",
    'electron/transport/b.ts',
  ),
  plant('room-adapters', 'electron/adapters/a.ts', "import '../transport/b.ts';", 'electron/transport/b.ts'),
  plant('room-transport', 'electron/transport/a.ts', "import '../adapters/b.ts';", 'electron/adapters/b.ts'),
  plant(
    'room-simulator',
    'electron/simulator/a.ts',
    "import '../adapters/network/b.ts';",
    'electron/adapters/network/b.ts',
  ),
  plant('room-agent', 'electron/agent/a.ts', "import '../core/b.ts';", 'electron/core/b.ts'),
  plant('room-simulator', 'electron/simulator/a.ts', "import '../core/b.ts';", 'electron/core/b.ts'),
  plant('room-workers', 'electron/workers/a.ts', "import '../host/b.ts';", 'electron/host/b.ts'),
  plant('room-host', 'electron/host/a.ts', "import '../headless/b.ts';", 'electron/headless/b.ts'),
  plant('room-main', 'electron/main/a.ts', "import '../headless/b.ts';", 'electron/headless/b.ts'),
  plant('room-main', 'electron/main/a.ts', "import '../workers/b.ts';", 'electron/workers/b.ts'),
  plant('room-headless', 'electron/headless/a.ts', "import '../cli/b.ts';", 'electron/cli/b.ts'),
  plant(
    'room-cli',
    'electron/cli/a.ts',
    "const b = await import('../headless/b.ts');",
    'electron/headless/b.ts',
  ),
  plant('room-preload', 'electron/preload/a.ts', "import '../transport/b.ts';", 'electron/transport/b.ts'),
  plant('room-core', 'electron/core/a.ts', "import '../../test/b.ts';", 'test/b.ts'),
  plant('room-unknown', 'electron/attic/a.ts', "import '../core/b.ts';", 'electron/core/b.ts'),
  plant('shared-imports-nothing', 'shared/a.ts', "import '../electron/core/b.ts';", 'electron/core/b.ts'),
  plant('shared-imports-nothing', 'shared/a.ts', "import { readFileSync } from 'node:fs';"),
  plant('shared-imports-nothing', 'shared/a.ts', "import { request } from 'undici';"),
  plant(
    'renderer-imports-shared',
    'renderer/a.tsx',
    "import type { B } from '../electron/core/b.ts';",
    'electron/core/b.ts',
  ),
  plant('renderer-no-builtin', 'renderer/a.ts', "import { join } from 'node:path';"),
  plant('preload-no-builtin', 'electron/preload/a.ts', "import { join } from 'node:path';"),
  plant('core-decides-only', 'electron/core/a.ts', "import { readFile } from 'node:fs/promises';"),
  plant('core-decides-only', 'electron/core/a.ts', "import type { Socket } from 'node:net';"),
  plant('core-decides-only', 'electron/core/a.ts', "import http from 'http';"),
  plant('core-decides-only', 'electron/core/a.ts', "import { DatabaseSync } from 'node:sqlite';"),
  plant('core-no-packages', 'electron/core/a.ts', "import { request } from 'undici';"),
  plant('core-no-packages', 'electron/core/a.ts', "import type { FastifyInstance } from 'fastify';"),
  plant(
    'core-makes-facts',
    'electron/core/a.ts',
    "import { textOf } from '../../shared/text/index.ts';",
    'shared/text/index.ts',
    'export const textOf = () => "";\n',
  ),
  plant(
    'core-makes-facts',
    'electron/core/diagnosis/a.ts',
    "import { textOf } from '../../../shared/text/index.ts';",
    'shared/text/index.ts',
    'export const textOf = () => "";\n',
  ),
  plant(
    'core-makes-facts',
    'shared/models/a.ts',
    "export { textOf } from '../text/index.ts';",
    'shared/text/index.ts',
    'export const textOf = () => "";\n',
  ),
  plant(
    'adapters-ports-only',
    'electron/adapters/a.ts',
    "import '../core/fleet/service.ts';",
    'electron/core/fleet/service.ts',
  ),
  plant(
    'workers-pure-core',
    'electron/workers/a.ts',
    "import '../core/compose.ts';",
    'electron/core/compose.ts',
  ),
  plant('only-main-and-preload-import-electron', 'electron/host/a.ts', "import { app } from 'electron';"),
  plant('only-main-and-preload-import-electron', 'renderer/a.ts', "import type { App } from 'electron';"),
  plant(
    'only-gateway-worker-imports-undici',
    'electron/adapters/network/a.ts',
    "import { Pool } from 'undici';",
  ),
  plant(
    'only-one-adapter-imports-bullmq',
    'electron/adapters/queues/sqlite/a.ts',
    "import { Queue } from 'bullmq';",
  ),
  plant(
    'only-one-adapter-imports-bullmq',
    'electron/core/tasks/a.ts',
    "import type { Redis } from 'ioredis';",
  ),
  plant('only-charts-import-recharts', 'renderer/features/a.tsx', "import { LineChart } from 'recharts';"),
  plant('only-runner-imports-onnxruntime', 'electron/adapters/a.ts', "import 'onnxruntime-node';"),
  plant(
    'only-inference-loads-onnxruntime',
    'electron/workers/runner/text/a.ts',
    "import 'onnxruntime-node';",
  ),
  plant('only-doors-read-forms', 'electron/transport/http/a.ts', "import '@fastify/busboy';"),
  plant('only-runner-imports-sharp-and-tokenizers', 'electron/host/a.ts', "import 'sharp';"),
  plant(
    'only-runner-imports-sharp-and-tokenizers',
    'electron/workers/gateway/a.ts',
    "import '@huggingface/tokenizers';",
  ),
  plant('only-doors-read-forms', 'electron/host/a.ts', "import '@fastify/busboy';"),
  plant('no-circular', 'shared/a.ts', "import './b.ts';", 'shared/b.ts', "import './a.ts';"),
  plant('no-unresolvable', 'shared/a.ts', "import './gone.ts';"),
];

/**
 * For each domain of core, a violation of their order: it imports a domain above it.
 * @param {readonly (readonly string[])[]} order as in .dependency-cruiser.cjs
 */
export function plantedInCore(order) {
  const last = order.length - 1;
  return [
    ...order.flatMap((row, place) =>
      row.map((domain) => {
        const above = place === last ? 'compose.ts' : `${order[place + 1]?.[0]}/b.ts`;
        return plant(
          `core-${domain}-imports-no-higher`,
          `electron/core/${domain}/a.ts`,
          `import type { B } from '../${above}';`,
          `electron/core/${above}`,
        );
      }),
    ),
    plant(
      'core-domain-unknown',
      'electron/core/attic/a.ts',
      "import type { B } from '../ports/b.ts';",
      'electron/core/ports/b.ts',
    ),
  ];
}

/**
 * @param {string} rule
 * @param {string} file
 * @param {string} text
 * @param {string} [other] a second file that the first one imports
 * @param {string} [otherText]
 */
function plant(rule, file, text, other, otherText = 'export type B = string;\n') {
  const files = { [file]: `${text}\nexport const a = 1;\n` };
  return { rule, files: other === undefined ? files : { ...files, [other]: otherText } };
}

/**
 * Checks the import law in one tree.
 * @param {string} root the folder that holds shared/, electron/ and renderer/
 * @param {any} configuration what .dependency-cruiser.cjs exports
 * @returns {Promise<CruiseReport>}
 */
export async function cruiseTree(root, configuration) {
  const { forbidden, options } = configuration;
  const folders = checkedFolders.filter((folder) => existsSync(join(root, folder)));
  const { enhancedResolveOptions, ...cruiseOptions } = options;
  const { output } = await cruise(folders, {
    ...cruiseOptions,
    enhancedResolveOptions,
    baseDir: root,
    validate: true,
    ruleSet: { forbidden },
  });
  if (typeof output === 'string') throw new Error('The layer check expected a report, not text.');
  return {
    modules: output.modules
      .map((module) => module.source)
      .filter((source) => checkedFolders.some((folder) => source.startsWith(`${folder}/`))),
    violations: output.summary.violations.map((violation) => ({
      rule: violation.rule.name,
      from: violation.from,
      to: violation.to,
    })),
  };
}

/**
 * The layers that exist on disk and contain TypeScript.
 * @param {string} root
 * @returns {string[]} for example `shared`, `renderer`, `electron/core`
 */
export function existingLayers(root) {
  const rooms = existsSync(join(root, 'electron'))
    ? readdirSync(join(root, 'electron'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `electron/${entry.name}`)
    : [];
  return ['shared', 'renderer', ...rooms].filter((layer) => holdsTypeScript(join(root, layer)));
}

/**
 * Layers of which no module was read. This must be empty, because a check that reads nothing passes.
 * @param {readonly string[]} layers
 * @param {readonly string[]} modules
 * @returns {string[]}
 */
export function unreadLayers(layers, modules) {
  return layers.filter((layer) => !modules.some((module) => module.startsWith(`${layer}/`)));
}

/**
 * @param {string} folder
 * @returns {boolean}
 */
function holdsTypeScript(folder) {
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { recursive: true }).some((name) => /\.tsx?$/.test(String(name)));
}

/**
 * @param {string} folder
 * @param {Readonly<Record<string, string>>} files
 */
export function writeFiles(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/**
 * @param {string} root
 * @returns {any}
 */
export function readConfiguration(root) {
  return createRequire(join(root, 'package.json'))('./.dependency-cruiser.cjs');
}
