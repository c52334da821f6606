// @ts-check
// `pilotlight-agent`: Node itself with the agent, the worker and the command line in one file (Node's "single
// executable application").
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { budgets } from '../../electron-builder.mjs';
import { SetUpError } from '../errors.mjs';
import { runCaptured } from '../process.mjs';
import { searchPath } from '../tools.mjs';
import { readManifest, shrinkPrograms } from './stage.mjs';

/** What Node looks for in its own binary. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** Programs for a window or a browser, which this file has none of. */
const left = /^(?:main|preload|renderer|icons|simulator)(?:[\\/]|$)|^cli[\\/]demo\./;

/**
 * @param {{ root: string, output: string, work: string, notices: string, system: { platform: string, arch: string },
 *   say: (line: string) => void }} request
 */
export async function buildAgent({ root, output, work, notices, system, say }) {
  const folder = join(work, 'agent');
  mkdirSync(folder, { recursive: true });
  const programs = join(folder, 'programs.br');
  packPrograms(root, join(folder, 'programs'), programs, notices);
  const version = join(folder, 'version');
  writeFileSync(version, readManifest(root).version);

  const blob = join(folder, 'agent.blob');
  const settings = join(folder, 'sea.json');
  writeFileSync(
    settings,
    JSON.stringify({
      main: fileURLToPath(new URL('agent-start.cjs', import.meta.url)),
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: false,
      assets: { programs, version },
    }),
  );
  await must(process.execPath, ['--experimental-sea-config', settings]);

  const isWindows = system.platform === 'win32';
  const name = `pilotlight-agent${isWindows ? '.exe' : ''}`;
  const file = join(output, name);
  copyFileSync(process.execPath, file);
  chmodSync(file, 0o755);
  if (system.platform === 'linux') {
    // Before the injection: what strip moves afterwards, Node no longer finds.
    if (searchPath(['strip'], process.env.PATH ?? '').length > 0) await must('strip', [file]);
    else say('strip is not installed (Debian: binutils), so the agent is 18 MB larger than it has to be.');
  }
  if (system.platform === 'darwin') await must('codesign', ['--remove-signature', file]);
  const postject = join(root, 'build', 'tools', 'node_modules', 'postject', 'dist', 'cli.js');
  await must(process.execPath, [
    ...[postject, file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse],
    ...(system.platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : []),
  ]);
  // Macs with Apple's processors run nothing unsigned; the release workflow signs it again with a name.
  if (system.platform === 'darwin') await must('codesign', ['--sign', '-', file]);

  const { size } = statSync(file);
  if (size > budgets.agent)
    throw new SetUpError('PACKAGE_CHECK', `${name} has ${size} bytes.`, `It may have ${budgets.agent}.`);
}

/**
 * @param {string} root
 * @param {string} folder to lay the programs out in
 * @param {string} file
 * @param {string} notices
 */
function packPrograms(root, folder, file, notices) {
  const dist = join(root, 'dist');
  cpSync(dist, folder, {
    recursive: true,
    filter: (source) => {
      const path = relative(dist, source);
      return !source.endsWith('.map') && !path.startsWith('.') && !left.test(path);
    },
  });
  shrinkPrograms(folder);
  /** @type {Record<string, string>} */
  const files = { 'THIRD-PARTY-NOTICES.txt': readFileSync(notices, 'utf8') };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[relative(folder, path).replaceAll('\\', '/')] = readFileSync(path, 'utf8');
  }
  const quality = process.env.PILOTLIGHT_PACKAGE_QUICK === '1' ? 4 : 9;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  writeFileSync(file, brotliCompressSync(JSON.stringify(files), { params }));
}

/**
 * @param {string} program
 * @param {string[]} args
 */
async function must(program, args) {
  const { code, tail } = await runCaptured(program, args);
  if (code === 0) return;
  throw new SetUpError(
    'PACKAGE_TOOL',
    `The agent could not be built: ${program} failed.`,
    'See its output above.',
    {
      details: tail,
    },
  );
}
