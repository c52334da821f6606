import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderApiReference } from '../../../build/lib/api-reference.ts';
import { errorCodes } from '../../../shared/contract/errors.ts';
import { methodNames } from '../../../shared/contract/methods.ts';
import { streamNames } from '../../../shared/contract/streams.ts';

const text = renderApiReference();

describe('docs/api.md', () => {
  it('is what the contract says now (node build/api-reference.mjs writes it)', () => {
    const file = fileURLToPath(new URL('../../../docs/api.md', import.meta.url));
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('names every method, stream and error, and links to what is there', () => {
    for (const name of methodNames) expect(text).toContain(`### ${name}\n`);
    for (const name of streamNames) expect(text).toContain(`| \`${name}\` |`);
    for (const code of errorCodes) expect(text).toContain(`| \`${code}\` |`);
    const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map((match) => (match[1] ?? '').toLowerCase()));
    for (const [, anchor] of text.matchAll(/\]\(#([\w.]+)\)/g)) expect(anchors).toContain(anchor);
  });
});
