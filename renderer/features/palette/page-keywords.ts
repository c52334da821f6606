import type { PageName } from '../shell/route.ts';

/** What a page is found by beside its name. */
export const pageKeywords: Record<PageName, string> = {
  fleet: 'machines nodes gpu',
  models: 'matrix placement vram pin optimizer',
  search: 'find passages text files question',
  index: 'folders runs sources',
  tasks: 'queue workers ingest upload jobs celery bullmq redis add file',
  requests: 'gateway programs queue prompts tokens traffic',
  runner: 'onnx embeddings faces providers directml coreml cuda webgpu ladder',
  activity: 'log events what happened why',
  settings: 'preferences options export import',
};
