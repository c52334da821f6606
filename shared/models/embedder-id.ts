/** The ids of embedders. Without the schemas, so that the panel can bundle it. */
export const BUILTIN_EMBEDDER_ID = 'builtin:lexical-384';
export const BUILTIN_DIMENSIONS = 384;

export function embedderId(embedder: { kind: 'builtin' } | { kind: 'model'; digest: string }): string {
  return embedder.kind === 'builtin' ? BUILTIN_EMBEDDER_ID : `sha256:${embedder.digest}`;
}
