/** Does the tasks of `task.ts`, in the process that runs the graphs. */
import { toHalves } from '../inference/float16.ts';
import { createDecoder } from './decoder.ts';
import { SOUND } from './graph-names.ts';
import type { HeldGraph, HeldTensor, MakeTensor } from './held.ts';
import { createLogMel, type LogMel } from './mel.ts';
import type { HeardWindow, SpeechTask } from './task.ts';
import { hearWindow } from './window.ts';

export interface SpeechWork {
  /**
   * @param graphs an encoder, a decoder without a memory, and one with it, which may be the same
   * @param onStep is called when something of it is done: it is still alive
   * @throws what running throws; RUNNER_NAN; the signal's reason
   */
  hear(
    task: SpeechTask,
    graphs: readonly [encoder: HeldGraph, first: HeldGraph, next: HeldGraph],
    options: { signal: AbortSignal; onStep(): void },
  ): Promise<HeardWindow>;
}

export function createSpeechWork({
  make,
  inTurn,
}: {
  make: MakeTensor;
  /** Does what keeps the thread busy when it is its turn. */
  inTurn<Value>(work: () => Value): Promise<Value>;
}): SpeechWork {
  let mel: LogMel | null = null;

  /** Its tables are made once: models differ in the number of bins at most. */
  function melOf(shape: LogMel['shape']): LogMel {
    if (mel === null || JSON.stringify(mel.shape) !== JSON.stringify(shape)) mel = createLogMel(shape);
    return mel;
  }

  async function encode(task: SpeechTask, encoder: HeldGraph): Promise<HeldTensor> {
    const { mel: shape } = task.plan;
    const sound = await inTurn(() => {
      const made = melOf(shape);
      const values = made.of(task.samples);
      const dims = [1, shape.bins, made.frames];
      const isHalf = encoder.inputs.find(({ name }) => name === SOUND)?.type === 'float16';
      return isHalf ? make('float16', toHalves(values), dims) : make('float32', values, dims);
    });
    const output = encoder.outputs[0]?.name ?? '';
    const answers = await encoder.run({ [SOUND]: sound }, [output]);
    return answers[output] as HeldTensor;
  }

  return {
    async hear(task, [encoder, first, next], { signal, onStep }) {
      signal.throwIfAborted();
      const encoded = await encode(task, encoder);
      onStep();
      signal.throwIfAborted();
      const { heads, headSize } = task.plan;
      const decoder = createDecoder({ first, next, encoded, make, heads, headSize });
      return hearWindow(task, { decoder, signal, onToken: onStep });
    },
  };
}
