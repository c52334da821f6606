/** Builds of the real agent that differ in their version, each as one executable file, as panels send it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleNode } from '../../build/lib/bundle-node.mjs';
import { nodeEntries } from '../../build/lib/entries.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entries = nodeEntries.filter(({ output }) => output === 'agent/agent.mjs');

/**
 * The bundle with this Node as its interpreter: the single file has Node inside instead, and is as large as Node.
 * @param start code that runs first
 */
export async function buildAgent(version: string, keys: readonly string[], start = ''): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-agent-build-'));
  const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  try {
    await bundleNode(root, folder, entries, new Set(), {
      'package.json': JSON.stringify({ ...packageJson, version, updates: { address: null, keys } }),
      // The test waits for it.
      'electron/agent/update/guard-times.ts': 'export const LISTEN_MS = 60_000, PROVE_MS = 200;',
      'electron/adapters/processes/container.ts': 'export const isInContainer = () => false;',
      'electron/adapters/processes/single-file.ts': 'export const isSingleFile = () => true;',
    });
    const text = readFileSync(join(folder, 'agent/agent.mjs'), 'utf8');
    return Buffer.from(`#!${process.execPath}\n${start}\n${text}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function writeProgram(path: string, program: Buffer): void {
  writeFileSync(path, program);
  chmodSync(path, 0o755);
}
