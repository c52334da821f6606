import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { draftDialogs, losesNothing } from '../../e2e/support/draft-dialogs.ts';

const features = resolve(import.meta.dirname, '../../../renderer/features');

/** Parts in which something is entered. */
const field =
  /<(?:TextField|SelectField|FolderField|SecretField|NodeFields|PairForm|Switch|textarea|input|select)\b/;

const withFields = readdirSync(features, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.tsx'))
  .filter((file) => {
    const text = readFileSync(join(features, file), 'utf8');
    return /<Dialog\b/.test(text) && field.test(text);
  })
  .map((file) => relative(features, join(features, file)).replaceAll('\\', '/'));

test('every dialog with a field is either tested to ask before it loses what was entered, or loses nothing', () => {
  const listed = new Set([...draftDialogs.map(({ file }) => file), ...Object.keys(losesNothing)]);
  // The wizard’s fields are in its steps.
  expect(new Set([...withFields, 'wizard/wizard.tsx'])).toEqual(listed);
});
