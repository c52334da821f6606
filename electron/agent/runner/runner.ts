/** The runner role: starts the ONNX runner, and serves its paths on the agent's port. */
import { get } from 'node:http';
import { type AnswerSent, agentApi } from '../../../shared/contract/agent.ts';
import type { Clock } from '../../adapters/agent-host/types.ts';
import { openSharedFolder } from '../../adapters/processes/runner/shared-folder.ts';
import type { WorkerHost } from '../../adapters/processes/worker-host.ts';
import { AgentError } from '../errors.ts';
import type { Access, Exchange, Route } from '../http/route.ts';
import type { Work } from '../work.ts';
import { forward, notReady } from './forward.ts';
import { type RunnerAddress, startRunnerProcess } from './runner-process.ts';

export interface RunnerRoleOptions {
  /** The agent's own folder, where the runner keeps its list of models. */
  folder: string;
  version: string;
  /** null if there is no program to start. */
  host: WorkerHost | null;
  /** Immich's model folder; null if there is none. */
  immichFolder: string | null;
  /** Whether other machines may send pictures without a token. */
  open: boolean;
  clock: Clock;
  work: Work;
  log(message: string): void;
}

type Health = Partial<AnswerSent<typeof agentApi.health>>;

/** Paths of the runner that need the agent's token. */
const paths = `GET /runner/status
GET /runner/catalogue
POST /runner/pull
POST /runner/check
POST /runner/models
DELETE /runner/models/{id}
POST /runner/models/{id}/load
POST /runner/models/{id}/drop
POST /v1/embeddings
GET /v1/models
GET /v1/models/{id}
POST /embeddings
GET /models
POST /
POST /embed
POST /embed_all
POST /rerank
POST /embed_sparse
POST /tokenize
POST /decode
POST /similarity
GET /info
GET /metrics`;
/**
 * Paths of existing workers for faces. Their clients know no token: on this machine they need none, as programs here
 * could use the runner's own port as well. From the network only if the configuration says so, because anyone there
 * could keep the machine awake and busy.
 */
const workerPaths = `POST /detect_faces_batch
POST /detect_and_embed_batch
POST /detect_faces_batch_multipart
GET /gpu_info
GET /ping
POST /predict`;
/** Asked all the time: answering them is no work. */
const IDLE: ReadonlySet<string> = new Set(['/runner/status', '/gpu_info', '/ping', '/info', '/metrics']);
const HEALTH_MS = 1000;
const MOST_HEALTH_BYTES = 64 * 1024;

export function startRunnerRole(options: RunnerRoleOptions): {
  routes: Route[];
  health(): Promise<Health>;
  /** Where its process listens; null while it does not. */
  local(): RunnerAddress | null;
  stop(): void;
} {
  const { folder, version, host, open, clock, work, log } = options;
  const runner =
    host === null
      ? null
      : startRunnerProcess({
          host,
          clock,
          log,
          config: {
            dataFolder: folder,
            sharedFolder: openSharedFolder(),
            version,
            host: '127.0.0.1',
            port: 0,
            token: null,
            idleMs: 300_000,
            threads: null,
            provider: 'auto',
            modelsFolder: null,
            catalogueUrl: null,
            immichCache: options.immichFolder,
          },
        });
  if (runner === null) log(`runner: ${new AgentError('RUNNER_PROGRAM_MISSING').message}`);

  /** Throws RUNNER_PROGRAM_MISSING, RUNNER_NOT_READY. */
  function address(): RunnerAddress {
    if (runner === null) throw new AgentError('RUNNER_PROGRAM_MISSING');
    const now = runner.current();
    if (now.state === 'running') return now;
    throw notReady(now.state === 'failed' ? now.reason : null);
  }

  function passOn(exchange: Exchange) {
    const to = address();
    const mark = IDLE.has(exchange.path) ? null : work.begin();
    return forward(to, exchange, () => mark?.[Symbol.dispose]());
  }

  const routesOf = (list: string, access: Access): Route[] =>
    list.split('\n').map((line) => {
      const [method, path] = line.split(' ') as [Route['method'], string];
      return { method, path, access, handle: passOn };
    });

  return {
    routes: [...routesOf(paths, 'token'), ...routesOf(workerPaths, open ? 'open' : 'open-here')],
    async health() {
      const now = runner?.current() ?? { state: 'missing' as const };
      // Its own `status` says whether it is ready; the agent's, that the agent is.
      const { status: _, ...own } = now.state === 'running' ? await healthOf(now) : {};
      return {
        runner: now.state,
        gpu_available: false,
        directml_available: false,
        model_loaded: false,
        ...own,
      };
    },
    local() {
      const now = runner?.current();
      return now?.state === 'running' ? now : null;
    },
    stop() {
      runner?.stop();
    },
  };
}

/** What the runner reports; nothing if it does not answer. */
function healthOf({ port }: RunnerAddress): Promise<Health> {
  return new Promise((resolve) => {
    const unknown = () => resolve({});
    get(
      {
        host: '127.0.0.1',
        port,
        path: agentApi.health.path,
        agent: false,
        signal: AbortSignal.timeout(HEALTH_MS),
      },
      (answer) => {
        let text = '';
        answer.on('error', unknown);
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
          if (text.length > MOST_HEALTH_BYTES) answer.destroy();
        });
        answer.on('close', () => {
          try {
            resolve(Object(JSON.parse(text)) as Health);
          } catch {
            unknown();
          }
        });
      },
    ).on('error', unknown);
  });
}
