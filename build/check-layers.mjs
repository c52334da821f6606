// @ts-check
// Checks who imports whom, and that the check itself works: with an incompatible TypeScript the same tool reads no
// module and reports success.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runMain } from './lib/errors.mjs';
import {
  cruiseTree,
  existingLayers,
  plantedInCore,
  plantedViolations,
  readConfiguration,
  unreadLayers,
  writeFiles,
} from './lib/layers.mjs';
import { repositoryRoot, setUpPaths } from './lib/paths.mjs';
import { checkProse, plantedProse } from './lib/prose.mjs';
import { checkShape } from './lib/shape.mjs';

/**
 * @param {string} root
 * @param {any} configuration
 * @returns {Promise<string[]>} what is wrong
 */
async function checkTree(root, configuration) {
  const report = await cruiseTree(root, configuration);
  const layers = existingLayers(root);
  const unread = unreadLayers(layers, report.modules);
  console.log(`${report.modules.length} modules read in ${layers.length} layers.`);
  return [
    ...(report.modules.length === 0 ? ['No modules were read.'] : []),
    ...unread.map((layer) => `No modules of ${layer} were read.`),
    ...checkShape(root),
    ...checkProse(root),
    ...report.violations.map(({ rule, from, to }) => `${rule}: ${from} → ${to}`),
  ];
}

/**
 * @param {string} folder an empty folder inside the repository, so that npm packages resolve
 * @param {any} configuration
 * @returns {Promise<string[]>} the planted violations that were not found
 */
async function checkRules(folder, configuration) {
  /** @type {string[]} */
  const overlooked = [];
  const violations = [...plantedViolations, ...plantedInCore(configuration.coreOrder)];
  const planted = new Set(violations.map(({ rule }) => rule));
  for (const { name } of configuration.forbidden) {
    if (!planted.has(name)) overlooked.push(`${name}: has no planted violation.`);
  }
  for (const [index, { rule, files }] of violations.entries()) {
    const tree = join(folder, String(index));
    writeFiles(tree, files);
    const found = await cruiseTree(tree, configuration);
    if (!found.violations.some((violation) => violation.rule === rule)) {
      overlooked.push(`${rule}: a planted violation was not found (${Object.keys(files).join(', ')}).`);
    }
  }
  const proseTree = join(folder, 'prose');
  writeFiles(proseTree, plantedProse);
  if (checkProse(proseTree).length !== 1) {
    overlooked.push('core-writes-no-prose: the planted sentence was not found, or something else was.');
  }
  console.log(`${violations.length + 1} planted violations, ${overlooked.length} overlooked.`);
  return overlooked;
}

await runMain(async () => {
  const configuration = readConfiguration(repositoryRoot);
  const { cache } = setUpPaths(repositoryRoot);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'layers-'));
  try {
    const problems = [
      ...(await checkTree(repositoryRoot, configuration)),
      ...(await checkRules(folder, configuration)),
    ];
    for (const problem of problems) console.log(problem);
    return problems.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
