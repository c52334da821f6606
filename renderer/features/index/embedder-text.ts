import type { Embedder, EmbedderChoice } from '../../../shared/models/indexing.ts';

const providerNames = {
  dml: 'DirectML',
  coreml: 'CoreML',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  cpu: 'CPU',
} as const;

/** The machines that have an embedder: `On gpu-tower (GPU, not awake), nas (no GPU).` */
export function nodesText(choice: EmbedderChoice): string {
  if (choice.nodes.length === 0) return 'No machine has it right now.';
  const named = choice.nodes.slice(0, 6).map(({ name, awake, hasGpu, provider }) => {
    const gpu = provider
      ? providerNames[provider]
      : hasGpu === false
        ? 'no GPU'
        : hasGpu
          ? 'GPU'
          : 'GPU unknown';
    return `${name} (${gpu}${awake ? '' : ', not awake'})`;
  });
  const more = choice.nodes.length - named.length;
  return `On ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

export function embedderLabel(embedder: Embedder): string {
  if (embedder.kind === 'builtin') return 'built-in, lexical';
  return embedder.kind === 'runner' ? `${embedder.name} (ONNX)` : embedder.name;
}
