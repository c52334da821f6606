import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeFiles } from '../../../build/lib/layers.mjs';
import { checkProse, plantedProse, sentencesIn } from '../../../build/lib/prose.mjs';

const found = (source: string) => sentencesIn('a.ts', source).map(({ text }) => text);

it.each([
  ["say('The machine does not answer.')", 'The machine does not answer.'],
  ['say(`The machine does not answer.`)', 'The machine does not answer.'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source code
  ['say(`${node} does not answer.`)', 'X does not answer.'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source code
  ['say(`Port ${port} of ${node} is closed!`)', 'Port X of X is closed!'],
  ['say(\'"tower" was not found.\')', null],
  ['say(\'"Tower" was not found.\')', '"Tower" was not found.'],
  ["say('What should it do?')", 'What should it do?'],
  ["throw new PilotlightError('BAD_URL', { message: 'This is no address.' })", 'This is no address.'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source code
  ["say(`It failed: ${fails ? 'The tool does not answer.' : ''}`)", 'The tool does not answer.'],
  ["const table = { a: 'First of all.' }", 'First of all.'],
  ["say('a phrase without a capital letter.')", null],
  ["say('No end of a sentence')", null],
  ["say('Too short.')", null],
  ["say(fact('NODE_WOKE', { node: 'gpu tower of lab.' }))", null],
  ["throw new Error('The line has no end.')", null],
  ["signal.abort(new DOMException('The scope was disposed.', 'AbortError'))", null],
  ["log.error('A probe failed unexpectedly.', { error })", null],
  ["dependencies.log.warn('A lease could not be saved.')", null],
  ["dialog.error('A lease could not be saved.')", 'A lease could not be saved.'],
  ['// A comment is not checked at all.', null],
])('%s', (source, text) => {
  expect(found(source)).toEqual(text === null ? [] : [text]);
});

it('names the file and line', () => {
  const root = mkdtempSync(join(tmpdir(), 'pilotlight-prose-'));
  try {
    writeFiles(root, plantedProse);
    expect(checkProse(root)).toEqual([
      'core-writes-no-prose: electron/core/fleet/a.ts:6: X does not answer.',
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
