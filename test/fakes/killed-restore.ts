/** `killed-restore FOLDER BACKUP STEP`: restores, and kills itself in the place of a rename; 0 is before all of them. */
import { renameSync } from 'node:fs';
import { restoreBackup } from '../../electron/host/backup/read.ts';

const [folder = '', file = '', step = '1'] = process.argv.slice(2);
const die = () => process.kill(process.pid, 'SIGKILL');
let count = 0;

await restoreBackup({
  ...{ dataFolder: folder, file, passphrase: undefined, withoutSecrets: false, now: 0 },
  signal: {
    // Asked for the last time right before the renames.
    throwIfAborted: () => step === '0' && die(),
    aborted: false,
    addEventListener() {},
    removeEventListener() {},
  } as never,
  rename(from, to) {
    count += 1;
    if (count === Number(step)) die();
    renameSync(from, to);
  },
});
