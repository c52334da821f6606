/** Secrets in memory. `failing` makes every change fail, as a full disk does. */
import type { Secrets } from '../../electron/core/ports/state.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { plainText } from '../../shared/models/message.ts';

export interface MemorySecrets extends Secrets {
  readonly values: Map<string, string>;
  failing: boolean;
}

export function createMemorySecrets(initial: Readonly<Record<string, string>> = {}): MemorySecrets {
  const values = new Map(Object.entries(initial));
  return {
    values,
    failing: false,
    protection: { kind: 'key-file', message: plainText('In memory.') },
    get: (name) => values.get(name) ?? null,
    change(changes) {
      if (this.failing) throw new PilotlightError('DISK_FULL');
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) values.delete(name);
        else values.set(name, value);
      }
    },
  };
}
