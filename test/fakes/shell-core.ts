import { createStreams } from '../../electron/core/runtime/streams.ts';
import type { ShellCore } from '../../electron/main/shell-core.ts';
import type { PilotlightError } from '../../shared/contract/errors.ts';
import type { MethodName } from '../../shared/contract/methods.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import { defaultSettings, type Settings } from '../../shared/models/settings.ts';
import { createFakeClock } from './clock.ts';

type Desktop = Settings['desktop'];

/** A core as the shell sees it: real streams, settings that a test changes, and a diary of what was asked. */
export function createFakeShellCore(desktop: Partial<Desktop> = {}) {
  const clock = createFakeClock();
  const streams = createStreams({ clock, epoch: 'test' });
  const diary: string[] = [];
  const records: NewActivityEntry[] = [];
  const listeners = new Set<Parameters<ShellCore['settings']['onChange']>[0]>();
  let settings = { ...defaultSettings, desktop: { ...defaultSettings.desktop, ...desktop } };
  let failure: PilotlightError | null = null;

  const core: ShellCore = {
    streams,
    settings: {
      current: () => settings,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    call: async (method: MethodName, params: unknown) => {
      diary.push(`${method} ${JSON.stringify(params)}`);
      if (failure !== null) throw failure;
      return {} as never;
    },
    record: (entry) => records.push(entry),
    pause: async () => {
      diary.push('pause');
    },
    resume: () => diary.push('resume'),
  };

  return {
    core,
    clock,
    streams,
    diary,
    records,
    change(patch: Partial<Desktop>) {
      const previous = settings;
      settings = { ...settings, desktop: { ...settings.desktop, ...patch } };
      for (const listener of listeners) listener(settings, previous);
    },
    failWith(error: PilotlightError) {
      failure = error;
    },
  };
}
