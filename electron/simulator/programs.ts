/** Programs that send requests through the gateway, so that there is something to see there. */
import type { SimulatorClock } from './clock.ts';

/** The models of a machine that programs ask for, by name. */
export interface ProgramModels {
  chat: readonly string[];
  embed: readonly string[];
}

export interface ProgramsSetup {
  clock: SimulatorClock;
  /** Where the gateway listens; null while it does not. */
  gatewayUrl(): string | null;
  /** From 0 to below 1. */
  random?: () => number;
  /** Default: the one of Node. */
  fetch?: typeof globalThis.fetch;
}

export interface Programs {
  /** Starts them for one machine, or ends them with all that they ask for. */
  set(machineId: string, models: ProgramModels, on: boolean): void;
  /** Ends all, and waits for them. */
  stop(): Promise<void>;
}

interface Program {
  userAgent: string;
  path: string;
  /** Mean time from an answer to the next request, milliseconds. */
  pauseMs: number;
  asks: keyof ProgramModels;
}

const PROGRAMS: readonly Program[] = [
  { userAgent: 'Open WebUI/0.6.30', path: '/api/chat', pauseMs: 6000, asks: 'chat' },
  { userAgent: 'Continue/1.2.4', path: '/v1/chat/completions', pauseMs: 4000, asks: 'chat' },
  { userAgent: 'HomeAssistant/2026.11', path: '/api/chat', pauseMs: 15_000, asks: 'chat' },
  { userAgent: 'n8n/1.110', path: '/api/embed', pauseMs: 3000, asks: 'embed' },
];

const QUESTION = 'Which of the machines in this house are awake, and what are they doing at the moment?';

export function createPrograms({
  clock,
  gatewayUrl,
  random = Math.random,
  fetch = globalThis.fetch,
}: ProgramsSetup): Programs {
  const running = new Map<string, { abort: AbortController; ended: Promise<unknown> }>();

  async function run(program: Program, models: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await clock.sleep(program.pauseMs * (0.3 + 1.4 * random()), signal);
        const url = gatewayUrl();
        const model = models[Math.floor(random() * models.length)];
        if (url === null || model === undefined) continue;
        const response = await fetch(`${url}${program.path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': program.userAgent },
          body: JSON.stringify(bodyOf(program, model, random)),
          signal,
        });
        // Only a program that reads to the end lets the answer complete.
        await response.text();
      } catch {
        // A gateway that is away, or the end: the loop knows which.
      }
    }
  }

  function end(machineId: string): Promise<unknown> {
    const one = running.get(machineId);
    running.delete(machineId);
    one?.abort.abort();
    return one?.ended ?? Promise.resolve();
  }

  return {
    set(machineId, models, on) {
      if (!on) {
        void end(machineId);
        return;
      }
      if (running.has(machineId)) return;
      const abort = new AbortController();
      const programs = PROGRAMS.filter(({ asks }) => models[asks].length > 0);
      const ended = Promise.all(programs.map((program) => run(program, models[program.asks], abort.signal)));
      running.set(machineId, { abort, ended });
    },
    async stop() {
      await Promise.all([...running.keys()].map(end));
    },
  };
}

function bodyOf({ asks, path }: Program, model: string, random: () => number): object {
  if (asks === 'embed')
    return {
      model,
      input: Array.from({ length: 1 + Math.floor(random() * 24) }, (_, at) => `${QUESTION} ${at}`),
    };
  const content = QUESTION.repeat(1 + Math.floor(random() * 8));
  return {
    model,
    messages: [{ role: 'user', content }],
    stream: path.startsWith('/api/') || random() < 0.5,
  };
}
