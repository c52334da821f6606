/** A helper process that answers one question at a time, and is replaced when it dies or hangs. */
import { type ChildProcess, fork } from '../fakes/children.ts';

export type ChildAnswer<Answer> = { answer: Answer } | { failed: 'crash' | 'hang'; complaints: string };

export function createChild<Question, Answer>(program: string, limitMs: number) {
  let child: ChildProcess | null = null;
  let complaints = '';

  function start(): ChildProcess {
    complaints = '';
    const started = fork(program, [], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    started.stderr?.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-4000);
    });
    return started;
  }

  return {
    ask(question: Question): Promise<ChildAnswer<Answer>> {
      child ??= start();
      const asked = child;
      return new Promise((resolve) => {
        const settle = (value: ChildAnswer<Answer>) => {
          clearTimeout(timer);
          asked.off('message', onMessage);
          asked.off('exit', onExit);
          if ('failed' in value) {
            asked.kill('SIGKILL');
            child = null;
          }
          resolve(value);
        };
        const onMessage = (answer: unknown) => settle({ answer: answer as Answer });
        const onExit = () => settle({ failed: 'crash', complaints });
        const timer = setTimeout(() => settle({ failed: 'hang', complaints }), limitMs);
        asked.on('message', onMessage);
        asked.once('exit', onExit);
        asked.send(question as object);
      });
    },
    close() {
      child?.kill('SIGKILL');
      child = null;
    },
  };
}
