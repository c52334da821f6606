// @ts-check
// The switches inside Electron's binary: a marker, the version of the list, its length, then one character each.

/** The marker in every Electron binary that has fuses. */
export const fuseMarker = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** The fuses of version 1, in their order. */
export const fuseNames = /** @type {const} */ ([
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
]);

/** @typedef {typeof fuseNames[number]} FuseName */

/**
 * @param {Buffer} binary
 * @returns {Partial<Record<FuseName, boolean | 'removed'>> | undefined} undefined if the binary has no fuses; a fuse
 *   that it doesn't have is left out
 */
export function readFuses(binary) {
  const at = binary.indexOf(fuseMarker);
  if (at === -1) return undefined;
  const start = at + fuseMarker.length;
  if (binary[start] !== 1) return undefined;
  const count = binary[start + 1] ?? 0;
  /** @type {Partial<Record<FuseName, boolean | 'removed'>>} */
  const fuses = {};
  for (const [index, name] of fuseNames.entries()) {
    if (index >= count) break;
    const state = binary[start + 2 + index];
    if (state === 0x30) fuses[name] = false;
    else if (state === 0x31) fuses[name] = true;
    else if (state === 0x72) fuses[name] = 'removed';
  }
  return fuses;
}

/**
 * The names of the fuses that are not as they should be.
 * @param {Buffer} binary
 * @param {Readonly<Record<string, boolean>>} wanted
 * @returns {string[]}
 */
export function wrongFuses(binary, wanted) {
  const found = readFuses(binary) ?? {};
  return Object.entries(wanted)
    .filter(([name, on]) => found[/** @type {FuseName} */ (name)] !== on)
    .map(([name]) => name);
}
