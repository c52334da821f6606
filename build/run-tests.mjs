// @ts-check
// Runs the stages of `npm test` one after the other. build/test.mjs starts it when everything is set up.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findChromium } from './lib/chromium.mjs';
import { findElectronForTests } from './lib/desktop.mjs';
import { runMain } from './lib/errors.mjs';
import { namespacesMissing } from './lib/namespaces.mjs';
import { repositoryRoot, setUpPaths } from './lib/paths.mjs';
import { runCaptured } from './lib/process.mjs';
import { formatSeconds } from './lib/progress.mjs';
import { preparePython } from './lib/python.mjs';
import { findRedisServer } from './lib/redis.mjs';
import {
  countTests,
  exitCodes,
  incompleteWith,
  isOnCi,
  namedStages,
  selectStages,
  summarise,
} from './lib/stages.mjs';
import { installTools } from './lib/tool-packages.mjs';
import { findPromtool, packageToolsMissing } from './lib/tools.mjs';
import { findSoftwareVulkan } from './lib/vulkan.mjs';

/**
 * @typedef {import('./lib/stages.mjs').StageName} StageName
 * @typedef {import('./lib/stages.mjs').StageResult} StageResult
 */

const stageLimitMs = 30 * 60 * 1_000;
const noTests = { passed: 0, failed: 0, skipped: 0 };
const root = repositoryRoot;
const { cache, nodeModules, testReports } = setUpPaths(root);
const requireHere = createRequire(join(root, 'package.json'));

/**
 * A program of an npm package, as a script for this Node.
 * @param {string} packageName
 * @param {string} program
 * @returns {string}
 */
function programOf(packageName, program) {
  const file = join(root, 'node_modules', packageName, 'package.json');
  const { bin } = JSON.parse(readFileSync(file, 'utf8'));
  return join(root, 'node_modules', packageName, typeof bin === 'string' ? bin : bin[program]);
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function runNode(args, env = {}) {
  const options = { cwd: root, env: { ...process.env, ...env }, timeoutMs: stageLimitMs };
  let output = '';
  return runCaptured(process.execPath, args, {
    ...options,
    onOutput: (text) => {
      output += text;
    },
  }).then((result) => ({
    code: result.code,
    output: result.timedOut ? `${output}\nStopped after ${formatSeconds(stageLimitMs)}.` : output,
  }));
}

/**
 * @param {StageName} stage
 * @param {readonly string[]} args
 * @returns {Promise<StageResult & { output: string }>}
 */
async function runCheck(stage, args) {
  const { code, output } = await runNode(args);
  return { stage, outcome: code === 0 ? 'passed' : 'failed', counts: noTests, output };
}

/**
 * @param {string} file
 * @returns {any}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {'unit' | 'contract' | 'integration' | 'real-parts' | 'package'} stage
 * @param {readonly string[]} filters
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<StageResult & { output: string }>}
 */
async function runVitest(stage, filters, env) {
  const reportFile = join(testReports, `${stage}.json`);
  rmSync(reportFile, { force: true });
  const { code, output } = await runNode(
    [
      programOf('vitest', 'vitest'),
      'run',
      '--project',
      stage,
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...(filters.length > 0 ? ['--passWithNoTests'] : []),
      ...filters,
    ],
    env,
  );
  const counts = countTests(readReport(reportFile), code);
  return { stage, outcome: counts.failed === 0 ? 'passed' : 'failed', counts, output };
}

/** @returns {Promise<{ path: string } | { fix: string }>} */
function chromiumForTests() {
  const { chromium } = requireHere('@playwright/test');
  const installer = programOf('@playwright/test', 'playwright');
  const playwright = { executablePath: chromium.executablePath(), installer };
  return findChromium({ playwright, node: process.execPath, say });
}

/** @returns {Promise<{ path: string } | { fix: string }>} */
async function findVulkan() {
  const found = await chromiumForTests();
  return 'fix' in found ? found : findSoftwareVulkan({ chromium: found.path, say });
}

/**
 * For the contract and integration tests of the queue in Redis. The server is installed where CI is set,
 * and by the stage real-parts: all other work does without Redis.
 * @returns {Promise<{ env: NodeJS.ProcessEnv, fix: string | undefined }>}
 */
async function redisForTests() {
  const onCi = isOnCi(process.env);
  const found = await findRedisServer({ cache, mayInstall: onCi, say });
  if ('path' in found) return { env: { REDIS_SERVER_PATH: found.path }, fix: undefined };
  if (!onCi) say(`${found.fix} npm test -- real-parts installs it on Debian.`);
  return { env: {}, fix: onCi ? found.fix : undefined };
}

/**
 * @param {readonly string[]} filters
 * @returns {Promise<StageResult & { output: string }>}
 */
async function runContract(filters) {
  const redis = await redisForTests();
  return incompleteWith(await runVitest('contract', filters, redis.env), [redis.fix]);
}

/**
 * @param {readonly string[]} filters
 * @returns {Promise<StageResult & { output: string }>}
 */
async function runIntegration(filters) {
  const redis = await redisForTests();
  const promtool = await findPromtool({ cache, say });
  const path = 'path' in promtool ? promtool.path : '';
  const vulkan = await findVulkan();
  const result = await runVitest('integration', filters, {
    PROMTOOL_PATH: path,
    PILOTLIGHT_VULKAN_DRIVER: 'path' in vulkan ? vulkan.path : '',
    ...redis.env,
  });
  // A filter may have selected tests that need no namespaces; then none was skipped.
  const complete = filters.length > 0 && result.counts.skipped === 0;
  return incompleteWith(result, [
    'fix' in promtool ? promtool.fix : undefined,
    'fix' in vulkan ? vulkan.fix : undefined,
    redis.fix,
    complete ? undefined : namespacesMissing()?.fix,
  ]);
}

/**
 * @param {readonly string[]} filters
 * @returns {Promise<StageResult & { output: string }>}
 */
async function runRealParts(filters) {
  const requirements = join(root, 'test', 'real-parts', 'requirements.txt');
  const python = await preparePython({
    cache,
    requirements,
    name: 'python',
    what: 'Python with the clients of the gateway',
    megabytes: 400,
    say,
  });
  if ('fix' in python) {
    return { stage: 'real-parts', outcome: 'incomplete', counts: noTests, output: '', fix: python.fix };
  }
  const speech = await preparePython({
    cache,
    requirements: join(root, 'test', 'real-parts', 'speech-requirements.txt'),
    name: 'speech',
    what: 'a speech server with Whisper, a voice and ffmpeg',
    megabytes: 740,
    say,
  });
  const redis = await findRedisServer({ cache, mayInstall: true, say });
  const result = await runVitest('real-parts', filters, {
    PILOTLIGHT_PYTHON: python.path,
    ...('path' in speech ? { PILOTLIGHT_SPEECH_PYTHON: speech.path } : {}),
    ...('path' in redis ? { REDIS_SERVER_PATH: redis.path } : {}),
  });
  return incompleteWith(result, [
    'fix' in speech ? speech.fix : undefined,
    'fix' in redis ? redis.fix : undefined,
  ]);
}

/**
 * Packages are built for Linux only, over a stand-in for Electron: the release workflow does the other systems.
 * @param {readonly string[]} filters
 * @returns {Promise<StageResult & { output: string }>}
 */
async function runPackage(filters) {
  await installTools(root);
  const missing = await packageToolsMissing({ mayInstall: isOnCi(process.env), say });
  return incompleteWith(await runVitest('package', filters, {}), [missing]);
}

/**
 * Both stages need a Chromium: one opens the panel in it, the other runs an Electron stand-in on it.
 * @param {'end-to-end' | 'desktop'} stage
 * @param {string} configuration
 * @param {readonly string[]} filters
 * @returns {Promise<StageResult & { output: string }>}
 */
async function runPlaywright(stage, configuration, filters) {
  const found = await chromiumForTests();
  if ('fix' in found) return { stage, outcome: 'incomplete', counts: noTests, output: '', fix: found.fix };
  const reportFile = join(testReports, `${stage}.json`);
  rmSync(reportFile, { force: true });
  const { code, output } = await runNode(
    [
      programOf('@playwright/test', 'playwright'),
      'test',
      `--config=${configuration}`,
      '--reporter=list,json',
      ...(filters.length > 0 ? ['--pass-with-no-tests'] : []),
      ...filters,
    ],
    { CHROMIUM_PATH: found.path, PLAYWRIGHT_JSON_OUTPUT_FILE: reportFile },
  );
  const counts = countTests(readReport(reportFile), code);
  return { stage, outcome: counts.failed === 0 ? 'passed' : 'failed', counts, output };
}

/**
 * @param {readonly string[]} filters
 * @returns {Promise<StageResult & { output: string }>}
 */
function runDesktop(filters) {
  const electron = findElectronForTests({
    nodeModules,
    platform: process.platform,
    env: process.env,
    isRoot: process.getuid?.() === 0,
  });
  say(
    'path' in electron
      ? 'The desktop tests run in Electron and on a stand-in over Chromium.'
      : `The desktop tests run on a stand-in over Chromium, not in Electron: ${electron.reason}.`,
  );
  return runPlaywright('desktop', 'test/e2e-desktop/playwright.config.ts', filters);
}

/**
 * @param {StageName} stage
 * @param {readonly string[]} filters
 * @returns {Promise<StageResult & { output: string }>}
 */
function runStage(stage, filters) {
  switch (stage) {
    case 'types':
      return runCheck(stage, [programOf('typescript', 'tsc'), '-p', 'tsconfig.json', '--noEmit', '--pretty']);
    case 'lint':
      return runCheck(stage, [programOf('@biomejs/biome', 'biome'), 'check', '.']);
    case 'layers':
      return runCheck(stage, [join(root, 'build', 'check-layers.mjs')]);
    case 'unit':
      return runVitest(stage, filters, {});
    case 'contract':
      return runContract(filters);
    case 'integration':
      return runIntegration(filters);
    case 'end-to-end':
      return runPlaywright('end-to-end', 'test/e2e/playwright.config.ts', filters);
    case 'desktop':
      return runDesktop(filters);
    case 'real-parts':
      return runRealParts(filters);
    case 'package':
      return runPackage(filters);
  }
}

/**
 * @param {string} sentence
 */
function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}

/**
 * @param {StageResult} result
 * @returns {string}
 */
function describe({ outcome, counts }) {
  const { passed, failed, skipped } = counts;
  const tests = passed + failed + skipped === 0 ? [] : [`${passed} passed`];
  if (failed > 0) tests.push(`${failed} failed`);
  if (skipped > 0) tests.push(`${skipped} skipped`);
  const words = { passed: 'ok', failed: 'FAILED', incomplete: 'incomplete' };
  return [words[outcome], ...tests].join(', ');
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const onCi = isOnCi(process.env);
  const { stages, filters } = selectStages(args, onCi);
  mkdirSync(testReports, { recursive: true });
  /** @type {StageResult[]} */
  const results = [];
  for (const stage of stages) {
    const began = performance.now();
    if (process.stdout.isTTY) process.stdout.write(`${stage.padEnd(12)} …\r`);
    const result = await runStage(stage, filters);
    if (result.outcome === 'failed') say(`\n${result.output.trim()}\n`);
    say(`${stage.padEnd(12)} ${describe(result)}, ${formatSeconds(performance.now() - began)}`);
    results.push(result);
  }
  for (const stage of args.length > 0 || onCi ? [] : namedStages) {
    say(`${stage.padEnd(12)} left out: run it with npm test -- ${stage}`);
  }
  const summary = summarise(results, onCi);
  const { passed, failed, skipped } = summary.counts;
  const matchedNothing = filters.length > 0 && passed + failed + skipped === 0;
  if (matchedNothing) say(`No test file path contains ${filters.join(' or ')}.`);
  for (const fix of summary.fixes) say(`${onCi ? 'Failed' : 'Incomplete'}: ${fix}`);
  say(summary.closingLine);
  return matchedNothing ? exitCodes.failed : summary.exitCode;
});
