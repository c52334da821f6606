// @ts-check
// The first code of the single file `pilotlight-agent`. It runs inside the file, where only built-in modules can be
// loaded, so the programs are unpacked once into a private folder and run from there.
const { createHash, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { homedir, tmpdir } = require('node:os');
const { basename, dirname, join, sep } = require('node:path');
const { getRawAsset } = require('node:sea');
const { pathToFileURL } = require('node:url');
const { Script, constants } = require('node:vm');
const { brotliDecompressSync } = require('node:zlib');

const usage = `Usage: pilotlight-agent [COMMAND] [options]   the agent; --help lists its commands
       pilotlight-agent worker [options]      takes tasks from the queues of Pilotlight
       pilotlight-agent cli COMMAND           the command line of Pilotlight
`;

/** Node starts this file again for each process that a program forks: then the program's path comes first. */
const started = /^(?:agent|cli|[a-z]+(?:-[a-z]+)*-worker|headless|prepare-state)\.mjs$/;

/** @param {string} folder */
function isPrivate(folder) {
  const status = fs.lstatSync(folder);
  if (!status.isDirectory()) return false;
  return process.getuid === undefined || (status.uid === process.getuid() && (status.mode & 0o022) === 0);
}

/** @param {string} folder @param {Buffer} archive */
function unpack(folder, archive) {
  /** @type {Record<string, string>} */
  const files = JSON.parse(brotliDecompressSync(archive).toString('utf8'));
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, text, { mode: 0o600 });
  }
}

/** The folder of the unpacked programs. It appears only when it is complete, and never belongs to somebody else. */
function programs() {
  const archive = Buffer.from(getRawAsset('programs'));
  const name = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  const cache =
    process.platform === 'win32'
      ? (process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
      : process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  try {
    const parent = join(cache, 'pilotlight-agent');
    const folder = join(parent, name);
    fs.mkdirSync(parent, { recursive: true, mode: 0o700 });
    if (!isPrivate(parent)) throw new Error(`${parent} belongs to somebody else.`);
    if (!fs.existsSync(folder)) {
      const work = join(parent, `.${name}-${process.pid}-${randomBytes(4).toString('hex')}`);
      try {
        unpack(work, archive);
        fs.renameSync(work, folder);
      } catch (error) {
        fs.rmSync(work, { recursive: true, force: true });
        // Another start may have been faster.
        if (!fs.existsSync(folder)) throw error;
      }
    }
    return folder;
  } catch {
    // A service may have no home folder, and a home folder may be full: then for this run only.
    const folder = fs.mkdtempSync(join(tmpdir(), 'pilotlight-agent-'));
    process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
    unpack(folder, archive);
    return folder;
  }
}

/** @param {string} file @param {readonly string[]} args */
function start(file, args) {
  process.argv.splice(1, Number.POSITIVE_INFINITY, file, ...args);
  const script = new Script('(url) => import(url)', {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  script
    .runInThisContext()(pathToFileURL(file).href)
    .catch((/** @type {unknown} */ error) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    });
}

function main() {
  // node:sqlite is a release candidate, which the person who starts this can't change.
  const warn = process.emitWarning;
  process.emitWarning = /** @type {typeof warn} */ (
    (/** @type {any} */ warning, /** @type {any[]} */ ...more) => {
      if (more[0] === 'ExperimentalWarning' || more[0]?.type === 'ExperimentalWarning') return;
      Reflect.apply(warn, process, [warning, ...more]);
    }
  );
  const args = process.argv.slice(2);
  const first = args.findIndex((argument) => !argument.startsWith('--'));
  const file = args[first] ?? '';
  if (started.test(basename(file)) && file.includes(sep) && fs.existsSync(file)) {
    start(file, args.slice(first + 1));
    return;
  }
  const [word, ...rest] = args;
  if (word === '--version') {
    process.stdout.write(`${Buffer.from(getRawAsset('version')).toString('utf8')}\n`);
    return;
  }
  if (word === '--help' || word === 'help') process.stdout.write(`${usage}\n`);
  const folder = programs();
  if (word === 'cli') start(join(folder, 'cli', 'cli.mjs'), rest);
  else if (word === 'worker') start(join(folder, 'workers', 'task-worker.mjs'), rest);
  else start(join(folder, 'agent', 'agent.mjs'), args);
}

main();
