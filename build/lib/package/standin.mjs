// @ts-check
// A folder like that of Electron's own distribution for Linux, for computers that can't download it. Packages are built
// and inspected over it. Its programs carry Electron's fuses, but only say what they are.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fuseMarker, fuseNames } from './fuses.mjs';

/** In the file `version` of a stand-in, after the version. */
export const standInMark = '-stand-in';

const machines = /** @type {const} */ ({ x64: 62, arm64: 183 });
const base = 0x400000;
const headerBytes = 64 + 56;

/**
 * A Linux program that prints a sentence to stderr and exits with 1.
 * @param {keyof typeof machines} arch
 * @param {string} sentence
 * @param {Buffer} [data] appended to the file
 * @returns {Buffer}
 */
export function sayingProgram(arch, sentence, data = Buffer.alloc(0)) {
  const text = Buffer.from(`${sentence}\n`);
  const code = arch === 'x64' ? codeForX64(text.length) : codeForArm64(text.length);
  const size = headerBytes + code.length + text.length;
  const header = Buffer.alloc(headerBytes);
  header.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machines[arch], 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(base + headerBytes), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt16LE(64, 58);
  // One segment: the whole file, readable and executable.
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(5, 68);
  header.writeBigUInt64LE(BigInt(base), 80);
  header.writeBigUInt64LE(BigInt(base), 88);
  header.writeBigUInt64LE(BigInt(size), 96);
  header.writeBigUInt64LE(BigInt(size), 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code, text, data]);
}

/**
 * write(2, text, length); exit(1). The text follows the code.
 * @param {number} length
 */
function codeForX64(length) {
  const code = Buffer.from('b801000000bf02000000488d3500000000ba000000000f05b83c000000bf010000000f05', 'hex');
  code.writeInt32LE(code.length - 17, 13);
  code.writeUInt32LE(length, 18);
  return code;
}

/**
 * @param {number} length
 */
function codeForArm64(length) {
  const move = (/** @type {number} */ register, /** @type {number} */ value) =>
    (0xd2800000 | (value << 5) | register) >>> 0;
  const call = 0xd4000001;
  // The text is 28 bytes after the second instruction.
  const address = (0x10000000 | ((28 >> 2) << 5) | 1) >>> 0;
  const words = [move(0, 2), address, move(2, length), move(8, 64), call, move(0, 1), move(8, 93), call];
  const code = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) code.writeUInt32LE(word, index * 4);
  return code;
}

/** Electron's fuses as it is delivered. */
function defaultFuses() {
  const on = ['runAsNode', 'enableNodeOptionsEnvironmentVariable', 'enableNodeCliInspectArguments'];
  const states = fuseNames.map((name) =>
    [...on, 'grantFileProtocolExtraPrivileges'].includes(name) ? '1' : '0',
  );
  return Buffer.from(`${fuseMarker}\x01${String.fromCharCode(states.length)}${states.join('')}`, 'latin1');
}

/**
 * @param {{ folder: string, version: string, arch: keyof typeof machines }} options `folder` is emptied first
 */
export function makeStandIn({ folder, version, arch }) {
  rmSync(folder, { recursive: true, force: true });
  const sentence = `This is a stand-in for Electron ${version}, which could not be had when this package was built.`;
  /** @type {[string, string | Buffer, number?][]} */
  const files = [
    ['electron', sayingProgram(arch, sentence, defaultFuses()), 0o755],
    ['chrome-sandbox', sayingProgram(arch, sentence), 0o755],
    ['chrome_crashpad_handler', sayingProgram(arch, sentence), 0o755],
    ['version', `${version}${standInMark}`],
    ['LICENSE', 'The licence of Electron is here in a real package.\n'],
    ['LICENSES.chromium.html', '<p>The licences of Chromium are here in a real package.</p>\n'],
    ['resources.pak', 'stand-in'],
    ['locales/en-US.pak', 'stand-in'],
    ['locales/fr.pak', 'stand-in'],
    ['resources/default_app.asar', 'stand-in'],
  ];
  for (const [name, content, mode] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode ?? 0o644);
  }
}
