import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../../electron/core/transfer/environment.ts';

const valuesOf = (text: string) =>
  Object.fromEntries(readEnvironment(text).variables.map(({ name, value }) => [name, value]));

describe('an environment file', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['  export A = 1  ', { A: '1' }],
    ['A=1 # a remark', { A: '1' }],
    ['A=http://host/#part', { A: 'http://host/#part' }],
    ['A=# nothing', { A: '' }],
    ['A=', { A: '' }],
    ['# A=1\n\n   # B=2\nC=3', { C: '3' }],
    ["A='as it \\n stands # here'", { A: 'as it \\n stands # here' }],
    ['A="two\\nlines \\"quoted\\" \\$x \\\\ \\q" # remark', { A: 'two\nlines "quoted" $x \\ \\q' }],
    ['A="over\nlines"\r\nB=2', { A: 'over\nlines', B: '2' }],
    ['\uFEFFA=1\r\nB=2\rC=3\n', { A: '1', B: '2', C: '3' }],
    ['A=1\nB=2\nA=3', { B: '2', A: '3' }],
    ['A=$HOME', { A: '$HOME' }],
    ['__proto__=1', JSON.parse('{"__proto__":"1"}')],
  ])('reads %j', (text, wanted) => {
    expect(valuesOf(text)).toEqual(wanted);
    expect(readEnvironment(text).problems).toEqual([]);
  });

  it.each([
    ['A=1\nset -a\nB=2', { A: '1', B: '2' }, [{ line: 2, kind: 'unclear' }]],
    ['A="never closed\nB=2', { B: '2' }, [{ line: 1, kind: 'broken' }]],
    ["A='x' y\nB=2", { B: '2' }, [{ line: 1, kind: 'broken' }]],
    ['1A=2', {}, [{ line: 1, kind: 'unclear' }]],
  ])('says what it cannot read in %j, and reads the rest', (text, wanted, problems) => {
    expect(valuesOf(text)).toEqual(wanted);
    expect(readEnvironment(text).problems).toMatchObject(problems);
  });

  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/);
  const value = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.replaceAll(/\r\n?/g, '\n'));
  const quote = (text: string) => `"${text.replaceAll(/[\\"$]/g, '\\$&').replaceAll('\n', '\\n')}"`;

  it('gives back every value that was quoted, whatever it holds and whatever the line ends', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 10 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (pairs, lineEnd, exported) => {
          const text = pairs
            .map(([key, content]) => `${exported ? 'export ' : ''}${key}=${quote(content)} # remark`)
            .join(lineEnd);
          expect(readEnvironment(text)).toEqual({
            problems: [],
            variables: pairs.map(([key, content], index) => ({ name: key, value: content, line: index + 1 })),
          });
        },
      ),
    );
  });

  it('never throws, names each variable once, and repeats no value in a problem', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.uuid(), (text, secret) => {
        const { variables, problems } = readEnvironment(`${text}\nKEY="${secret}\n${text}\n${secret}`);
        expect(new Set(variables.map((one) => one.name)).size).toBe(variables.length);
        expect(JSON.stringify(problems)).not.toContain(secret);
      }),
    );
  });
});
