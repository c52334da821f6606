/** Methods of settings, and of moving them to another computer. */
import * as z from 'zod';
import { settingsSchema } from '../models/settings.ts';
import { exportSchema, importPlanSchema } from '../models/transfer.ts';
import { type MethodDefinition, nothing } from './definition.ts';

/** The content of a file that a person chose. */
const importInput = z.strictObject({
  text: z.string().min(1).max(500_000),
  apply: z.boolean().default(false),
});

export const settingsMethods = {
  'settings.get': {
    summary: 'Get all settings. For a secret, only whether it is set.',
    scope: 'view',
    params: nothing,
    result: settingsSchema,
    errors: [],
  },
  'settings.update': {
    summary:
      'Change settings: a nested object with only the changes. A secret takes its text, or null to remove it. All changes apply, or none.',
    scope: 'manage',
    params: z.record(z.string(), z.unknown()),
    result: settingsSchema,
    errors: ['BAD_SETTING', 'GATEWAY_NEEDS_KEY', 'DISK_FULL'],
  },
  'settings.export': {
    summary: 'Export settings, nodes and folders as one document, without secrets and simulated machines.',
    scope: 'view',
    params: nothing,
    result: exportSchema,
    errors: [],
  },
  'settings.import': {
    summary:
      'Preview the import of an export. With `apply`, import it: all of it, or nothing if an entry is refused.',
    scope: 'manage',
    params: importInput,
    result: importPlanSchema,
    errors: ['BAD_IMPORT', 'DISK_FULL'],
  },
  'settings.importEnvironment': {
    summary:
      'Preview or import the environment file of an existing server (GPU_OLLAMA_URL, GPU_WOL_MAC, GPU_PRIORITY_MODELS …) in the same way.',
    scope: 'manage',
    params: importInput,
    result: importPlanSchema,
    errors: ['BAD_IMPORT', 'DISK_FULL'],
  },
} as const satisfies Record<string, MethodDefinition>;
