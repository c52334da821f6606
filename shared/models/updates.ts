/** Updates of Pilotlight itself, as the panel shows them. */
import * as z from 'zod';
import { messageSchema } from './message.ts';

/**
 * How this program was installed. `appimage`, `nsis` and `mac` replace themselves from the panel, `file` by
 * `pilotlight update`. The others don't: `package` (deb, rpm), `container` and `source` have their own way, and of
 * `portable` and `folder` a person downloads a newer one.
 */
export const installationForms = [
  'appimage',
  'nsis',
  'mac',
  'file',
  'portable',
  'folder',
  'package',
  'container',
  'source',
] as const;
export const installationFormSchema = z.enum(installationForms);
export type InstallationForm = z.infer<typeof installationFormSchema>;

const problemSchema = z.object({ code: z.string(), message: messageSchema, next: messageSchema });

export const updateViewSchema = z.object({
  /** The version that runs. */
  version: z.string(),
  form: installationFormSchema,
  /** Whether this program may ask for updates at all. */
  checks: z.boolean(),
  /** Whether it can install what it downloads. */
  installs: z.boolean(),
  /** What a person does instead; null if the panel can do it. */
  instead: messageSchema.nullable(),
  /** The folder with releases; null for none. */
  address: z.string().nullable(),
  /** `staged`: installed when Pilotlight quits. */
  state: z.enum(['idle', 'checking', 'available', 'downloading', 'ready', 'staged']),
  /** When the last check succeeded; null for never since the start. */
  checkedAt: z.number().nullable(),
  /** What the last check found; null before the first. */
  found: messageSchema.nullable(),
  /** The update, if there is one. */
  offer: z
    .object({
      version: z.string(),
      date: z.string(),
      /** Markdown. */
      notes: z.string(),
      sizeBytes: z.number(),
    })
    .nullable(),
  progress: z
    .object({ doneBytes: z.number(), totalBytes: z.number(), bytesPerSecond: z.number().nullable() })
    .nullable(),
  /** Why the last step failed. */
  problem: problemSchema.nullable(),
  /** The version that is kept to go back to; null for none. */
  previous: z.string().nullable(),
  /** What is new in the version that runs, until it was dismissed; null on a first start. */
  news: z.object({ version: z.string(), notes: z.string() }).nullable(),
});
export type UpdateView = z.infer<typeof updateViewSchema>;
