/** `node build/release-manifest.mjs`: signs a folder of packages as a release. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../../../package.json' with { type: 'json' };
import { isVersion } from '../../../shared/version.ts';
import { runMain } from '../errors.mjs';
import { repositoryRoot } from '../paths.mjs';
import {
  filesOf,
  makeKeyPair,
  makeManifest,
  problem,
  readPrivateKey,
  writeSigned,
} from './release-manifest.ts';

const usage = `Usage: node build/release-manifest.mjs FOLDER [--rollout SHARE] [--minimum VERSION]
       node build/release-manifest.mjs --new-key
  FOLDER      the packages of all systems; gets manifest.json and manifest.json.sig
  --rollout   share of the installations that get it, above 0 to 1; default 1
  --minimum   the oldest version that can update to it; default 0.0.0
  --new-key   makes a pair of keys and prints it
The private key is read from PILOTLIGHT_UPDATE_KEY.`;

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rollout: { type: 'string', default: '1' },
      minimum: { type: 'string', default: '0.0.0' },
      'new-key': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (values.help) {
    say(usage);
    return 0;
  }
  if (values['new-key']) {
    const { publicKey, privateKey } = makeKeyPair();
    say(`Public key, for updates.keys in package.json:\n  ${publicKey}`);
    say(
      `Private key, for the secret PILOTLIGHT_UPDATE_KEY; keep a copy where only you can read it:\n  ${privateKey}`,
    );
    return 0;
  }
  const [named, ...more] = positionals;
  if (named === undefined || more.length > 0) throw problem('Name one folder.', usage);
  const rollout = Number(values.rollout);
  if (!(rollout > 0 && rollout <= 1))
    throw problem('--rollout is a number above 0, at most 1.', 'Correct it.');
  if (!isVersion(values.minimum)) throw problem('--minimum is a version such as 0.1.0.', 'Correct it.');
  const secret = process.env.PILOTLIGHT_UPDATE_KEY ?? '';
  if (secret === '') throw problem('PILOTLIGHT_UPDATE_KEY is not set.', 'Set it to the private key.');
  const folder = resolve(process.env.INIT_CWD ?? process.cwd(), named);
  const { version } = packageJson;
  const manifest = makeManifest({
    ...{ version, rollout, minimumVersion: values.minimum, now: new Date() },
    changes: readFileSync(join(repositoryRoot, 'CHANGELOG.md'), 'utf8'),
    files: filesOf(folder, version),
  });
  writeSigned(folder, manifest, readPrivateKey(secret), packageJson.updates.keys);
  say(
    `Signed ${version}: ${manifest.files.length} files, for ${Math.round(rollout * 100)} % of the installations.`,
  );
  return 0;
});
