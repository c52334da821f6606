import { statSync } from 'node:fs';
import { formatBytes } from '../../../shared/units.ts';
import { restoreBackup } from '../../host/backup/read.ts';
import { writeBackup } from '../../host/backup/write.ts';
import { openDataFolder } from '../../host/data-folder.ts';
import { type Command, type CommandContext, onlyPositional, optionText } from '../command.ts';
import { readSecretOption, secretVariables } from '../secret-input.ts';

const passphraseOptions = {
  passphrase: { type: 'string' },
  'passphrase-file': { type: 'string' },
} as const;

const passphraseOf = (context: CommandContext, prompt: string) =>
  readSecretOption(context, {
    option: 'passphrase',
    variable: secretVariables.backupPassphrase,
    prompt,
    asArgument: false,
  });

const dataFolderOf = (context: CommandContext) => {
  const named = optionText(context, 'data');
  return openDataFolder(named === undefined ? undefined : context.resolve(named));
};

export const backup: Command = {
  name: 'backup',
  summary: 'save settings, history and indexes to one file; secrets only with a passphrase',
  usage: ['backup FILE [--passphrase - | --passphrase-file PATH]'],
  options: passphraseOptions,
  async run(context) {
    const file = context.resolve(onlyPositional(context, 'the file to write'));
    const passphrase = await passphraseOf(context, 'Passphrase for the secrets in the backup: ');
    const { signal } = context;
    const dataFolder = await dataFolderOf(context);
    const written = await writeBackup({ dataFolder, file, passphrase, now: context.now(), signal });
    const { terminal, json } = context;
    if (!json) {
      terminal.line(`Saved to ${written.file} (${formatBytes(statSync(file).size)}).`);
      if (!written.withSecrets)
        terminal.line(
          terminal.style.quiet('Without secrets: they need --passphrase - or --passphrase-file PATH.'),
        );
    }
    return written;
  },
};

export const restore: Command = {
  name: 'restore',
  summary: 'replace settings, history and indexes by those of a backup; the former ones are kept',
  usage: ['restore FILE [--passphrase - | --passphrase-file PATH | --without-secrets]'],
  options: { ...passphraseOptions, 'without-secrets': { type: 'boolean' } },
  async run(context) {
    const file = context.resolve(onlyPositional(context, 'the file to restore'));
    const withoutSecrets = context.values['without-secrets'] === true;
    const passphrase = withoutSecrets ? undefined : await passphraseOf(context, 'Passphrase of the backup: ');
    const dataFolder = await dataFolderOf(context);
    const { signal } = context;
    const now = context.now();
    const restored = await restoreBackup({ dataFolder, file, passphrase, withoutSecrets, now, signal });
    const { terminal, json } = context;
    if (!json) {
      terminal.line(`Restored the backup of ${new Date(restored.createdAt).toLocaleString('en')}.`);
      if (restored.before !== null) terminal.line(`The former content is in ${restored.before}.`);
      if (!restored.withSecrets) terminal.line('Secrets were not restored.');
    }
    return restored;
  },
};
