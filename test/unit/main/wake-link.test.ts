import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { externalTarget } from '../../../electron/main/external.ts';
import { findNode, findWakeLink, parseWakeLink } from '../../../electron/main/wake-link.ts';

describe('parseWakeLink', () => {
  it.each([
    ['pilotlight://wake/gpu-tower', 'gpu-tower'],
    ['pilotlight://wake/gpu-tower/', 'gpu-tower'],
    ['pilotlight://wake/my%20tower', 'my tower'],
    ['pilotlight://wake/T%C3%BCrme', 'Türme'],
    ['PILOTLIGHT://wake/x', 'x'],
  ])('%s', (link, node) => {
    expect(parseWakeLink(link)).toBe(node);
  });

  it.each([
    'pilotlight://wake',
    'pilotlight://wake/',
    'pilotlight://wake/%20',
    'pilotlight://wake/a/b',
    'pilotlight://wake/a%2Fb',
    'pilotlight://wake/a%5Cb',
    'pilotlight://wake/a?and=more',
    'pilotlight://wake/a#more',
    'pilotlight://user@wake/a',
    'pilotlight://user:word@wake/a',
    'pilotlight://wake:80/a',
    'pilotlight://wake.example.org/a',
    'pilotlight://panel/a',
    'pilotlight://sleep/a',
    'pilotlight:wake/a',
    'https://wake/a',
    'javascript:alert(1)',
    'file:///wake/a',
    'pilotlight://wake/%00',
    'pilotlight://wake/a%0Ab',
    'pilotlight://wake/a%E2%80%AEb',
    'pilotlight://wake/%E2%80%8Ba',
    'pilotlight://wake/%',
    'pilotlight://wake/%ff',
    `pilotlight://wake/${'a'.repeat(201)}`,
    `pilotlight://wake/${'a'.repeat(5000)}`,
    '',
    '--wake=a',
  ])('refuses %j', (link) => {
    expect(parseWakeLink(link)).toBeNull();
  });

  it('gives back any plain name, and nothing but a plain name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (text) => {
        const node = parseWakeLink(`pilotlight://wake/${encodeURIComponent(text)}`);
        if (node !== null) {
          expect(node).toBe(text.trim());
          expect(node).not.toMatch(/[/\\\p{Cc}\p{Cf}]/u);
        }
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseWakeLink(text)).toBeNull();
      }),
    );
  });

  it('is found among the arguments of a start', () => {
    expect(findWakeLink(['pilotlight', '--data', 'x', 'pilotlight://wake/a'])).toBe('pilotlight://wake/a');
    expect(findWakeLink(['pilotlight', 'pilotlight://panel/'])).toBeNull();
  });
});

describe('findNode', () => {
  const nodes = [
    { id: 'node_1', name: 'Tower' },
    { id: 'node_2', name: 'nas' },
    { id: 'node_3', name: 'NAS' },
    { id: 'tower', name: 'other' },
  ];

  it('takes the id before the name, and no name that two have', () => {
    expect(findNode(nodes, 'node_1')?.id).toBe('node_1');
    expect(findNode(nodes, 'tower')?.id).toBe('tower');
    expect(findNode(nodes, 'TOWER')?.id).toBe('node_1');
    expect(findNode(nodes, 'Nas')).toBeNull();
    expect(findNode(nodes, 'nobody')).toBeNull();
  });
});

describe('externalTarget', () => {
  it.each([
    ['https://ollama.com/library', 'https://ollama.com/library'],
    ['https://docs.ollama.com/', 'https://docs.ollama.com/'],
    ['https://www.youtube.com/watch?v=abc&t=3s', 'https://www.youtube.com/watch?v=abc&t=3s'],
    ['https://www.youtube.com.example.org/', null],
    ['http://ollama.com/', null],
    ['https://ollama.com.example.org/', null],
    ['https://ollama.com@example.org/', null],
    ['https://user@ollama.com/', null],
    ['https://ollama.com:444/', null],
    ['vscode://file/home/me/a%20b.md:12', 'vscode://file/home/me/a%20b.md:12'],
    ['zed://file/C:/a.md:1', 'zed://file/C:/a.md:1'],
    ['vscode://some.extension/run', null],
    ['vscode://file/a.md?windowId=_blank', null],
    ['vscode:extension/x', null],
    ['file:///etc/passwd', null],
    ['javascript:alert(1)', null],
    ['ms-settings:', null],
    ['smb://host/share', null],
    ['nonsense', null],
  ])('%s → %s', (url, target) => {
    expect(externalTarget(url)).toBe(target);
  });
});
