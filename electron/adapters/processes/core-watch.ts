/** What a worker must know to end with its core; its watchdog reads it (workers/watchdog.ts). */
export function coreWatchArguments(options: { holdsInput: boolean }): string[] {
  return [`--core-pid=${process.pid}`, ...(options.holdsInput ? ['--core-holds-input'] : [])];
}
