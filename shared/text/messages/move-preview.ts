import { plural } from '../../units.ts';

/** What a person should know before a move. */
export const movePreviewMessages = {
  LOST_BY_MODELFILE_CPU: () =>
    'Its Modelfile sets num_gpu to 0, so the next load by a program puts it back on the CPU. Change the Modelfile to keep it on the GPU.',
  LOST_BY_MODELFILE_GPU: ({ layers }: { layers: number }) =>
    `Its Modelfile puts ${plural(layers, 'layer')} on the GPU (num_gpu), so the next load by a program puts it back there. Change the Modelfile to keep it on the CPU.`,
  LOST_BY_MODELFILE_PARTIAL: ({ layers, whole }: { layers: number; whole: number }) =>
    `Its Modelfile puts ${layers} of ${plural(whole, 'layer')} on the GPU (num_gpu), so the next load by a program leaves the others on the CPU. Change the Modelfile to keep all on the GPU.`,
  OTHER_PANELS_UNKNOWN: () => 'Whether other panels use these models is unknown: no agent there reports it.',
};
