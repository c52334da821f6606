/**
 * For processes whose threads work on pictures and graphs in turns. glibc gives each thread a heap of its own, and each
 * keeps the most that its thread ever needed: 20 MB more, and growing for 20,000 requests. Other systems ignore it.
 */
export const oneHeap: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };
