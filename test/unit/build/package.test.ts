import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../../build/lib/package/bundled.mjs';
import { productionFolders, standardText } from '../../../build/lib/package/components.mjs';
import { chooseDistribution } from '../../../build/lib/package/electron.mjs';
import { controlText, parseFpmArguments } from '../../../build/lib/package/fpm.mjs';
import { fuseMarker, readFuses, wrongFuses } from '../../../build/lib/package/fuses.mjs';
import { noticesText } from '../../../build/lib/package/notices.mjs';
import { parsePackageOptions } from '../../../build/lib/package/options.mjs';
import { billOfMaterials, checksums } from '../../../build/lib/package/sbom.mjs';
import { makeStandIn, sayingProgram } from '../../../build/lib/package/standin.mjs';

const folder = mkdtempSync(join(tmpdir(), 'pilotlight-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the options of npm run package', () => {
  const parse = (...args: string[]) => parsePackageOptions(args, { platform: 'linux', folder: '/home/ann' });

  it('lists what to build, each once', () => {
    expect(parse('--dir', '--zip', '--dir').targets).toEqual(['dir', 'zip']);
    expect(parse('--all').targets).toEqual(['appimage', 'deb', 'rpm', 'zip', 'agent']);
    expect(parse('--dir', '--electron', 'e').electron).toBe('/home/ann/e');
    expect(parse('--dir', '--electron=/opt/e').electron).toBe('/opt/e');
  });

  it.each([
    [],
    ['--exe'],
    ['--nsis'],
    ['--dmg'],
    ['--dir', '--electron'],
    ['--dir=1'],
    ['dir'],
    ['--constructor'],
  ])('refuses %j', (...args) => {
    expect(() => parse(...args)).toThrow(expect.objectContaining({ code: 'SETUP_OPTION', exitCode: 2 }));
  });
});

describe('fuses', () => {
  const wire = (states: string) =>
    Buffer.concat([
      Buffer.from(`before${fuseMarker}`),
      Buffer.from([1, states.length]),
      Buffer.from(`${states}after`),
    ]);

  it('are read in their order; a short list says nothing about the others', () => {
    expect(readFuses(wire('01r'))).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: 'removed',
    });
    expect(readFuses(Buffer.from('a program without any'))).toBeUndefined();
  });

  it('that are wrong, removed or missing are named', () => {
    const wanted = { runAsNode: false, enableCookieEncryption: true, onlyLoadAppFromAsar: true };
    expect(wrongFuses(wire('010001'), wanted)).toEqual([]);
    expect(wrongFuses(wire('1r0'), wanted)).toEqual(Object.keys(wanted));
    expect(wrongFuses(Buffer.alloc(0), wanted)).toEqual(Object.keys(wanted));
  });
});

describe('the stand-in for Electron', () => {
  it('has the fuses of Electron as it is delivered', () => {
    makeStandIn({ folder: join(folder, 'standin'), version: '45.4.1', arch: 'x64' });
    const fuses = readFuses(readFileSync(join(folder, 'standin', 'electron')));
    expect(fuses).toMatchObject({
      runAsNode: true,
      onlyLoadAppFromAsar: false,
      enableCookieEncryption: false,
    });
  });

  it.runIf(process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64'))(
    'is a program that says what it is',
    () => {
      const file = join(folder, 'program');
      writeFileSync(file, sayingProgram(process.arch as 'x64' | 'arm64', 'It is only a stand-in.'), {
        mode: 0o755,
      });
      const { status, stderr } = spawnSync(file, { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 1, stderr: 'It is only a stand-in.\n' });
    },
  );

  it('is a program of its processor', () => {
    expect(sayingProgram('arm64', 'x').readUInt16LE(18)).toBe(183);
    expect(sayingProgram('x64', 'x').readUInt16LE(18)).toBe(62);
  });
});

describe('the Electron that is packaged', () => {
  const nodeModules = new URL('../../../node_modules', import.meta.url).pathname;
  const choose = (more: Partial<Parameters<typeof chooseDistribution>[0]>) =>
    chooseDistribution({
      ...{ nodeModules, named: undefined, required: false, work: folder, platform: 'linux', arch: 'x64' },
      ...more,
    });

  it('is refused if it is another version than the pinned one', () => {
    const other = join(folder, 'other');
    makeStandIn({ folder: other, version: '44.0.0', arch: 'x64' });
    writeFileSync(join(other, 'version'), 'v44.0.0\n');
    expect(() => choose({ named: other })).toThrow(
      expect.objectContaining({ code: 'PACKAGE_ELECTRON_VERSION' }),
    );
  });

  it('is refused if the folder has none', () => {
    expect(() => choose({ named: folder })).toThrow(
      expect.objectContaining({ code: 'PACKAGE_ELECTRON_MISSING' }),
    );
  });

  it('is never a stand-in where the real one is required', () => {
    const made = join(folder, 'made');
    const { electron } = JSON.parse(
      readFileSync(join(nodeModules, '..', 'package.json'), 'utf8'),
    ).devDependencies;
    makeStandIn({ folder: made, version: electron, arch: 'x64' });
    expect(choose({ named: made })).toMatchObject({ isStandIn: true, version: electron });
    expect(() => choose({ named: made, required: true })).toThrow(
      expect.objectContaining({ code: 'PACKAGE_ELECTRON_MISSING' }),
    );
  });
});

describe('the package of a module', () => {
  it.each([
    ['/home/ann/p/node_modules/react/index.js', 'node_modules/react'],
    ['/p/node_modules/@img/colour/index.cjs', 'node_modules/@img/colour'],
    ['/p/node_modules/a/node_modules/@b/c/lib/x.js', 'node_modules/a/node_modules/@b/c'],
    ['C:\\p\\node_modules\\ms\\index.js', 'node_modules/ms'],
    ['/p/electron/main/main.ts', undefined],
    ['\0node:fs', undefined],
  ])('%s → %s', (id, expected) => {
    expect(packageFolder(id)).toBe(expected);
  });
});

describe('the arguments of fpm', () => {
  it('are options with their values, and files', () => {
    const request = parseFpmArguments([
      '-s',
      'dir',
      '--force',
      '-t',
      'deb',
      '-d',
      'libnss3',
      '-d',
      'xdg-utils',
      '--name',
      'pilotlight',
      '/a b/=/opt/P',
    ]);
    expect(request.type).toBe('deb');
    expect(request.options.depends).toEqual(['libnss3', 'xdg-utils']);
    expect(request.files).toEqual([{ from: '/a b/', to: '/opt/P' }]);
    expect(() => parseFpmArguments(['what'])).toThrow();
  });

  it('become the fields of a Debian package', () => {
    const request = parseFpmArguments(
      [
        '-t',
        'deb',
        '-d',
        'libnss3',
        '--name',
        'pilotlight',
        '--version',
        '1.2.3',
        '--architecture',
        'amd64',
      ].concat(
        ['--description', `short\n ${'word '.repeat(40)}`, '--maintainer', 'Ann <ann@example.org>'],
        ['--url', 'https://example.org', '--category', 'utils', '--deb-priority', 'optional'],
      ),
    );
    const lines = controlText(request, 12).split('\n');
    expect(lines).toContain('Depends: libc6 (>= 2.31), libnss3');
    expect(lines).toContain('Installed-Size: 12');
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines.at(-1)).toBe('');
  });
});

describe('the notices', () => {
  const component = (more: object) => ({
    ...{ name: 'a', version: '1.0.0', licence: 'MIT', author: 'Ann', homepage: '', integrity: '', texts: [] },
    ...more,
  });
  const licences = { MIT: { licenseText: 'the text of MIT' }, ISC: { licenseText: 'the text of ISC' } };

  it('take the licence file, or the standard text', () => {
    const own = component({ name: 'own', texts: [{ file: 'LICENSE', text: 'its own text' }] });
    const text = noticesText([own, component({ name: 'none' })], licences);
    expect(text).toContain('its own text');
    expect(text).toContain('Copyright by Ann.\n\nthe text of MIT');
  });

  it('take the first of a choice, and both of a pair', () => {
    expect(standardText(component({ licence: '(MIT OR GPL-3.0)' }), licences)).not.toContain('ISC');
    expect(standardText(component({ licence: 'MIT AND ISC' }), licences)).toContain('the text of ISC');
  });

  it('refuse a component whose licence nobody knows', () => {
    for (const licence of ['', 'SEE LICENSE IN x', 'MIT AND x'])
      expect(() => standardText(component({ licence }), licences)).toThrow(
        expect.objectContaining({ code: 'PACKAGE_LICENCE' }),
      );
  });

  it('are about production dependencies, those for other systems included', () => {
    const lock = { packages: { '': {}, 'node_modules/a': {}, 'node_modules/b': { dev: true } } };
    expect(productionFolders(lock)).toEqual(['node_modules/a']);
  });

  it('have a bill of materials beside them', () => {
    const bill = billOfMaterials({
      ...{ version: '1.0.0', electron: '45.4.1', node: '24.21.0', now: new Date(0), serial: 'x' },
      components: [
        component({ name: '@s/a', integrity: 'sha512-AAE=' }),
        component({ licence: 'MIT OR ISC' }),
      ],
    });
    expect(bill.components[2]).toMatchObject({
      purl: 'pkg:npm/%40s/a@1.0.0',
      licenses: [{ license: { id: 'MIT' } }],
      hashes: [{ alg: 'SHA-512', content: '0001' }],
    });
    expect(bill.components[3]).toMatchObject({ licenses: [{ expression: 'MIT OR ISC' }] });
  });

  it('have checksums that sha256sum reads', () => {
    expect(checksums([{ name: 'a b', content: Buffer.from('x') }])).toMatch(/^[0-9a-f]{64} {2}a b\n$/);
  });
});
