export interface StopRequestOptions {
  /** The process whose signals are handled. */
  signals: { on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown };
  exit(code: number): void;
  print(line: string): void;
}

/** Resolves when the person asks the program to stop; a second request stops it at once. */
export function waitForStopRequest({ signals, exit, print }: StopRequestOptions): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (signal: NodeJS.Signals) => {
      if (asked) {
        exit(signal === 'SIGINT' ? 130 : 143);
        return;
      }
      asked = true;
      print('Pilotlight is stopping. Press Ctrl+C again to stop at once.');
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) signals.on(signal, ask);
  });
}
