/**
 * Run on a small disk: `full-disk-updates SMALL ELSEWHERE`. Makes and restores a backup, downloads an update and replaces a
 * program there, none of which has room, and prints what became of each.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNodeHttp } from '../../electron/adapters/network/http.ts';
import { replaceProgram } from '../../electron/adapters/updates/replace-program.ts';
import { createUpdateDownloads } from '../../electron/adapters/updates/update-downloads.ts';
import { restoreBackup } from '../../electron/host/backup/read.ts';
import { writeBackup } from '../../electron/host/backup/write.ts';
import { isPilotlightError } from '../../shared/contract/errors.ts';
import { releaseHere, startReleaseServer } from './updates/release-server.ts';

const [small = '', elsewhere = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const code = async (call: () => unknown) => {
  try {
    await call();
    return 'done';
  } catch (error) {
    return isPilotlightError(error) ? error.code : String(error);
  }
};
/** Every file with its size. */
const picture = () =>
  readdirSync(small, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(small, name)).isFile() && !name.endsWith('core.lock'))
    .sort()
    .map((name) => `${name} ${statSync(join(small, name)).size}`);

const data = join(small, 'data');
mkdirSync(data, { mode: 0o700 });
writeFileSync(join(data, 'state.sqlite'), randomBytes(3_000_000));
const large = join(elsewhere, 'large');
mkdirSync(large, { mode: 0o700 });
writeFileSync(join(large, 'state.sqlite'), randomBytes(6_000_000));
const file = join(elsewhere, 'backup');
await writeBackup({ dataFolder: large, file, passphrase: undefined, now: 0, signal });
const program = join(small, 'program');
writeFileSync(program, 'old', { mode: 0o755 });
const fresh = join(elsewhere, 'fresh');
writeFileSync(fresh, randomBytes(6_000_000));
const before = picture();

const backup = await code(() =>
  writeBackup({ dataFolder: data, file: join(small, 'backup'), passphrase: undefined, now: 0, signal }),
);
const afterBackup = picture();
const restore = await code(() =>
  restoreBackup({ dataFolder: data, file, passphrase: undefined, withoutSecrets: false, now: 0, signal }),
);
const afterRestore = picture();
const server = await startReleaseServer();
const release = releaseHere(randomBytes(6_000_000));
server.publish(release.manifest, release.files);
const http = createNodeHttp();
const download = await code(() =>
  createUpdateDownloads({ http, folder: join(small, 'downloads'), freeBytes: async () => null }).fetch({
    ...{ address: server.address, file: release.file, onProgress() {}, signal },
  }),
);
await server.close();
http.close();
const afterDownload = picture();
const replaced = await code(() => replaceProgram({ program, fresh, keepAs: `${program}.previous` }));
process.stdout.write(
  JSON.stringify({
    codes: { backup, restore, download, replaced },
    unchanged: [afterBackup, afterRestore, afterDownload, picture()].map(
      (now) => JSON.stringify(now) === JSON.stringify(before),
    ),
    program: readFileSync(program, 'utf8'),
  }),
);
