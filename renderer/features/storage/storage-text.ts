/** The texts of what takes space. Pure. */
import type { StorageUse } from '../../../shared/models/tasks.ts';

type Kind = StorageUse['kind'];

export const partNames: Record<Kind, string> = {
  index: 'Indexes',
  uploads: 'Uploads',
  results: 'Results',
  ingested: 'Stored texts',
  tasks: 'Tasks',
  requests: 'Requests',
  history: 'Measurements',
  activity: 'Activity',
  models: 'Models',
  damaged: 'Damaged files',
  other: 'Other',
};

export const partAbout: Record<Kind, string> = {
  index: 'Passages and vectors of your folders',
  uploads: 'Files that tasks work on',
  results: 'Files that workers sent back',
  ingested: 'Texts that tasks made searchable',
  tasks: 'Queue, timelines and logs',
  requests: 'Totals of the gateway',
  history: 'VRAM, load and power over time',
  activity: 'What happened, and why',
  models: 'ONNX models of the runner',
  damaged: 'Set aside when they could not be read',
  other: 'Settings, keys and logs',
};

const consequences: Partial<Record<Kind, string>> = {
  uploads: 'Files of tasks that have ended are deleted. Those tasks can no longer be retried.',
  results: 'Results of tasks that have ended are deleted. Stored texts stay in the index.',
  tasks: 'All ended tasks are deleted with their files. Stored texts stay in the index.',
  requests: 'The charts of the Requests page start again.',
  history: 'The charts of your machines and their energy figures start again.',
  activity: 'All entries are deleted.',
};

/** What deleting it means; null for what is not deleted here. */
export const clearable = (kind: Kind): string | null => consequences[kind] ?? null;
