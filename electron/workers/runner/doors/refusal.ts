/** Errors for clients of servers in Python: those read `detail`. */
import type { RunnerAnswer, RunnerRefusal } from '../http/route.ts';

export const refusal = ({ code, text, next, status }: RunnerRefusal): RunnerAnswer => ({
  status,
  body: { detail: text, code, message: text, next },
});
