/**
 * For processes whose threads work on pictures and graphs in turns. Other systems than those with glibc ignore it.
 *
 * glibc gives each thread a heap of its own, and each keeps the most that its thread ever needed: 20 MB more, and growing
 * for 20,000 requests. Large pieces get pages of their own, which are given back when they are freed; but each one that
 * is freed raises what counts as large, up to 32 MB, and from then on the weights that a model has replaced by better
 * ordered ones stay as holes in the heap: 12 MB of the inference process, and 8 MB of the door. A fixed limit prevents
 * that.
 */
export const oneHeap: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
