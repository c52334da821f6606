// @ts-check
// electron-builder makes packages for Linux with fpm, a program in Ruby that it downloads. This takes fpm's arguments and
// makes the package with the system's own tools, so that what is tested is what is released.
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * @typedef {object} PackageRequest
 * @property {string} type `deb` or `rpm`
 * @property {Record<string, string[]>} options by name, without dashes
 * @property {{ from: string, to: string }[]} files `from` ending with a slash is the content of a folder
 */

const withoutValue = new Set(['force', 'debug']);
const shortNames = /** @type {Readonly<Record<string, string>>} */ ({
  '-s': 'source',
  '-t': 'type',
  '-d': 'depends',
});

/**
 * @param {readonly string[]} args
 * @returns {PackageRequest}
 */
export function parseFpmArguments(args) {
  /** @type {Record<string, string[]>} */
  const options = {};
  const files = [];
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift() ?? '';
    const name = shortNames[argument] ?? (argument.startsWith('--') ? argument.slice(2) : undefined);
    if (name === undefined) {
      const [from = '', to] = argument.split(/=(?=\/)/);
      if (to === undefined) throw new Error(`Unexpected argument ${argument}.`);
      files.push({ from, to });
    } else if (!withoutValue.has(name)) {
      options[name] = [...(options[name] ?? []), rest.shift() ?? ''];
    }
  }
  return { type: options.type?.[0] ?? '', options, files };
}

/**
 * Lays out the files of a package below a folder, with the modes of a package.
 * @param {PackageRequest} request
 * @param {string} folder
 */
export function layOut({ files }, folder) {
  for (const { from, to } of files) {
    const target = join(folder, to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(from, target, { recursive: true, verbatimSymlinks: true });
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (/\.so(\.\d+)*$|\.node$/.test(entry.name)) chmodSync(path, 0o644);
    else chmodSync(path, (lstatSync(path).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
  chmodSync(folder, 0o755);
}

/**
 * The text of a Debian package's file `control`.
 * @param {PackageRequest} request
 * @param {number} kilobytes of the installed files
 */
export function controlText({ options }, kilobytes) {
  const one = (/** @type {string} */ name) => options[name]?.at(-1) ?? '';
  const [synopsis = '', ...description] = one('description').split('\n');
  const paragraphs = description.map((line) => line.trim()).filter((line) => line !== '');
  return [
    `Package: ${one('name')}`,
    `Version: ${one('version')}`,
    `Architecture: ${one('architecture')}`,
    `Maintainer: ${one('maintainer')}`,
    `Installed-Size: ${kilobytes}`,
    // Prebuilt programs and libraries need the C library of their build, or a newer one.
    `Depends: ${['libc6 (>= 2.31)', ...(options.depends ?? [])].join(', ')}`,
    ...(options['deb-recommends'] === undefined
      ? []
      : [`Recommends: ${options['deb-recommends'].join(', ')}`]),
    `Section: ${one('category')}`,
    `Priority: ${one('deb-priority')}`,
    `Homepage: ${one('url')}`,
    `Description: ${synopsis}`,
    ...paragraphs.flatMap((line) => wrap(line, 78)).map((line) => ` ${line}`),
    '',
  ].join('\n');
}

/**
 * @param {string} text
 * @param {number} width
 * @returns {string[]}
 */
function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** @param {string} url */
function copyrightText(url) {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Pilotlight
Source: ${url}
Comment: The software of others in this package, with its licences, is listed in
 /opt/Pilotlight/THIRD-PARTY-NOTICES.txt and LICENSES.chromium.html.

Files: *
Copyright: 2026 The Pilotlight authors
License: Expat
${readFileSync(new URL('../../../LICENSE', import.meta.url), 'utf8')
  .split('\n')
  .slice(4)
  .map((line) => (line === '' ? ' .' : ` ${line}`))
  .join('\n')
  .replace(/(\n \.)+$/, '')}
`;
}

/**
 * What Debian asks of its own packages, and a program that comes with its own Electron can't do.
 * @param {string} name
 */
function lintianOverrides(name) {
  return `# Packages of others than Debian install into /opt.
${name}: dir-or-file-in-opt *
# Electron, ONNX Runtime and libvips are prebuilt by their makers, with the libraries they were tested with.
${name}: embedded-library *
${name}: statically-linked-binary *
${name}: unstripped-binary-or-object *
`;
}

/**
 * Makes the folder that `dpkg-deb --build` takes.
 * @param {PackageRequest} request
 * @param {string} folder
 * @param {Date} now
 */
export function layOutDeb(request, folder, now) {
  const one = (/** @type {string} */ name) => request.options[name]?.at(-1) ?? '';
  layOut(request, folder);
  const documents = join(folder, 'usr', 'share', 'doc', one('name'));
  mkdirSync(documents, { recursive: true });
  const changes = `${one('name')} (${one('version')}) stable; urgency=medium

  * See the release notes at ${one('url')}

 -- ${one('maintainer')}  ${now.toUTCString().replace('GMT', '+0000')}
`;
  writeFileSync(join(documents, 'changelog.gz'), gzipSync(changes, { level: 9 }));
  writeFileSync(join(documents, 'copyright'), copyrightText(one('url')));
  const overrides = join(folder, 'usr', 'share', 'lintian', 'overrides');
  mkdirSync(overrides, { recursive: true });
  writeFileSync(join(overrides, one('name')), lintianOverrides(one('name')));
  const kilobytes = Math.ceil(sizeOf(folder) / 1_024);
  const control = join(folder, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlText(request, kilobytes));
  for (const [option, name] of [
    ['after-install', 'postinst'],
    ['before-remove', 'prerm'],
    ['after-remove', 'postrm'],
  ]) {
    const script = one(option ?? '');
    if (script !== '') writeFileSync(join(control, name ?? ''), readFileSync(script), { mode: 0o755 });
  }
}

/**
 * The text of an rpm package's recipe. The files are those below `folder`.
 * @param {PackageRequest} request
 * @param {string} folder
 */
export function specText({ options, files }, folder) {
  const one = (/** @type {string} */ name) => options[name]?.at(-1) ?? '';
  const script = (/** @type {string} */ name) => (one(name) === '' ? '' : readFileSync(one(name), 'utf8'));
  const owned = files.map(({ to }) => `"${to}"`);
  return `Name: ${one('name')}
Version: ${one('version').replaceAll('-', '~')}
Release: 1
Summary: ${one('rpm-summary') || one('description').split('\n')[0]}
License: ${one('license')}
URL: ${one('url')}
Vendor: ${one('vendor')}
Packager: ${one('maintainer')}
${(options.depends ?? []).map((name) => `Requires: ${name}\n`).join('')}AutoReqProv: no
%global __os_install_post %{nil}
%global _build_id_links none

%description
${one('description').trim()}

%install
mkdir -p "%{buildroot}"
cp -a "${folder}/." "%{buildroot}/"

%post -p /bin/bash
${script('after-install')}

%postun -p /bin/bash
${script('after-remove')}

%files
%defattr(-,root,root,-)
${owned.join('\n')}
`;
}

/** @param {string} folder */
function sizeOf(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += lstatSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}

/**
 * Makes the package that the arguments ask for.
 * @param {readonly string[]} args fpm's
 * @param {{ work: string, now: Date, quick?: boolean,
 *   run: (program: string, args: string[]) => Promise<{ code: number, tail: string }> }} options `quick`: hardly pack
 * @returns {Promise<string>} the output of the tool, if it failed
 */
export async function makePackage(args, { work, now, run, quick = false }) {
  const request = parseFpmArguments(args);
  const target = request.options.package?.[0] ?? '';
  const folder = join(work, 'content');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    if (request.type === 'deb') {
      layOutDeb(request, folder, now);
      // -z3 packs in a quarter of the time; the package is 3 % larger.
      const level = quick ? ['-Zgzip', '-z1'] : ['-Zxz', '-z3'];
      const packed = ['--root-owner-group', ...level, '--build', folder, target];
      const { code, tail } = await run('dpkg-deb', packed);
      return code === 0 ? '' : tail || 'dpkg-deb failed.';
    }
    if (request.type !== 'rpm') return `There is no way to make ${request.type}.`;
    layOut(request, folder);
    const spec = join(work, 'package.spec');
    writeFileSync(spec, specText(request, folder));
    const out = join(work, 'rpm');
    const arch = request.options.architecture?.[0] ?? '';
    const settings = ['--define', `_topdir ${work}`, '--define', `_rpmdir ${out}`, '--target', arch];
    const level = ['--define', `_binary_payload ${quick ? 'w1.gzdio' : 'w3T0.xzdio'}`];
    const { code, tail } = await run('rpmbuild', ['-bb', ...settings, ...level, spec]);
    const [made] = code === 0 ? readdirSync(join(out, arch)) : [];
    if (made === undefined) return tail || 'rpmbuild failed.';
    cpSync(join(out, arch, made), target);
    return '';
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
