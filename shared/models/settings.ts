import * as z from 'zod';
import { isCallableAddress, isTopicAddress } from '../network/callable-address.ts';
import { isMailServer } from '../network/mail.ts';
import { trimPasted } from '../network/pasted.ts';
import { isRedisAddress } from '../network/redis-address.ts';
import { isUpdateAddress } from '../network/update-address.ts';
import { tokenProblem } from '../token-text.ts';
import { GATEWAY_PORT } from './gateway-port.ts';
import { immichSchema } from './immich-settings.ts';
import { notificationsSettingsSchema } from './notifications.ts';
import { secretStateSchema } from './secrets.ts';
import { tasksSettingsSchema } from './tasks-settings.ts';

const fleetSchema = z.object({
  /** How often a node that answers is checked, milliseconds. */
  lookIntervalMs: z.number().int().min(1000).max(600_000).default(5000),
  /** How long one check may take, milliseconds. */
  lookTimeoutMs: z.number().int().min(200).max(60_000).default(4000),
  simulated: z.boolean().default(false),
});

const powerSchema = z.object({
  /** How long to wait for a wake whose boot time is not known yet, milliseconds. */
  wakeTimeoutMs: z.number().int().min(5000).max(1_800_000).default(180_000),
  /** The port on which agents announce that they are awake; null for none, so that nothing listens on the network. */
  helloPort: z.number().int().min(1024).max(65_535).nullable().default(null),
  /** The name under which this computer takes leases; null for its own name. */
  holder: z.string().trim().min(1).max(60).nullable().default(null),
});

const optimizerSchema = z.object({
  on: z.boolean().default(true),
  intervalMs: z.number().int().min(10_000).max(86_400_000).default(300_000),
  /** Model name patterns: a name without its tag, a name with its tag, or with `*`. */
  priorityModels: z.array(z.string().min(1).max(200)).max(100).default(['mxbai-embed-large', 'llama3.1']),
});

const indexSchema = z.object({
  maxFileBytes: z.number().int().min(1024).max(1_073_741_824).default(20_000_000),
  /** Estimated tokens per chunk, at most. */
  chunkTokens: z.number().int().min(64).max(2048).default(320),
  batchSize: z.number().int().min(1).max(512).default(32),
  /** Where the vectors of new folders are searched; the others are moved by `index.moveVectors`. */
  vectorEngine: z.enum(['builtin', 'qdrant']).default('builtin'),
  /** Address of Qdrant 1.10 or newer; null for none. */
  qdrantUrl: z.string().max(2000).overwrite(trimPasted).refine(isCallableAddress).nullable().default(null),
});

const modelName = z.string().trim().min(1).max(300);

const runnerSchema = z.object({
  /** Whether the runner of this computer may run. It starts when it is first needed. */
  on: z.boolean().default(true),
  /** Runners at other addresses, besides those of the agents. */
  urls: z.array(z.string().max(2000).overwrite(trimPasted).refine(isCallableAddress)).max(50).default([]),
  /** How long one batch may take, milliseconds. */
  timeoutMs: z.number().int().min(1000).max(600_000).default(60_000),
  /** How often a batch is tried again. */
  retries: z.number().int().min(0).max(20).default(5),
  /** Texts of one request. */
  batchSize: z.number().int().min(1).max(512).default(32),
  healthIntervalMs: z.number().int().min(1000).max(600_000).default(10_000),
  /** The provider to try first; `auto` for the fastest one of the machine. */
  provider: z.enum(['auto', 'dml', 'coreml', 'cuda', 'webgpu', 'cpu']).default('auto'),
  /** Where models are kept; null for the folder of Pilotlight's data. */
  modelsFolder: z.string().trim().min(1).max(4096).nullable().default(null),
  /** A model that is not used for this long is dropped from memory, seconds; 0 keeps it. */
  idleSeconds: z.number().int().min(0).max(86_400).default(300),
  /** Where models are downloaded from; null for their usual place. */
  catalogueUrl: z.string().max(2000).overwrite(trimPasted).refine(isCallableAddress).nullable().default(null),
});

const gatewayPolicySchema = z.object({
  /** Pattern; null for every model. */
  model: modelName.nullable().default(null),
  /** A key; null for every program. */
  credentialId: z.string().min(1).max(100).nullable().default(null),
  /**
   * `if-needed`: wakes a machine only if none that is awake has the model. `wait`: for a machine with a GPU.
   * `cpu-meanwhile`: served without a GPU while one wakes. `cpu-after`: the same, after some time. `never`: wakes none.
   */
  wake: z.enum(['if-needed', 'wait', 'cpu-meanwhile', 'cpu-after', 'never']).default('if-needed'),
  /** For `cpu-after`, seconds. */
  cpuAfterSeconds: z.number().int().min(0).max(3600).default(30),
  /** null: `batch` for lists of texts to embed, else `interactive`. */
  priority: z.enum(['interactive', 'batch', 'index']).nullable().default(null),
});

/** `pass`: as the program asks. `clamp`: as the model is loaded. `fixed`: always `contextLength`. */
const gatewayContextRuleSchema = z.discriminatedUnion('rule', [
  z.object({ model: modelName, rule: z.literal('pass') }),
  z.object({ model: modelName, rule: z.literal('clamp') }),
  z.object({
    model: modelName,
    rule: z.literal('fixed'),
    contextLength: z.number().int().min(256).max(10_000_000),
  }),
]);

const gatewaySchema = z.object({
  on: z.boolean().default(true),
  /** null or 0 for any free one. */
  port: z.number().int().min(0).max(65_535).nullable().default(GATEWAY_PORT),
  /** `network`: other computers may connect, with a key. */
  listen: z.enum(['loopback', 'network']).default('loopback'),
  /** Whether programs on this computer need a key, too. */
  keyOnLoopback: z.boolean().default(false),
  /** Weight of a node's load against staying with the node that already has the conversation. */
  beta: z.number().min(0).max(100).default(1),
  /** The node to which pull, push, create, copy and delete go that name none; null refuses them. */
  managementNodeId: z.string().min(1).max(100).nullable().default(null),
  /** Whether models that run elsewhere, and web searches by Ollama, may be used. */
  allowCloud: z.boolean().default(false),
  /** Memory for bodies that wait or may be sent again, MiB. */
  bodyBudgetMb: z.number().int().min(1).max(4096).default(64),
  /** Models to use instead if a model has no node, in order. */
  fallbacks: z
    .array(z.object({ model: modelName, use: z.array(modelName).min(1).max(10) }))
    .max(100)
    .default([]),
  /** Whether requests wake machines, and how important they are. The most specific policy counts. */
  policies: z.array(gatewayPolicySchema).max(100).default([]),
  /** The calls that may wake a machine; listings never do. */
  mayWake: z
    .array(z.enum(['chat', 'generate', 'embed', 'other']))
    .max(4)
    .default(['chat', 'generate', 'embed']),
  /** Requests that may wait for one model. */
  queueLimit: z.number().int().min(1).max(10_000).default(1000),
  /** How long a request may wait for a machine that is awake, seconds. */
  maxWaitSeconds: z.number().int().min(1).max(3600).default(60),
  /** Requests that a node takes at once; the others wait here. Without an entry it has no limit until it is seen to queue. */
  slots: z
    .array(z.object({ nodeId: z.string().min(1).max(100), slots: z.number().int().min(1).max(256) }))
    .max(200)
    .default([]),
  /** The context with which requests are sent. The first rule that fits a model counts. */
  contextRules: z.array(gatewayContextRuleSchema).max(100).default([]),
});

/** A key combination in Electron's notation: at least one modifier, then a key. */
const shortcutPattern =
  /^(?:(?:CommandOrControl|CmdOrCtrl|Command|Cmd|Control|Ctrl|Alt|Option|AltGr|Shift|Super|Meta)\+)+(?:[A-Z0-9]|F(?:[1-9]|1\d|2[0-4])|Space|Tab|Insert|Home|End|PageUp|PageDown|Up|Down|Left|Right)$/i;

/** Settings of the desktop program. A headless core saves them but does not use them. */
const desktopSchema = z.object({
  /** Closing the window leaves the program in the tray; otherwise it quits. */
  closeToTray: z.boolean().default(true),
  startAtLogin: z.boolean().default(false),
  /** Shows and hides the window from every program, for example `CommandOrControl+Alt+P`; null for none. */
  shortcut: z.string().max(100).regex(shortcutPattern).nullable().default(null),
  notifications: z.boolean().default(true),
});

const updatesSchema = z.object({
  /** `ask`: nobody has been asked yet, so nothing is sent. */
  check: z.enum(['ask', 'on', 'off']).default('ask'),
  /** The folder with releases; null for that of the build. */
  address: z.string().max(2000).overwrite(trimPasted).refine(isUpdateAddress).nullable().default(null),
});

/** What is saved in the database: everything except secrets. Unknown keys are dropped on reading. */
export const savedSettingsSchema = z.object({
  fleet: fleetSchema.prefault({}),
  power: powerSchema.prefault({}),
  optimizer: optimizerSchema.prefault({}),
  index: indexSchema.prefault({}),
  gateway: gatewaySchema.prefault({}),
  runner: runnerSchema.prefault({}),
  immich: immichSchema.prefault({}),
  tasks: tasksSettingsSchema.prefault({}),
  notifications: notificationsSettingsSchema.prefault({}),
  desktop: desktopSchema.prefault({}),
  updates: updatesSchema.prefault({}),
});
export type SavedSettings = z.infer<typeof savedSettingsSchema>;

const secretState = secretStateSchema.prefault({ set: false });

/**
 * All settings with their defaults, as they are read. A secret shows only whether it is set; to change
 * it, pass `settings.update` its text, or null to remove it.
 */
export const settingsSchema = savedSettingsSchema.extend({
  optimizer: optimizerSchema
    .extend({
      /** Called when a priority model fell back to the CPU. The address often contains a token, so it is a secret. */
      webhookUrl: secretState,
    })
    .prefault({}),
  power: powerSchema
    .extend({
      /** Called when a machine did not wake, dropped out in use, did not go off, or is still on at the set time. */
      webhookUrl: secretState,
    })
    .prefault({}),
  index: indexSchema
    .extend({
      /** Sent to Qdrant as its API key. */
      qdrantKey: secretState,
    })
    .prefault({}),
  runner: runnerSchema
    .extend({
      /** Sent to the runners of `urls`. */
      token: secretState,
    })
    .prefault({}),
  tasks: tasksSettingsSchema
    .extend({
      /** Of Redis or Valkey, `redis://` or `rediss://`. */
      redisUrl: secretState,
      /** Sent to the speech server at `speechUrl`. */
      speechKey: secretState,
    })
    .prefault({}),
  notifications: notificationsSettingsSchema
    .extend({
      /** The topic on an ntfy server, with a token or a password if it needs one. */
      ntfyUrl: secretState,
      /** An incoming webhook of Discord or Slack. */
      chatUrl: secretState,
      /** `smtp://` or `smtps://`, with user and password. */
      mailServer: secretState,
      /** Gets every event as JSON. */
      webhookUrl: secretState,
    })
    .prefault({}),
  api: z
    .object({
      /** Whether there is a script's key called `index`. Earlier versions had its token here, and may still set it. */
      indexToken: secretState,
    })
    .prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;

export const defaultSettings: Settings = settingsSchema.parse({});

/** It may contain a password, because it is sealed. */
const webhook = z
  .string()
  .max(2000)
  .overwrite(trimPasted)
  .refine(isCallableAddress, 'this is not an http or https address that can be called');

/** The secret settings by path (also the name they are saved under), with the values each accepts. */
export const secretSettings = {
  'optimizer.webhookUrl': webhook,
  'power.webhookUrl': webhook,
  'notifications.ntfyUrl': webhook.refine(
    isTopicAddress,
    'this address has no topic, such as https://ntfy.sh/TOPIC',
  ),
  'notifications.chatUrl': webhook,
  'notifications.mailServer': z
    .string()
    .max(2000)
    .overwrite(trimPasted)
    .refine(isMailServer, 'this is not an address such as smtps://USER:PASSWORD@HOST'),
  'notifications.webhookUrl': webhook,
  'runner.token': z
    .string()
    .max(1000)
    .refine((token) => tokenProblem(token) === null, 'use visible ASCII characters without spaces'),
  'index.qdrantKey': z
    .string()
    .max(1000)
    .refine((token) => tokenProblem(token) === null, 'use visible ASCII characters without spaces'),
  'tasks.redisUrl': z
    .string()
    .max(2000)
    .overwrite(trimPasted)
    .refine(isRedisAddress, 'this is not an address such as redis://HOST:6379'),
  'tasks.speechKey': z
    .string()
    .max(1000)
    .refine((token) => tokenProblem(token) === null, 'use visible ASCII characters without spaces'),
  'api.indexToken': z
    .string()
    .min(8)
    .max(1000)
    .refine((token) => tokenProblem(token) === null, 'use visible ASCII characters without spaces'),
} as const satisfies Record<string, z.ZodType<string>>;

export type SecretSetting = keyof typeof secretSettings;
export const secretSettingNames = Object.keys(secretSettings) as [SecretSetting, ...SecretSetting[]];

export function isSecretSetting(path: string): path is SecretSetting {
  return Object.hasOwn(secretSettings, path);
}
