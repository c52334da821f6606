/** Hits of several kinds of files, strong and weak, and the file of one of them. */

import type { DocumentView, FileType, SearchHit, SearchResult } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import type { BridgeScene } from './bridge-core.ts';
import { busy } from './busy-scene.ts';

const hit = (
  path: string,
  type: FileType,
  rank: number,
  own: Partial<SearchHit> & { snippet: string; marked?: string },
): SearchHit => {
  const { marked = 'tide', ...rest } = own;
  const at = own.snippet.indexOf(marked);
  return {
    ...{ sourceId: 'notes', sourceName: 'Notes', path, absolutePath: `/home/me/notes/${path}`, type },
    ...{ heading: '', startByte: rank * 100, endByte: rank * 100 + 60, score: 0.033 - rank / 1000 },
    highlights: at < 0 ? [] : [[at, at + marked.length]],
    words: { rank, score: 3 },
    vectors: { rank: rank + 1, similarity: 0.7 },
    ...rest,
  };
};

const weak = (path: string, rank: number): SearchHit => ({
  ...hit(path, 'text', rank, { snippet: 'A list of what the kitchen needs: flour, salt, two lemons.' }),
  ...{ words: null, vectors: { rank, similarity: 0.08 }, weak: true },
});

const result: SearchResult = {
  query: 'harbour tide',
  tookMs: 12,
  notices: [fact('KEYWORDS_ONLY_NO_NODE', { model: 'mxbai-embed-large' })],
  hits: [
    hit('letters/2024/the-harbour-at-dusk.md', 'markdown', 1, {
      heading: 'Letters › The harbour › Cargo',
      snippet: 'The ship waits for the tide, and the tide waits for nobody. Crates of tea stand on the quay.',
    }),
    hit('letters/2024/the-harbour-at-dusk.md', 'markdown', 4, {
      heading: 'Letters › The harbour › The pilot',
      snippet: 'At low tide the pilot comes on board and counts the lamps.',
      vectors: null,
    }),
    hit('tools/tide_table.py', 'code', 2, {
      heading: 'high_water',
      snippet: 'def high_water(day):\n    """When the tide is highest, in minutes after midnight."""',
    }),
    hit('web/almanac.html', 'page', 3, { snippet: 'The tide of the outer harbour is 40 minutes late.' }),
    weak('shopping.txt', 7),
    weak('a/name/that/goes/on/and/on/because/somebody/liked/folders/inside/folders/recipes-of-2019.txt', 8),
  ],
};

const text = `# The harbour at dusk

A letter, written on the quay. It has **strong** words, *soft* ones and \`code\`.

## Cargo

The ship waits for the tide, and the tide waits for nobody.
Crates of tea stand on the quay.

| what | crates |
|---|---|
| tea | 12 |
| paper | 3 |

- [x] count the lamps
- [ ] call the pilot
  - at low tide, see [the table](https://tides.example/table)

> Nobody waits for the tide.

\`\`\`python
from tide_table import high_water
\`\`\`
`;

const document: DocumentView = {
  ...{ sourceId: 'notes', sourceName: 'Notes', path: 'letters/2024/the-harbour-at-dusk.md' },
  absolutePath: '/home/me/notes/letters/2024/the-harbour-at-dusk.md',
  ...{ format: 'markdown', language: 'markdown', text, firstLine: 1, startByte: 0 },
  ...{ passage: { firstLine: 7, lastLine: 8 }, more: { before: false, after: true }, changed: true },
};

export const searchScene: BridgeScene = {
  ...busy,
  results: { ...busy.results, 'index.search': result, 'index.document': document },
};
