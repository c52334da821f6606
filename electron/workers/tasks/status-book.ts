/** How the worker stands with its server: each trouble is logged once, until it changes. */
import type { TaskWorkerStatus, TaskWorkerTrouble } from '../../adapters/tasks/worker-protocol.ts';
import type { Log } from '../../core/ports/log.ts';

export interface StatusBook {
  now(): TaskWorkerStatus;
  online(): void;
  unreachable(trouble: TaskWorkerTrouble): void;
  refused(trouble: TaskWorkerTrouble): void;
  /** Its tasks have changed, or whether it takes more of them. */
  changed(): void;
}

export function createStatusBook(options: {
  log: Pick<Log, 'info' | 'warn'>;
  active(): number;
  isDraining(): boolean;
  onChange(status: TaskWorkerStatus): void;
}): StatusBook {
  const { log, active, isDraining, onChange } = options;
  let link: 'connecting' | 'online' | 'unreachable' | 'refused' = 'connecting';
  let trouble: TaskWorkerTrouble | null = null;
  let last = '';

  const now = (): TaskWorkerStatus => ({
    state: link === 'online' && isDraining() ? 'draining' : link,
    active: active(),
    trouble,
  });

  function changed(): void {
    const status = now();
    const text = JSON.stringify(status);
    if (text === last) return;
    last = text;
    onChange(status);
  }

  function set(state: typeof link, { code, message, next }: TaskWorkerTrouble): void {
    const isNew = link !== state || trouble?.code !== code;
    link = state;
    trouble = { code, message, next };
    if (isNew) log.warn(message, { code, next });
    changed();
  }

  return {
    now,
    online() {
      if (link !== 'online') log.info('The worker is connected.');
      link = 'online';
      trouble = null;
      changed();
    },
    unreachable: (error) => set('unreachable', error),
    refused: (error) => set('refused', error),
    changed,
  };
}
