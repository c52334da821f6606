/**
 * What BullMQ 6 has no call for, as scripts on its keys: each is one step for every other client. They keep to its
 * layout: `prioritized` and `delayed` are sorted sets, `active` and `wait` lists, `completed` and `failed` sorted sets,
 * the lock of a job is `<id>:lock`, and every change is reported on the stream `events`.
 *
 * Of our own are fields of a job's hash that begin with `pl:`, the sorted set `pl:added` (when each was added), and
 * `pl:cancelled` (which of `failed` were cancelled).
 */
import { attemptScripts } from './attempt-scripts.ts';
import { managementScripts } from './management-scripts.ts';

export const scripts = { ...attemptScripts, ...managementScripts } as const;

export type ScriptName = keyof typeof scripts;
