/** Errors of machines and their inference servers. */
import type { Catalogue } from './entry.ts';

export const hostErrors = {
  HOST_UNREACHABLE: {
    message: 'The machine does not answer.',
    next: 'Check that it is on and that the address is right.',
    status: 502,
  },
  HOST_TIMEOUT: {
    message: 'The machine did not answer in time.',
    next: 'It may be busy or asleep; try again, or wake it.',
    status: 504,
  },
  NAME_NOT_RESOLVED: {
    message: 'The name of the machine was not found on this network.',
    next: 'Check the spelling, or use its IP address.',
    status: 502,
  },
  NOT_AN_INFERENCE_SERVER: {
    message: 'Something answers there, but it is not an Ollama or OpenAI-compatible server.',
    next: 'Check the port: Ollama uses 11434 by default, llama.cpp 8080, vLLM 8000 and LM Studio 1234.',
    status: 502,
  },
  SERVER_LOCKED: {
    message: 'What answers there wants a login or a key.',
    next: 'Enter the address of the server itself, or let Pilotlight through at the proxy in front of it.',
    status: 502,
  },
  SERVER_REDIRECTS: {
    message: 'What answers there sends Pilotlight to another address.',
    next: 'Pilotlight never follows it. If that address is your server, enter it instead.',
    status: 502,
  },
  SERVER_TOO_OLD: {
    message: 'The Ollama there is too old.',
    next: 'Update Ollama on that machine.',
    status: 502,
  },
  ANSWER_INCOMPLETE: {
    message: 'The answer of the server stopped before its end.',
    next: 'Try again; if it happens again, restart the server.',
    status: 502,
  },
  SERVER_ERROR: {
    message: 'The server returned an error.',
    next: "Check the server's message below; its log may say more.",
    status: 502,
  },
  RUNNER_DIED: {
    message: 'The process that runs the model ended in the middle of the request.',
    next: 'Try again: Ollama starts it again. If it keeps ending, check the memory of the machine and the log of Ollama.',
    status: 502,
  },
  MODEL_CANNOT_EMBED: {
    message: 'The model cannot embed texts on that server.',
    next: 'Choose an embedding model.',
    status: 409,
  },
  INPUT_TOO_LONG: {
    message: 'The text is longer than the context of the model.',
    next: 'Send a shorter text, or load the model with a larger context.',
    status: 422,
  },
  SERVER_BUSY: {
    message: 'The server has too many requests waiting.',
    next: 'Try again in a moment.',
    status: 503,
  },
  RESPONSE_TOO_LARGE: {
    message: 'The response is far larger than it should be.',
    next: 'Check that this is the address of an Ollama server.',
    status: 502,
  },
  MODEL_NOT_FOUND: {
    message: 'The model is not installed on that machine.',
    next: 'Pull it there first: ollama pull NAME.',
    status: 404,
  },
  OUT_OF_MEMORY: {
    message: 'The model does not fit in the free memory.',
    next: 'Unload another model, or choose a smaller one.',
    status: 409,
  },
  NO_SERVER: {
    message: 'This node has no inference server.',
    next: 'Set its URL, or choose another node.',
    status: 409,
  },
  NODE_ASLEEP: { message: 'The machine is asleep.', next: 'Wake it first.', status: 409 },
} as const satisfies Catalogue;
