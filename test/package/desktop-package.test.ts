import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import configuration, { budgets } from '../../build/electron-builder.mjs';
import { buildPackages } from '../../build/lib/package/build.mjs';
import { productionFolders } from '../../build/lib/package/components.mjs';
import { readFuses } from '../../build/lib/package/fuses.mjs';
import {
  archiveFiles,
  filesBelow,
  inspectProgram,
  machineOf,
  readArchive,
  sizeBelow,
} from '../../build/lib/package/inspect.mjs';
import { repositoryRoot } from '../../build/lib/paths.mjs';
import { searchPath } from '../../build/lib/tools.mjs';

const has = (program: string) => searchPath([program], process.env.PATH ?? '').length > 0;
const run = (program: string, args: string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(program, args, { encoding: 'utf8', cwd: repositoryRoot, env: { ...process.env, ...env } });

/** Built over the stand-in: Electron itself would be as large as everything else. */
const buildable = process.platform === 'linux' && has('7za') && has('dpkg-deb');

describe.runIf(buildable)('npm run package -- --dir --zip --deb', () => {
  const release = join(repositoryRoot, 'release');
  const system = { platform: process.platform, arch: process.arch };
  const program = join(release, process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`);
  const archive = join(program, 'resources', 'app.asar');
  const unpacked = `${archive}.unpacked`;
  const named = (end: string) =>
    join(release, readdirSync(release).find((name) => name.endsWith(end)) ?? end);
  let work = '';
  let output = '';

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'pilotlight-packages-'));
    mkdirSync(release, { recursive: true });
    writeFileSync(join(release, 'left-over.txt'), '');
    const made = run(process.execPath, ['build/package.mjs', '--dir', '--zip', '--deb'], {
      PILOTLIGHT_PACKAGE_QUICK: '1',
    });
    output = made.stdout + made.stderr;
    if (made.status !== 0) throw new Error(output);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it('says which Electron is in it, and leaves nothing else in release/', () => {
    expect(output).toMatch(/over a stand-in|Packaging with Electron/);
    expect(existsSync(join(release, 'left-over.txt'))).toBe(false);
    expect(readdirSync(release)).toHaveLength(6);
    expect(existsSync(join(repositoryRoot, '.cache', 'package'))).toBe(false);
  });

  it('has no fault that the command checks itself', () => {
    expect(inspectProgram(program, system)).toEqual([]);
    // The same checks see what is wrong with it elsewhere.
    expect(inspectProgram(program, { platform: 'linux', arch: 's390x' })).not.toEqual([]);
  });

  it('has its fuses set in the binary', () => {
    expect(readFuses(readFileSync(join(program, 'pilotlight')))).toEqual(configuration.electronFuses);
  });

  it('contains native parts for this system only', () => {
    const native = filesBelow(unpacked)
      .map((path) => ({ path, machine: machineOf(join(unpacked, path)) }))
      .filter(({ machine }) => machine !== undefined);
    expect(native.length).toBeGreaterThanOrEqual(4);
    expect(new Set(native.map(({ machine }) => machine))).toEqual(new Set([`linux-${process.arch}`]));
    expect(native.map(({ path }) => path).join()).toMatch(/libvips.*libonnxruntime/s);
    // What the system loads can't be inside the archive.
    expect(
      readArchive(archive).filter(({ path, unpacked: out }) => /\.(node|so)\b/.test(path) && !out),
    ).toEqual([]);
  });

  it('contains no tests, no maps, and no path of the computer that built it', () => {
    const files = archiveFiles(archive);
    expect(files.size).toBeGreaterThan(50);
    for (const [path, content] of files) {
      expect(path).not.toMatch(/\.map$|\.test\.|(^|\/)tests?\/|\.ts$/);
      expect(content.includes(repositoryRoot), path).toBe(false);
      expect(content.includes('sourceMappingURL='), path).toBe(false);
    }
    for (const path of filesBelow(unpacked)) expect(path).not.toMatch(/\.map$|\.d\.ts$/);
  });

  it('keeps to its budgets', () => {
    expect(statSync(archive).size).toBeLessThanOrEqual(budgets.archive);
    expect(statSync(archive).size + sizeBelow(unpacked)).toBeLessThanOrEqual(budgets.programWithoutElectron);
  });

  it('starts from its manifest, and every program in it loads', () => {
    const folder = join(work, 'app');
    for (const [path, content] of archiveFiles(archive)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    cpSync(unpacked, folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(existsSync(join(folder, manifest.main))).toBe(true);
    const cli = run(process.execPath, [join(folder, 'dist/cli/cli.mjs'), '--help']);
    expect(cli.stdout).toContain('pilotlight');
    const agent = run(process.execPath, [join(folder, 'dist/agent/agent.mjs'), '--version']);
    expect(agent.stdout.trim()).toContain(manifest.version);
    const native = run(process.execPath, [
      '-e',
      `const {createRequire}=require('node:module');const need=createRequire(${JSON.stringify(join(folder, 'package.json'))});
       need('onnxruntime-node').listSupportedBackends();
       need('sharp')(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="3"/>')).metadata()
         .then(({width,height})=>console.log(width+'x'+height));`,
    ]);
    expect(native.stdout.trim()).toBe('2x3');
  });

  it('names every dependency in its notices and its bill of materials', () => {
    const notices = readFileSync(join(program, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    const bill = JSON.parse(readFileSync(named('.cdx.json'), 'utf8'));
    const lock = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8'));
    const installed = productionFolders(lock).filter((folder) => existsSync(join(repositoryRoot, folder)));
    expect(installed.length).toBeGreaterThan(50);
    for (const folder of installed) {
      const { name, version } = JSON.parse(
        readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8'),
      );
      expect(notices).toContain(`\n${name} ${version}\n`);
      expect(
        bill.components.some((entry: { name: string }) => entry.name === name),
        name,
      ).toBe(true);
    }
    // The panel's packages are only bundled.
    for (const name of ['react', 'lucide-react', '@fontsource-variable/inter'])
      expect(notices).toMatch(new RegExp(`\n${name} \\d`));
    expect(notices).toContain('LGPL');
  });

  it('has checksums that fit', () => {
    const checked = spawnSync('sha256sum', ['--check', '--strict', named(`${process.arch}.txt`)], {
      cwd: release,
    });
    expect(checked.status).toBe(0);
  });

  it('is the same in the zip file', () => {
    const folder = join(work, 'zip');
    expect(run('7za', ['x', '-bd', `-o${folder}`, named('.zip')]).status).toBe(0);
    expect(filesBelow(folder).sort()).toEqual(filesBelow(program).sort());
    expect(statSync(join(folder, 'pilotlight')).mode & 0o111).not.toBe(0);
  });

  it('has a valid desktop file for pilotlight:// links, and icons', () => {
    const folder = join(work, 'deb');
    expect(run('dpkg-deb', ['-x', named('.deb'), folder]).status).toBe(0);
    const file = join(folder, 'usr/share/applications/pilotlight.desktop');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('MimeType=x-scheme-handler/pilotlight;');
    expect(text).toMatch(/^Exec=\/opt\/Pilotlight\/pilotlight .*%U$/m);
    for (const size of [16, 32, 48, 128, 256, 512])
      expect(existsSync(join(folder, `usr/share/icons/hicolor/${size}x${size}/apps/pilotlight.png`))).toBe(
        true,
      );
    if (has('desktop-file-validate')) expect(run('desktop-file-validate', [file]).stdout).toBe('');
  });

  it.runIf(process.getuid?.() === 0)('is installed by dpkg, and removed without a trace', () => {
    const root = join(work, 'root');
    const admin = join(root, 'var/lib/dpkg');
    mkdirSync(join(admin, 'updates'), { recursive: true });
    mkdirSync(join(admin, 'info'), { recursive: true });
    writeFileSync(join(admin, 'status'), '');
    // The scripts run in the new root, so it borrows this system's programs.
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
      if (existsSync(`/${name}`)) symlinkSync(`usr/${name}`, join(root, name));
    }
    const before = filesBelow(root).sort();
    const options = [`--root=${root}`, '--force-depends', '--force-script-chrootless', '--force-not-root'];
    const installed = run('dpkg', [...options, '--install', named('.deb')], {
      PATH: `${stubs(work)}:${process.env.PATH}`,
    });
    expect(installed.stderr).not.toMatch(/error/i);
    expect(existsSync(join(root, 'opt/Pilotlight/pilotlight'))).toBe(true);
    const purged = run('dpkg', [...options, '--purge', 'pilotlight'], {
      PATH: `${stubs(work)}:${process.env.PATH}`,
    });
    expect(purged.stderr).not.toMatch(/error/i);
    const left = filesBelow(root).filter(
      (path) => !path.startsWith('var/lib/dpkg') && !path.startsWith('var/log'),
    );
    expect(left).toEqual(before.filter((path) => !path.startsWith('var/lib/dpkg')));
    expect(existsSync(join(root, 'opt/Pilotlight'))).toBe(false);
  });

  it.runIf(has('lintian'))('has nothing that lintian calls an error', () => {
    const { stdout } = run('lintian', ['--fail-on', 'none', named('.deb')]);
    expect(stdout.split('\n').filter((line) => line.startsWith('E:'))).toEqual([]);
  });
});

/** Programs that the scripts of the package would run on this computer: here they only succeed. */
function stubs(work: string): string {
  const folder = join(work, 'stubs');
  mkdirSync(folder, { recursive: true });
  for (const name of [
    'update-alternatives',
    'update-mime-database',
    'update-desktop-database',
    'apparmor_status',
  ])
    writeFileSync(join(folder, name), `#!/bin/sh\n[ ${name} != apparmor_status ]\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'chmod'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  return folder;
}

describe('a package that fails', () => {
  it('leaves release/ empty, and says that the disk is full', async () => {
    const root = mkdtempSync(join(tmpdir(), 'pilotlight-full-'));
    try {
      cpSync(join(repositoryRoot, 'package.json'), join(root, 'package.json'));
      cpSync(join(repositoryRoot, 'package-lock.json'), join(root, 'package-lock.json'));
      cpSync(join(repositoryRoot, 'LICENSE'), join(root, 'LICENSE'));
      symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
      mkdirSync(join(root, 'build'));
      symlinkSync(join(repositoryRoot, 'build/tools'), join(root, 'build/tools'));
      mkdirSync(join(root, 'dist'));
      writeFileSync(join(root, 'dist/.packages.json'), '[]');
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      const made = buildPackages({
        root,
        options: { targets: ['dir'], electron: undefined, requireElectron: false, help: false },
        pack: async ({ output }) => {
          writeFileSync(join(output, 'half.zip'), 'half');
          throw full;
        },
        say: () => {},
        system: { platform: 'linux', arch: 'x64' },
      });
      await expect(made).rejects.toMatchObject({ code: 'PACKAGE_DISK_FULL' });
      expect(readdirSync(join(root, 'release'))).toEqual([]);
      expect(existsSync(join(root, '.cache/package'))).toBe(false);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
