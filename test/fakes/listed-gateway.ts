/** The gateway's data plane in this process, in front of servers on loopback, with a table made from their listings. */
import { createSystemClock } from '../../electron/adapters/system.ts';
import type {
  FinishedRequest,
  GatewayTable,
  NodeTraffic,
  TableModel,
  TableNode,
} from '../../electron/core/gateway/model.ts';
import { createGateway, type GatewayOptions } from '../../electron/workers/gateway/gateway.ts';
import { gatewayTable, tableModel, tableNode } from './gateway-table.ts';
import { createRememberingLog } from './transport.ts';

export interface GatewayServer {
  id: string;
  url: string;
  /** Names of models that it is said to have, with every capability. Left out: those that it lists. */
  models?: readonly string[];
  /** Whatever else differs from a node that serves and has room. */
  node?: Partial<TableNode>;
}

export interface OpenGateway extends AsyncDisposable {
  url: string;
  port: number;
  /** Addresses of the servers behind it. */
  servers: readonly string[];
  /** Reads the listings of the servers again, as the core does when it checks them. */
  refresh(): Promise<void>;
  /** Changes the table in place. */
  change(change: (table: GatewayTable) => GatewayTable): void;
  finished(): readonly FinishedRequest[];
  /** Resolves when so many requests have finished in all. */
  waitForFinished(count: number): Promise<readonly FinishedRequest[]>;
  /** As last reported. */
  traffic(): ReadonlyMap<string, NodeTraffic>;
  inFlight(): number;
  log: ReturnType<typeof createRememberingLog>;
}

export interface OpenGatewayOptions {
  settings?: Partial<GatewayTable['settings']>;
  credentials?: GatewayTable['credentials'];
  limits?: GatewayOptions['limits'];
}

interface ListedModel {
  name: string;
  modified_at: string;
  size: number;
  digest: string;
  details: {
    parent_model: string;
    format: string;
    family: string;
    families: string[] | null;
    parameter_size: string;
    quantization_level: string;
    context_length?: number;
    embedding_length?: number;
  };
  capabilities?: string[];
  expires_at: string;
  size_vram: number;
  context_length?: number;
}

/** With every capability, and a digest of its own. */
function madeUp(name: string): TableModel {
  const digest = Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
  return tableModel({ name, digest, capabilities: ['completion', 'embedding', 'tools', 'vision'] });
}

function fromListing({ details, ...model }: ListedModel): TableModel {
  return {
    name: model.name,
    digest: model.digest,
    sizeBytes: model.size,
    modifiedAt: model.modified_at,
    parentModel: details.parent_model,
    format: details.format,
    family: details.family,
    families: details.families,
    parameterSize: details.parameter_size,
    quantization: details.quantization_level,
    capabilities: model.capabilities ?? null,
    contextLength: details.context_length ?? null,
    embeddingLength: details.embedding_length ?? null,
    cloud: false,
  };
}

/** What a server lists, as the core would put it into the table. */
async function nodeOf({ id, url, models, node }: GatewayServer): Promise<TableNode> {
  const list = async (path: string) => {
    const answer = await fetch(url + path);
    return ((await answer.json()) as { models: ListedModel[] }).models;
  };
  const installed = models?.map(madeUp) ?? (await list('/api/tags')).map(fromListing);
  const loaded = models === undefined ? await list('/api/ps') : [];
  return tableNode(id, {
    url,
    installed,
    loaded: loaded.map((model) => ({
      name: model.name,
      digest: model.digest,
      sizeBytes: model.size,
      vramBytes: model.size_vram,
      // A model that stays for good has no expiry, as the core reads it.
      expiresAt: new Date(model.expires_at).getFullYear() > 2300 ? null : Date.parse(model.expires_at),
      contextLength: model.context_length ?? null,
      gpuShare: model.size === 0 ? 0 : model.size_vram / model.size,
    })),
    vram: { totalBytes: 24e9, usedBytes: 0 },
    ...node,
  });
}

export async function openGateway(
  servers: readonly GatewayServer[],
  { settings, credentials = [], limits }: OpenGatewayOptions = {},
): Promise<OpenGateway> {
  const finished: FinishedRequest[] = [];
  const traffic = new Map<string, NodeTraffic>();
  let waiting: (() => void)[] = [];
  const log = createRememberingLog();
  const gateway = createGateway({
    clock: createSystemClock(),
    log,
    onEvent(event) {
      if (event.kind === 'finished') finished.push(...event.requests);
      if (event.kind === 'traffic') for (const node of event.nodes) traffic.set(node.nodeId, node);
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    ...(limits && { limits }),
  });
  let table: GatewayTable = {
    ...gatewayTable([], { managementNodeId: servers[0]?.id ?? null, ...settings }),
    credentials,
  };
  const change = (next: (table: GatewayTable) => GatewayTable) => {
    table = { ...next(table), version: table.version + 1 };
    gateway.setTable(table);
  };
  const refresh = async () => {
    const nodes = await Promise.all(servers.map(nodeOf));
    change((before) => ({ ...before, nodes }));
  };
  await refresh();
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    servers: servers.map(({ url }) => url),
    refresh,
    change,
    finished: () => finished,
    async waitForFinished(count) {
      while (finished.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
      return finished;
    },
    traffic: () => traffic,
    inFlight: () => gateway.inFlight,
    log,
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}
