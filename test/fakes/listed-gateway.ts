/** A gateway in the test's process, with a table made of what the servers behind it list. */
import type { TableModel, TableNode } from '../../electron/core/gateway/model.ts';
import { startGateway } from './data-plane.ts';
import { gatewayTable, tableModel, tableNode } from './gateway-table.ts';

export interface GatewayServer {
  id: string;
  url: string;
  /** Names of models that it is said to have, with every capability. Left out: those that it lists. */
  models?: readonly string[];
}

export interface ListedGateway extends AsyncDisposable {
  url: string;
  port: number;
  /** Reads the listings of the servers again, as the core does when it checks them. */
  refresh(): Promise<void>;
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
async function nodeOf({ id, url, models }: GatewayServer): Promise<TableNode> {
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
  });
}

/** The first server is the one for calls that change a node. */
export async function openGateway(servers: readonly GatewayServer[]): Promise<ListedGateway> {
  const { gateway, port, url, [Symbol.asyncDispose]: dispose } = await startGateway(null);
  let version = 0;
  const refresh = async () => {
    const nodes = await Promise.all(servers.map(nodeOf));
    version += 1;
    gateway.setTable({ ...gatewayTable(nodes, { managementNodeId: servers[0]?.id ?? null }), version });
  };
  await refresh();
  return { url, port, refresh, [Symbol.asyncDispose]: dispose };
}
