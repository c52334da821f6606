// @ts-check
import { gunzipSync } from 'node:zlib';

const blockSize = 512;

/**
 * Reads named files from a gzipped tar (POSIX ustar), and nothing else: other entries never reach the disk, so none can
 * be written outside our folder.
 * @param {Buffer} compressed
 * @param {readonly string[]} names full names inside the archive, for example `package/bin/node`
 * @returns {Map<string, Buffer>} the regular files found
 */
export function readTarball(compressed, names) {
  const archive = gunzipSync(compressed);
  const wanted = new Set(names);
  /** @type {Map<string, Buffer>} */
  const found = new Map();
  let offset = 0;
  while (offset + blockSize <= archive.length && found.size < wanted.size) {
    const header = archive.subarray(offset, offset + blockSize);
    if (header[0] === 0) break;
    const size = Number.parseInt(readText(header, 124, 12), 8);
    if (!Number.isFinite(size)) throw new Error('The archive is damaged: an entry has no size.');
    const prefix = readText(header, 345, 155);
    const name = readText(header, 0, 100);
    const full = prefix === '' ? name : `${prefix}/${name}`;
    const type = String.fromCharCode(header[156] ?? 0);
    const start = offset + blockSize;
    if ((type === '0' || type === '\0') && wanted.has(full)) {
      if (start + size > archive.length) throw new Error('The archive is damaged: it ends inside a file.');
      found.set(full, archive.subarray(start, start + size));
    }
    offset = start + Math.ceil(size / blockSize) * blockSize;
  }
  return found;
}

/**
 * @param {Buffer} header
 * @param {number} start
 * @param {number} length
 * @returns {string}
 */
function readText(header, start, length) {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end).trim();
}
