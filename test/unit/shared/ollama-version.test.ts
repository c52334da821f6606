import { expect, it } from 'vitest';
import { isOlderVersion } from '../../../shared/ollama-version.ts';

it.each([
  ['0.1.36', '0.1.38', true],
  ['0.1.38', '0.1.38', false],
  ['0.1.38-rc1', '0.1.38', false],
  ['v0.1.9', '0.1.38', true],
  ['0.33.0-rc2', '0.1.38', false],
  ['0.2', '0.1.38', false],
  ['1', '0.1.38', false],
  ['0', '0.1.38', true],
  ['unknown', '0.1.38', false],
  ['', '0.1.38', false],
])('%s is older than %s: %s', (version, than, older) => {
  expect(isOlderVersion(version, than)).toBe(older);
});
