/** What a voice says to models of speech, and how its words are compared with what they hear. */

export const sentences = [
  'The pilot light is a small flame that never goes out.',
  'She parked the car behind the library.',
  'Please send the report before Friday morning.',
  'The river was frozen from bank to bank.',
  'Our train leaves from platform seven.',
  'He bought bread, butter and three red apples.',
  'The meeting begins at half past nine.',
  'A strong wind blew the leaves across the garden.',
  'They built a bridge over the old canal.',
  'My brother plays the piano every evening.',
  'The computer in the office was asleep all night.',
  'We need a new battery for the camera.',
  'The doctor looked at the picture for a long time.',
  'Children were laughing in the school yard.',
  'There is a letter for you on the kitchen table.',
  'The museum is closed on Mondays.',
  'It was raining when we came home.',
  'The teacher wrote the answer on the blackboard.',
  'Nobody knew where the key was hidden.',
  'Good night, and thank you for listening.',
];
/** Between two of them, in a recording of all. */
export const PAUSE_SECONDS = 0.7;

const numbers: Readonly<Record<string, string>> = { '7': 'seven', '3': 'three', '930': 'half past nine' };
export const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9 ]+/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
    .flatMap((word) => (numbers[word] ?? word).split(' '));

/** Words that have to be changed, left out or added, by the fewest steps. */
export function wordErrors(wanted: readonly string[], heard: readonly string[]): number {
  let row = heard.map((_, index) => index + 1);
  row.unshift(0);
  for (const [at, word] of wanted.entries()) {
    const next = [at + 1];
    for (const [index, other] of heard.entries()) {
      const same = (row[index] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(same, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
