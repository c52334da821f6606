/** Files whose structure is odd, as people and programs write them. */
import { describe, expect, it } from 'vitest';
import { cutFile } from '../../../../electron/core/indexing/cut.ts';

function chunks(name: string, content: string) {
  const cut = cutFile(Buffer.from(content), name, 256);
  return cut.ok ? cut.chunks : [];
}
const textOf = (name: string, content: string) =>
  chunks(name, content)
    .map(({ text }) => text)
    .join('\n');
const headings = (content: string) => chunks('note.md', content).map(({ heading }) => heading);

describe('Markdown', () => {
  it.each([
    ['tildes around backticks', '# A\n~~~\n# no\n```\n# no\n~~~\n# B\nb'],
    ['a fence that a shorter one does not close', '# A\n````\n```\n# no\n````\n# B\nb'],
    ['a fence that an indented one does not close', '# A\n```\n    ```\n# no\n```\n# B\nb'],
    ['a fence after the mark of an item', '# A\n- ```\n  # no\n  ```\n# B\nb'],
    ['a fence in an item that ends without it', '# A\n- ```\n  # no\n# B\nb'],
    ['a fence on a line of its own in an item that ends', '# A\n1. item\n\n   ```sh\n   # no\n\n# B\nb'],
    ['a fence in an item of an item', '# A\n- one\n  - two\n    ```\n    # no\n# B\nb'],
    ['a fence in a quote that ends', '# A\n> ~~~\n> # no\n\n# B\nb'],
    ['a fence in a quote that is closed', '# A\n> ```\n> # no\n> ```\n\n# B\nb'],
    ['a quote in an item', '# A\n- > ```\n  > # no\n# B\nb'],
    ['a comment over blank lines', '# A\n<!-- a\n\n# no -->\n# B\nb'],
    ['code that is indented', '# A\n\n    # no\n\n\t# no\n\n# B\nb'],
    ['old line breaks', '# A\r```\r# no\r```\r# B\rb'],
    ['a fence beside a list, and not in it', '# A\n- item\n\n```\n  # no\n# no\n```\n# B\nb'],
  ])('%s', (_what, text) => {
    expect(headings(text)).toEqual(['A', 'B']);
  });

  it('with a fence that is never closed has no heading after it', () => {
    expect(headings('# A\n```js\n# no\n\n# no')).toEqual(['A']);
  });

  it.each([
    ['YAML with a mark and old line breaks', '\ufeff---\r\ntitle: x\r\n# remark\r\n---\r\n# A\r\nb'],
    ['YAML over several lines', '---\ntitle: >\n  long\ntags: [a,\n  b]\n...\n# A\nb'],
    ['TOML with a text of several lines', '+++\ntitle = """\n# remark\n"""\n+++\n# A\nb'],
    ['JSON', '{\n  "title": "x"\n}\n\n# A\nb'],
  ])('front matter in %s', (_what, text) => {
    expect(headings(text).filter((heading) => heading !== '')).toEqual(['A']);
  });
});

describe('XML', () => {
  it('decodes its own entities, and no entity of entities or files', () => {
    const text = textOf(
      'a.xml',
      '<!DOCTYPE r [<!ENTITY box "Pilot &amp; Light&#33;"><!ENTITY f SYSTEM "file:///etc/passwd">' +
        '<!ENTITY lol "&box;&box;">]>\n<r>a &box; b &lol; c &f; d &unknown;</r>',
    );
    expect(text).toBe('a Pilot & Light! b &lol; c &f; d &unknown;');
  });

  it('does not grow without limit by its entities', () => {
    const references = '&a;'.repeat(50_000);
    const source = `<!DOCTYPE r [<!ENTITY a "${'word '.repeat(30)}">]><r>${references}</r>`;
    expect(textOf('a.xml', source).length).toBeLessThan(source.length * 4);
  });

  it('of a feed without a declaration is no HTML and has no tags', () => {
    const feed = '<rss version="2.0"><channel><item><title>Lamp &amp; oil</title></item></channel></rss>';
    for (const name of ['news.rss', 'news']) expect(textOf(name, feed)).toBe('Lamp & oil');
  });

  it('of a picture is its words, not its styles and scripts', () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg"><title>A lamp</title><style>.a{fill:red}</style>' +
      '<script>var secret</script><style/><text>burns</text></svg>';
    expect(textOf('a.svg', svg).split('\n')).toEqual(['A lamp', 'burns']);
  });
});

describe('a notebook', () => {
  it('of before 2015 has its headings and inputs', () => {
    const cells = [
      { cell_type: 'heading', level: 2, source: ['Old heading'] },
      { cell_type: 'code', input: ['y = 2\n'], outputs: [{ output_type: 'pyout', text: ['result'] }] },
    ];
    const found = chunks('a.ipynb', JSON.stringify({ nbformat: 3, worksheets: [{ cells }] }));
    expect(found).toMatchObject([{ heading: 'Old heading', text: expect.stringContaining('y = 2') }]);
    expect(found[0]?.text).not.toContain('result');
  });

  it('keeps cells apart, whatever they leave open or contain', () => {
    const cells = [
      { cell_type: 'markdown', source: '# A\n```\nopen' },
      { cell_type: 'code', source: `"""\n${'`'.repeat(20)}\n# no\n"""` },
      { cell_type: 'markdown', source: ['# B\n', 'words'] },
    ];
    const found = chunks('a.ipynb', JSON.stringify({ nbformat: 4, cells }));
    expect(found.map(({ heading }) => heading)).toEqual(['A', 'B']);
  });

  it('that was cut off has no picture in its text', () => {
    // Zeros of a picture are many capitals.
    const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB'.repeat(100);
    const text = `{"cells":[{"cell_type":"code","source":["print(1)"],"outputs":[{"data":{"image/png":"${picture}`;
    expect(textOf('a.ipynb', text)).not.toMatch(/[A-Za-z0-9+/]{60}/);
    expect(textOf('a.ipynb', text)).toContain('print(1)');
  });
});

describe('JSON', () => {
  it.each([
    ['halves of characters', String.raw`{"a":"\ud83d\udd25 \ud800 x"}`, '{"a":"🔥 \ufffd x"}'],
    ['keys', String.raw`{"k\u00e9y":1}`, '{"kéy":1}'],
    ['what is no escape', String.raw`{"a":"\uZZZZ \u00e9","b":"x`, String.raw`{"a":"\uZZZZ é","b":"x`],
    ['lines of it', '{"t":"caf\\u00e9"}\n{"t":"na\\u00efve"}', '{"t":"café"}\n{"t":"naïve"}'],
  ])('decodes %s', (_what, text, wanted) => {
    expect(textOf('a.json', text)).toBe(wanted);
  });
});
