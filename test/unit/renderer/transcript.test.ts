import { expect, it } from 'vitest';
import { lineAt, transcriptOf } from '../../../renderer/features/search/transcript.ts';

it('is the lines of a recording, with what comes before them', () => {
  const text = '# talk.wav\n\nGood evening. The kettle sings.\n\nGood night.';
  const times = ['Good evening', 'The kettle', 'Good night'].map((part, index) => ({
    ...{ at: text.indexOf(part), seconds: index * 10 },
  }));
  expect(transcriptOf({ text, times })).toEqual({
    head: '# talk.wav',
    lines: [
      { seconds: 0, text: 'Good evening.', beginsParagraph: true, line: 2 },
      { seconds: 10, text: 'The kettle sings.', beginsParagraph: false, line: 2 },
      { seconds: 20, text: 'Good night.', beginsParagraph: true, line: 4 },
    ],
  });
  expect(transcriptOf({ text: 'Nothing is said.' })).toEqual({ head: 'Nothing is said.', lines: [] });
});

it('knows the line of each second', () => {
  const lines = [{ seconds: 1 }, { seconds: 4.5 }, { seconds: 4.5 }, { seconds: 60 }];
  expect([0, 1, 4.4, 4.5, 59, 60, 9999].map((second) => lineAt(lines, second))).toEqual([
    -1, 0, 0, 2, 2, 3, 3,
  ]);
  expect(lineAt([], 5)).toBe(-1);
});
