/** OpenAI's shape of an error. */
import type { RunnerAnswer, RunnerRefusal } from './route.ts';

export function openaiRefusal({ code, text, status }: RunnerRefusal): RunnerAnswer {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  const openaiCode = code === 'RUNNER_NO_MODEL' ? 'model_not_found' : code;
  return { status, body: { error: { message: text, type, param: null, code: openaiCode } } };
}
