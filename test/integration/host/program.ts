/** The headless program as a process of its own, on loopback, with nothing of this computer in it. */

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, spawn } from '../../fakes/children.ts';

const program = fileURLToPath(new URL('../../../electron/headless/headless.ts', import.meta.url));
const readyPattern = /^Pilotlight is ready at (http:\/\/127\.0\.0\.1:(\d+))\/#token=([\w-]+)$/;

/** Programs of one test; `stop` ends those that still run. `ollamaHost`: where this computer's Ollama is. */
export function createPrograms(dataFolder: () => string, ollamaHost = () => '127.0.0.1:1') {
  const children: ChildProcess[] = [];

  function launch(...args: string[]) {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        program,
        '--no-open',
        '--gateway-port',
        'off',
        '--data',
        dataFolder(),
        ...args,
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, OLLAMA_HOST: ollamaHost(), PILOTLIGHT_LOG: '' },
      },
    );
    children.push(child);
    const output = { out: '', err: '' };
    const changed = new Set<() => void>();
    const note = (stream: 'out' | 'err') => (chunk: Buffer) => {
      output[stream] += chunk.toString();
      for (const wake of changed) wake();
      changed.clear();
    };
    child.stdout?.on('data', note('out'));
    child.stderr?.on('data', note('err'));
    const exit = once(child, 'close').then(([code]) => code as number | null);

    /** Resolves when `found` gives something; rejects when the program ends before. */
    async function until<Found>(found: () => Found | null): Promise<Found> {
      for (;;) {
        const something = found();
        if (something !== null) return something;
        const more = new Promise<'more'>((resolve) => changed.add(() => resolve('more')));
        if ((await Promise.race([more, exit])) === 'more') continue;
        const last = found();
        if (last !== null) return last;
        throw new Error(`It ended with ${child.exitCode ?? child.signalCode}: ${output.err}`);
      }
    }

    const ready = () =>
      until(() => {
        const lines = output.out.split('\n').slice(0, -1);
        const match = lines.map((line) => readyPattern.exec(line)).find((found) => found !== null);
        return match ? { url: match[1] ?? '', port: Number(match[2]), token: match[3] ?? '' } : null;
      });
    return { child, output, exit, ready, until };
  }

  async function stop(): Promise<void> {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }

  return { launch, stop };
}

export type Program = ReturnType<ReturnType<typeof createPrograms>['launch']>;
