/** Opens the port for tasks from the network as the settings say, and closes it. */
import { fact } from '../../shared/models/message.ts';
import { isPortTaken } from '../adapters/http/bind.ts';
import { systemCode } from '../adapters/system-code.ts';
import type { Log } from '../core/ports/log.ts';
import type { Clock, Timer } from '../core/ports/time.ts';
import type { SettingsService } from '../core/settings/service.ts';
import type { StatusService } from '../core/status/service.ts';
import { openTaskPort, type TaskPort, type TaskPortOptions } from '../transport/http/tasks/network.ts';

export interface TaskNetworkOptions extends TaskPortOptions {
  settings: Pick<SettingsService, 'current' | 'onChange'>;
  status: Pick<StatusService, 'addNotice' | 'removeNotice'>;
  clock: Clock;
  log: Log;
  /** Default: all addresses of this computer. */
  host?: string | undefined;
}

export interface TaskNetwork {
  /** null while it is closed. */
  port(): number | null;
  /** Resolves when the settings are in force, or could not be applied for the first time. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const NOTICE = 'tasks-port';
/** After it could not listen. */
const RETRY_MS = 15_000;

export function createTaskNetwork(options: TaskNetworkOptions): TaskNetwork {
  const { settings, status, clock, log, host } = options;
  let open: { port: TaskPort; wanted: number } | null = null;
  let retry: Timer | null = null;
  let working: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let stopListening = () => {};

  async function close(): Promise<void> {
    const before = open;
    open = null;
    await before?.port.close();
  }

  async function apply(): Promise<void> {
    const { listen, port } = settings.current().tasks;
    retry?.cancel();
    retry = null;
    if (open !== null && (listen === 'loopback' || open.wanted !== port)) await close();
    if (listen === 'loopback') status.removeNotice(NOTICE);
    if (listen === 'loopback' || open !== null) return;
    try {
      open = { port: await openTaskPort(options, { host, port }), wanted: port };
      status.removeNotice(NOTICE);
    } catch (error) {
      log.warn('The port for tasks cannot be opened.', { port, error: String(error) });
      status.addNotice({
        id: NOTICE,
        code: 'PORT_IN_USE',
        message: isPortTaken(error)
          ? fact('TASKS_PORT_TAKEN', { port })
          : fact('TASKS_PORT_FAILED', { port, problem: systemCode(error) ?? String(error) }),
        next: fact('TASKS_PORT_NEXT'),
      });
      if (!stopped) retry = clock.timer(RETRY_MS, update);
    }
  }

  /** One step at a time; a change meanwhile is another step. */
  function update(): void {
    again = true;
    if (working !== null || stopped) return;
    working = (async () => {
      while (again && !stopped) {
        again = false;
        await apply();
      }
      working = null;
    })();
  }

  return {
    port: () => open?.port.port ?? null,
    async start() {
      stopListening = settings.onChange(update);
      update();
      await working;
    },
    async stop() {
      stopped = true;
      stopListening();
      retry?.cancel();
      await working;
      await close();
    },
  };
}
