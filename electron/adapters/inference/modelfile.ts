/**
 * `PARAMETER num_gpu` of a Modelfile: the layers of a load that does not ask for a number. `parameters` is the text that
 * show answers, a name and a value in each line. null for none; negative values mean that the server chooses.
 */
export function gpuLayersOf(parameters: string | null): number | null {
  const value = /^num_gpu\s+(-?\d+)\s*$/m.exec(parameters ?? '')?.[1];
  return value === undefined || Number(value) < 0 ? null : Number(value);
}
