/** Errors of `pilotlight backup` and `pilotlight restore`. Nothing was changed after any of them. */
import type { Catalogue } from './entry.ts';

export const backupErrors = {
  BACKUP_EXISTS: {
    message: 'There is already a file with this name.',
    next: 'Choose another name, or delete that file first.',
    status: 409,
  },
  BACKUP_UNREADABLE: {
    message: 'This file is not a backup of Pilotlight, or it is damaged.',
    next: 'Use another backup. Nothing was changed.',
    status: 400,
  },
  BACKUP_CUT: {
    message: 'The backup ends too early: a part of it is missing.',
    next: 'Copy it again from where it was made, or use another backup. Nothing was changed.',
    status: 400,
  },
  BACKUP_NEWER: {
    message: 'The backup was made by a newer Pilotlight.',
    next: 'Update Pilotlight, then restore it. Nothing was changed.',
    status: 409,
  },
  BACKUP_PASSPHRASE: {
    message: 'The passphrase of this backup is wrong.',
    next: 'Try again, or restore everything but the secrets with --without-secrets.',
    status: 403,
  },
  BACKUP_PASSPHRASE_NEEDED: {
    message: 'The backup contains secrets, which need its passphrase.',
    next: 'Give it with --passphrase-file PATH, or restore everything else with --without-secrets.',
    status: 403,
  },
  BACKUP_OTHER_MACHINE: {
    message: "The secrets in this backup are sealed by another computer's key store.",
    next: 'Restore everything else with --without-secrets, then enter the secrets again.',
    status: 409,
  },
} as const satisfies Catalogue;
