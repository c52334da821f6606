/** The ids of embedders. Without the schemas, so that the panel can bundle it. */
export const BUILTIN_EMBEDDER_ID = 'builtin:lexical-384';
export const BUILTIN_DIMENSIONS = 384;

/**
 * A runner's model has an id of its own even if a server has the same weights: the two split texts differently, so their
 * vectors never share an index.
 */
export function embedderId(
  embedder: { kind: 'builtin' } | { kind: 'model'; digest: string } | { kind: 'runner'; hash: string },
): string {
  switch (embedder.kind) {
    case 'builtin':
      return BUILTIN_EMBEDDER_ID;
    case 'model':
      return `sha256:${embedder.digest}`;
    case 'runner':
      return `onnx:${embedder.hash}`;
  }
}
