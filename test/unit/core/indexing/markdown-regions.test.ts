import { describe, expect, it } from 'vitest';
import { blocksOf } from '../../../../electron/core/indexing/blocks.ts';

const headings = (text: string) =>
  blocksOf(text, 'markdown').flatMap(({ heading }) => (heading === null ? [] : [heading.title]));

describe('headings of Markdown', () => {
  it.each([
    ['after code in backticks on one line', '# A\n\n```code``` here\n\n# B', ['A', 'B']],
    ['not in a fence', '# A\n```js\n# no\n```\n# B', ['A', 'B']],
    ['not in a fence of tildes with backticks in its info', '~~~ a`b`\n# no\n~~~\n# B', ['B']],
    ['not after a shorter or other end of a fence', '````\n# no\n```\n~~~~\n# no\n````\n# B', ['B']],
    ['not after an end with more on its line', '```\n# no\n``` x\n# no\n```\n# B', ['B']],
    ['after an end that is longer or indented', '```\n# no\n   `````  \n# B', ['B']],
    ['not in a comment', '<!--\n# no\n\nx\n---\n-->\n# B', ['B']],
    ['after a comment on one line', '<!-- # no -->\n# B', ['B']],
    ['not in HTML, until a blank line', '<div>\n# no\n\n# B\n</div>', ['B']],
    ['not in a script, across blank lines', '<script>\n\n# no\n</script>\n# B', ['B']],
    ['not after a tag alone on its line', '<custom-tag a="b">\n# no\n\n# B', ['B']],
    ['after a tag within a paragraph', 'words\n<custom-tag>\n# B', ['B']],
    ['after an address in angle brackets', '<https://a.test>\n# B', ['B']],
    ['not in front matter', '---\n# no\ntitle: x\nlist:\n- a\n---\n# B', ['B']],
    ['not in front matter that ends with dots', '---\ntitle: x\n...\n# B', ['B']],
    ['not in TOML', '+++\n# no\n[a]\nt = 1\n+++\n# B', ['B']],
    ['not in long front matter', `---\nlist:\n${'  - x\n'.repeat(2000)}last: 1\n---\n# B`, ['B']],
    ['after a rule at the start of the file', '---\n\n# A\n\ntext\n\n---\n\n# B', ['A', 'B']],
    ['after front matter without an end', '---\ntitle: x\n\n# B', ['B']],
    ['not after `+++` without an end', '+++\n# A', ['A']],
  ])('count %s', (_when, text, titles) => {
    expect(headings(text)).toEqual(titles);
  });

  it('lose no text around regions', () => {
    const text = '---\na: 1\n---\n<!-- x\n\ny -->\n```\n\ncode\n```\nend';
    const covered = blocksOf(text, 'markdown')
      .map(({ start, end }) => text.slice(start, end))
      .join('');
    expect(covered.replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
  });
});
