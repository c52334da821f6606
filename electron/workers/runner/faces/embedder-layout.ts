/** What an embedder's input and output are called. Pure. */

export interface EmbedderLayout {
  input: string;
  output: string;
  takesBatch: boolean;
  /** Side of the square crop, pixels. */
  side: number;
  /** Of a vector. */
  dimensions: number;
}
