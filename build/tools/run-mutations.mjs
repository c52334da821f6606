// @ts-check
// Runs Stryker. build/mutate.mjs starts it when everything is set up.
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runMain, SetUpError } from '../lib/errors.mjs';
import {
  describeMutations,
  isPure,
  parseMutateOptions,
  percentKilled,
  relatedTests,
  scoreByFile,
} from '../lib/mutation.mjs';
import { repositoryRoot as root } from '../lib/paths.mjs';

const read = (/** @type {string} */ file) => readFileSync(join(root, file), 'utf8');

/**
 * @param {string} file
 */
function readIfThere(file) {
  try {
    return read(file);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} pattern
 */
function list(pattern) {
  return globSync(pattern, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
}

/**
 * @param {string} path
 * @param {boolean} pure
 * @returns {string[]}
 */
function filesAt(path, pure) {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (found?.isFile()) return [path];
  return list(`${path}/**/*.{ts,tsx}`).filter((file) => !pure || isPure(read(file)));
}

/**
 * @param {string} what
 * @param {string} nextStep
 */
function nothingTo(what, nextStep) {
  return new SetUpError('SETUP_OPTION', `Nothing to ${what}.`, nextStep, { exitCode: 2 });
}

await runMain(async () => {
  const { paths, pure, least, reach, concurrency } = parseMutateOptions(process.argv.slice(2));
  const mutate = [...new Set(paths.flatMap((path) => filesAt(path, pure)))];
  if (mutate.length === 0) throw nothingTo('mutate', 'Name a TypeScript file or a folder with one.');
  const tests = relatedTests(list('test/unit/**/*.test.{ts,tsx}'), mutate, reach, readIfThere);
  if (tests.length === 0) throw nothingTo('run', 'Write a unit test that loads these files.');
  process.stdout.write(`Mutating ${mutate.join(', ')} against ${tests.length} test files.\n`);

  // The present content, because files may be edited during a run that takes minutes.
  const texts = new Map(mutate.map((file) => [file, read(file)]));
  // Read by vitest.config.mjs in each process that runs tests.
  process.env.PILOTLIGHT_MUTATION_TESTS = JSON.stringify(tests);
  process.chdir(root);
  // Through a variable, because the type check runs without the packages of this folder.
  const stryker = '@stryker-mutator/core';
  const { Stryker } = await import(stryker);
  const run = new Stryker({
    mutate,
    testRunner: 'vitest',
    vitest: { configFile: 'build/tools/vitest.config.mjs', related: false },
    coverageAnalysis: 'perTest',
    // On a busy machine a slow run is not a hanging mutant; endless loops are detected by counting.
    timeoutMS: 30_000,
    plugins: ['@stryker-mutator/*', join(root, 'build', 'tools', 'ignore-text.mjs')],
    ignorers: ['text'],
    ...(concurrency === undefined ? {} : { concurrency }),
    reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only'],
    tempDirName: '.cache/stryker',
    ignorePatterns: [
      '.cache',
      '.runtime',
      'dist',
      '.dist-*',
      'docs',
      'coverage',
      'screenshots',
      'test-results',
    ],
    allowConsoleColors: false,
    logLevel: 'warn',
  });
  const results = (await run.runMutationTest()).map((/** @type {any} */ result) => ({
    ...result,
    fileName: result.fileName.replaceAll('\\', '/').replace(`${root.replaceAll('\\', '/')}/`, ''),
  }));
  process.stdout.write(`\n${describeMutations(results, (file) => texts.get(file) ?? '')}\n`);
  const tooLow = scoreByFile(results).filter((score) => percentKilled(score) < (least ?? 0));
  if (tooLow.length === 0) return 0;
  process.stdout.write(`Below ${least} %: ${tooLow.map(({ file }) => file).join(', ')}\n`);
  return 1;
});
