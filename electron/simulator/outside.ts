/** A program beside Ollama that holds VRAM of a simulated machine. */
import type { Memory } from './memory.ts';

export interface OutsidePrograms {
  /** All GPUs, but for a small part: what the fault `vram-taken` does. */
  takeMost(): void;
  /** This many bytes of the first GPU, replacing what was held before; 0 ends it. */
  hold(bytes: number, name?: string): void;
  end(): void;
}

/** What is left free of each GPU. */
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
