/** Faults that a person or a test can inject, one machine at a time. */
import { createEmitter } from '../../shared/emitter.ts';

export const FAULTS = {
  programs:
    'No fault of the machine: programs send requests for its models through the gateway, as long as this is on.',
  'no-gpu-discovered':
    'Ollama finds no GPU, as if the driver was not ready at boot. Switching the fault restarts Ollama.',
  'gpu-lost-on-resume':
    'The GPU is lost after the next sleep and wake: models silently load on the CPU. Switching the fault off reloads the driver and restarts Ollama.',
  'load-on-cpu':
    'The GPU is there, but every load ends on the CPU without an error, as after a suspend that broke CUDA. Restarting Ollama fixes it.',
  'left-behind':
    'Ollama is killed and started again: the llama-server of each loaded model stays behind with its VRAM, until the fault is switched off.',
  'restarts-often': 'Ollama is restarted every ten seconds, between two checks.',
  'oom-on-explicit-layers':
    'A load that asks for a number of GPU layers runs out of memory, after the other models were unloaded to make room.',
  'vram-taken': 'Another program, python3, holds most of the VRAM until the fault is switched off.',
  'full-disk': 'The disk is full: a download ends in its middle with an error.',
  'runner-dies': 'The process that runs the model is killed during the next embedding or answer.',
  'cut-answers':
    'Generated answers stop in the middle, with status 200 and without an error, as when a runner sends bytes that are no text.',
  'mid-stream-error': 'A streamed answer ends with an error line after a few tokens.',
  'false-gpu': 'ps says 100% GPU while the model runs on the CPU.',
  'slow-load': 'Loads take twenty times as long.',
  'stalled-load': 'Loads make no progress and end at OLLAMA_LOAD_TIMEOUT.',
  wedge:
    'The scheduler is stuck until Ollama starts again: loads hang, while ps, tags and loaded models look healthy.',
  'half-open': 'Connections are accepted but never answered.',
  asleep: 'The machine is asleep.',
  'does-not-wake': 'The machine ignores wake packets.',
  'stays-on': 'The machine accepts shutdown and sleep requests, but stays on.',
  'time-flies':
    'The clock of its agent runs sixty times as fast: idle minutes and lease times pass in seconds.',
  'never-serves': 'The machine boots and its network answers, but Ollama does not start.',
  'dies-half-way': 'The machine loses power during the next embedding or stream.',
  locked: 'Every response is 401, as from a proxy that wants a login.',
  redirects: 'Every response sends to a login page on another host.',
  'old-version': 'It is Ollama 0.1.36, which can neither list loaded models nor embed several texts.',
  html: 'Every response is an HTML page, as from a router or a proxy.',
  'half-json': 'Every JSON response is cut off in the middle.',
  'server-error': 'Every response is an internal error (500).',
  'endless-body': 'No response ever ends.',
} as const;

export type FaultName = keyof typeof FAULTS;

export interface Faults {
  is(name: FaultName): boolean;
  set(name: FaultName, on: boolean): void;
  list(): { name: FaultName; on: boolean; description: string }[];
  /** Calls `listener` after each change; returns a function that unsubscribes. */
  onChange(listener: (name: FaultName, on: boolean) => void): () => void;
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

export function createFaults(initial: readonly FaultName[] = []): Faults {
  const active = new Set<FaultName>(initial);
  const changed = createEmitter<[name: FaultName, on: boolean]>({ name: 'faults' });
  return {
    is: (name) => active.has(name),
    set: (name, on) => {
      if (active.has(name) === on) return;
      if (on) active.add(name);
      else active.delete(name);
      changed.emit(name, on);
    },
    list: () =>
      Object.entries(FAULTS).map(([name, description]) => ({
        name: name as FaultName,
        on: active.has(name as FaultName),
        description,
      })),
    onChange: changed.on,
  };
}
