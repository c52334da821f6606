/**
 * `PARAMETER num_gpu` of a Modelfile: the layers of a load that does not ask for a number. `parameters` is the text that
 * show answers, a name and a value in each line. null for none; negative values mean that the server chooses.
 */
export function gpuLayersOf(parameters: string | null): number | null {
  // Numbers of JSON are written as Go writes them, and older Modelfiles have them in quotes. The first line counts.
  const value = /^[ \t]*num_gpu[ \t]+"?([-+\d.e]+)"?[ \t]*\r?$/im.exec(parameters ?? '')?.[1];
  const layers = Number(value ?? Number.NaN);
  return Number.isInteger(layers) && layers >= 0 ? layers : null;
}
