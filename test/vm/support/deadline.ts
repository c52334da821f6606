/** Every wait here is for an event; this limit only ends a run in which it never comes. */
export const EVENT_MS = 4 * 60_000;
/** A start of the system takes longer than anything else on an emulated machine. */
export const BOOT_MS = 10 * 60_000;

/** `promise`, or an error that names what was waited for. */
export async function within<Value>(promise: Promise<Value>, what: string, ms = EVENT_MS): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Waited ${ms / 1000} s for ${what}.`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
