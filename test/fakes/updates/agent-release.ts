/** A signed release with an agent, as files beside the data of a core. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentFile } from '../releases.ts';
import { bytesOf, manifestOf, signatureOf, type TestKey } from './signed-release.ts';

export function prepareAgentRelease(dataFolder: string, key: TestKey): void {
  const folder = join(dataFolder, 'agents');
  mkdirSync(folder);
  const program = Buffer.from('an agent of version 99');
  const manifest = bytesOf(manifestOf({ version: '99.0.0', files: [agentFile(program)] }));
  writeFileSync(join(folder, 'manifest.json'), manifest);
  writeFileSync(join(folder, 'manifest.json.sig'), signatureOf(manifest, key));
  writeFileSync(join(folder, agentFile(program).name), program);
}
