// @ts-check
import { createHash, randomUUID } from 'node:crypto';

/** @typedef {import('./components.mjs').Component} Component */

/**
 * A software bill of materials in CycloneDX's format.
 * @param {{ version: string, electron: string, node: string, components: readonly Component[], now: Date,
 *   serial?: string }} facts
 */
export function billOfMaterials({ version, electron, node, components, now, serial = randomUUID() }) {
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${serial}`,
    version: 1,
    metadata: {
      timestamp: now.toISOString(),
      component: { type: 'application', 'bom-ref': 'pilotlight', name: 'pilotlight', version },
    },
    components: [
      platform('electron', electron),
      platform('node', node),
      ...components.map((component) => {
        const purl = packageUrl(component);
        return {
          type: 'library',
          'bom-ref': purl,
          name: component.name,
          version: component.version,
          purl,
          ...licenceOf(component.licence),
          ...hashOf(component.integrity),
        };
      }),
    ],
  };
}

/**
 * @param {string} name
 * @param {string} version
 */
function platform(name, version) {
  return { type: 'platform', 'bom-ref': `${name}@${version}`, name, version };
}

/** @param {Component} component */
function packageUrl({ name, version }) {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}

/** @param {string} licence */
function licenceOf(licence) {
  if (licence === '') return {};
  if (/ (OR|AND|WITH) /.test(licence)) return { licenses: [{ expression: licence }] };
  return { licenses: [{ license: { id: licence } }] };
}

/** @param {string} integrity */
function hashOf(integrity) {
  const [, base64] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (base64 === undefined) return {};
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }] };
}

/**
 * Lines as `sha256sum --check` reads them.
 * @param {readonly { name: string, content: Buffer }[]} files
 */
export function checksums(files) {
  return files
    .map(({ name, content }) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`)
    .join('');
}
