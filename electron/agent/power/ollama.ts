/** Restarts Ollama, which then finds a GPU that was lost in a sleep; only if the configuration allows it. */
import type { AgentHost } from '../../adapters/agent-host/types.ts';
import { AgentError, errorText } from '../errors.ts';
import { restartOllamaCommand } from './commands.ts';

export interface OllamaControl {
  /** Whether it is allowed and possible. */
  may: boolean;
  /** One restart at a time; concurrent callers share it. Throws NOT_ALLOWED, NOT_SUPPORTED, OLLAMA_NOT_RESTARTED. */
  restart(by: string): Promise<{ restarted: boolean; dryRun: boolean }>;
}

export interface OllamaControlOptions {
  host: Pick<AgentHost, 'platform' | 'run'>;
  allowed: boolean;
  /** Replaces the system's default command. */
  command: readonly string[] | undefined;
  dryRun: boolean;
  log(message: string): void;
}

/** Ollama unloads its models first, which can be slow. */
const DEADLINE_MS = 100_000;

export function createOllamaControl(options: OllamaControlOptions): OllamaControl {
  const { host, allowed, dryRun, log } = options;
  const command = options.command ?? restartOllamaCommand(host.platform);
  let running: Promise<{ restarted: boolean; dryRun: boolean }> | null = null;

  async function run(by: string, command: readonly string[]) {
    if (dryRun) {
      log(`ollama: restart requested by ${by}: dry run, not run: ${JSON.stringify(command)}`);
      return { restarted: false, dryRun: true };
    }
    try {
      await host.run(command, { deadlineMs: DEADLINE_MS });
    } catch (error) {
      log(`ollama: restart requested by ${by}: failed (${errorText(error)})`);
      throw new AgentError('OLLAMA_NOT_RESTARTED', { details: { reason: errorText(error) }, cause: error });
    }
    log(`ollama: restart requested by ${by}: done`);
    return { restarted: true, dryRun: false };
  }

  return {
    may: allowed && command !== null,
    async restart(by) {
      if (!allowed) throw new AgentError('NOT_ALLOWED');
      if (command === null) {
        throw new AgentError('NOT_SUPPORTED', {
          next: 'Name the program in the config file, as commands.restartOllama.',
          details: { platform: host.platform },
        });
      }
      running ??= run(by, command).finally(() => {
        running = null;
      });
      return await running;
    },
  };
}
