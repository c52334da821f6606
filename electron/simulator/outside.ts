/** A program beside Ollama that uses VRAM of a simulated machine. */
import type { Memory } from './memory.ts';

export interface OutsidePrograms {
  /** Takes all GPUs except for a small part, as the fault `vram-taken` does. */
  takeMost(): void;
  /** Takes this many bytes of the first GPU, replacing the previous amount; 0 ends it. */
  hold(bytes: number, name?: string): void;
  end(): void;
}

/** What stays free on each GPU. */
const LEFT_FREE_SHARE = 0.06;
const NAME = '/opt/torch/.venv/bin/python3';
const PID = 1984;

export function createOutsidePrograms({
  memory,
}: {
  memory: Pick<Memory, 'gpuStates' | 'hold'>;
}): OutsidePrograms {
  const ends = new Set<() => void>();
  const end = () => {
    for (const release of ends) release();
    ends.clear();
  };
  return {
    takeMost() {
      end();
      for (const [gpu, { totalBytes, freeBytes }] of memory.gpuStates().entries()) {
        const bytes = Math.max(0, freeBytes - totalBytes * LEFT_FREE_SHARE);
        ends.add(memory.hold({ pid: PID + gpu, name: NAME, gpu, bytes }));
      }
    },
    hold(bytes, name = NAME) {
      end();
      if (bytes > 0) ends.add(memory.hold({ pid: PID, name, gpu: 0, bytes }));
    },
    end,
  };
}
