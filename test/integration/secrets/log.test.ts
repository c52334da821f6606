/** What a program writes to its log has none of Pilotlight's secrets, wherever they were put. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { newSecret } from '../../../electron/core/access/secret-format.ts';
import { secretKinds } from '../../../shared/redact.ts';
import { spawn } from '../../fakes/children.ts';

const system = fileURLToPath(new URL('../../../electron/adapters/system.ts', import.meta.url));

it('in the message, in a field, or deeper', async () => {
  const secrets = secretKinds.map(newSecret);
  const script = `
    import { createLog } from ${JSON.stringify(system)};
    const log = createLog({ level: 'debug' });
    for (const secret of JSON.parse(process.env.SECRETS)) {
      for (const level of ['debug', 'info', 'warn', 'error']) {
        log[level]('It said ' + secret + '.', { url: '/?key=' + secret, deep: { list: [secret] }, [secret]: 1 });
      }
    }`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SECRETS: JSON.stringify(secrets) },
  });
  let written = '';
  child.stderr.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, written.split('\n').filter((line) => line.includes('"msg"')).length]).toEqual([0, 16]);
  for (const secret of secrets) expect(written).not.toContain(secret);
  expect(written).toContain('pilotlight_key_…');
});
