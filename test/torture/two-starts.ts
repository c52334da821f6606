/** Two starts at once with one data folder: one serves, the other opens the first one's panel and ends with 0. */
import { join } from 'node:path';
import { launchCore } from './core-process.ts';
import { createTally, type Part, times } from './part.ts';

const ROUNDS = 50;
/** Each fifth round is a crowd. */
const CROWD = 4;

export const twoStarts: Part = {
  name: 'two-starts',
  summary: 'starts at once with one data folder',
  async run(context) {
    const { folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const rounds = times(context, ROUNDS);
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted();
      tried();
      if (round % 10 === 9) note(`${round + 1} rounds`);
      const dataFolder = join(folder, `data-${round % 3}`);
      const programs = Array.from({ length: round % 5 === 4 ? CROWD : 2 }, () => launchCore(dataFolder));
      const urls = await Promise.all(programs.map((one) => one.ready()));
      const serving = programs.filter(({ child }) => child.exitCode === null && child.signalCode === null);
      // Who joins has printed its line and ends; the one that serves stays.
      const [owner] = serving.filter((one) => /^The address signs a browser in once/m.test(one.output()));
      const others = programs.filter((one) => one !== owner);
      if (urls.includes(null)) {
        find(
          'crashes',
          'a start ends without an address',
          programs.map((one) => one.complaints()).join(' | '),
        );
      } else if (new Set(urls).size !== 1) find('lost', 'two cores serve one data folder', urls.join(', '));
      if (owner === undefined)
        find('crashes', 'no start serves', programs.map((one) => one.output()).join(' | '));
      for (const other of others) {
        const timer = setTimeout(() => {
          find('hangs', 'a start that joined does not end', other.output());
          other.child.kill('SIGKILL');
        }, 30_000);
        const { code, signal: by } = await other.exited;
        clearTimeout(timer);
        if (code !== 0 && by === null) find('crashes', `a start ends with ${code}`, other.complaints());
      }
      owner?.child.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      await owner?.exited;
    }
    return tally;
  },
};
