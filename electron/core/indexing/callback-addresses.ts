/** Addresses of callbacks that contain a password: kept with the other secrets, and shown without it. */
import { callbackSecret } from '../../../shared/models/secrets.ts';
import { hasPassword, withoutPassword } from '../../../shared/network/callable-address.ts';
import type { Secrets } from '../ports/state.ts';

export interface CallbackAddresses {
  /** What may be shown and saved of it; the whole address is kept until `forget`. Throws DISK_FULL. */
  keep(jobId: string, url: string | null): string | null;
  /** The whole address of a callback that is shown as `url`. */
  whole(jobId: string, url: string): string;
  /** Never throws: on a full disk it stays sealed. */
  forget(jobId: string): void;
}

export function createCallbackAddresses(secrets: Pick<Secrets, 'get' | 'change'>): CallbackAddresses {
  return {
    keep(jobId, url) {
      if (url === null || !hasPassword(url)) return url;
      secrets.change({ [callbackSecret(jobId)]: url });
      return withoutPassword(url);
    },
    whole: (jobId, url) => secrets.get(callbackSecret(jobId)) ?? url,
    forget(jobId) {
      if (secrets.get(callbackSecret(jobId)) === null) return;
      try {
        secrets.change({ [callbackSecret(jobId)]: null });
      } catch {}
    },
  };
}
