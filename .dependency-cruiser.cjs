// Who may import whom. docs/ and the design say it in words; build/layers.mjs runs it and proves that each rule bites.

/** Rooms of electron/ that a room may import, beside itself, `shared` and npm packages. */
const allowed = {
  core: [],
  adapters: ['core'],
  transport: ['core', 'adapters/http'],
  agent: ['adapters'],
  simulator: ['agent', 'adapters/http'],
  workers: ['core', 'adapters'],
  host: ['core', 'adapters', 'transport', 'simulator'],
  main: ['core', 'adapters', 'transport', 'agent', 'simulator', 'host'],
  headless: ['core', 'adapters', 'transport', 'agent', 'simulator', 'host'],
  cli: ['core', 'adapters', 'transport', 'agent', 'simulator', 'host'],
  preload: [],
};

/**
 * The domains of core, the lowest first. A domain imports its own row and the rows before it; an import that goes back
 * up would make two domains one.
 */
const coreOrder = [
  ['ports', 'runtime'],
  ['activity', 'settings', 'state'],
  ['access'],
  ['fleet'],
  ['status'],
  ['notifications'],
  ['agents'],
  ['telemetry'],
  ['policies'],
  ['wake'],
  ['leases'],
  ['energy'],
  ['shutdown'],
  ['placement'],
  ['acquire'],
  ['library'],
  ['gateway'],
  ['runner'],
  ['immich'],
  ['requests'],
  ['indexing'],
  ['remote-index'],
  ['tasks'],
  ['storage'],
  ['discovery'],
  ['diagnosis'],
  ['transfer'],
  ['updates'],
  ['agent-updates'],
];

const coreRules = coreOrder.flatMap((row, place) => {
  const importable = coreOrder.slice(0, place + 1).flat();
  return row.map((domain) => ({
    name: `core-${domain}-imports-no-higher`,
    comment: `core/${domain} imports ${importable.join(', ')} and nothing else of core.`,
    severity: 'error',
    from: { path: `^electron/core/${domain}/` },
    to: {
      path: '^electron/core/',
      pathNot: importable.map((name) => `^electron/core/${name}/`),
    },
  }));
});

const builtin = { dependencyTypes: ['core'] };
const npmPackage = (names) => `(^|node_modules/)(${names.join('|')})(/|$)`;

const roomRules = Object.entries(allowed).map(([room, others]) => ({
  name: `room-${room}`,
  comment: `electron/${room} imports ${['shared', ...others].join(', ')} and nothing else of ours.`,
  severity: 'error',
  from: { path: `^electron/${room}/` },
  to: {
    path: '^(electron|renderer|shared|test|build)/',
    pathNot: ['^shared/', ...[room, ...others].map((name) => `^electron/${name}/`)],
  },
}));

module.exports = {
  coreOrder,
  forbidden: [
    ...roomRules,
    ...coreRules,
    {
      name: 'core-domain-unknown',
      comment: 'A domain that is not in the order could import anything: name it in coreOrder.',
      severity: 'error',
      from: {
        path: '^electron/core/[^/]+/',
        pathNot: coreOrder.flat().map((domain) => `^electron/core/${domain}/`),
      },
      to: {},
    },
    {
      name: 'room-unknown',
      comment: 'A room that no rule names could import anything: name it in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^electron/', pathNot: Object.keys(allowed).map((room) => `^electron/${room}/`) },
      to: {},
    },
    {
      name: 'shared-imports-nothing',
      comment: 'shared imports nothing of ours, no built-in module, and of npm only zod.',
      severity: 'error',
      from: { path: '^shared/' },
      to: { pathNot: ['^shared/', npmPackage(['zod'])] },
    },
    {
      name: 'renderer-imports-shared',
      comment: 'The panel imports shared and npm packages; whatever else it needs comes over the link.',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(electron|test|build)/' },
    },
    {
      name: 'renderer-no-builtin',
      comment: 'The panel runs in a sandboxed page.',
      severity: 'error',
      from: { path: '^renderer/' },
      to: builtin,
    },
    {
      name: 'preload-no-builtin',
      comment: 'A sandboxed preload script has no Node modules.',
      severity: 'error',
      from: { path: '^electron/preload/' },
      to: { ...builtin, pathNot: '^electron$' },
    },
    {
      name: 'core-decides-only',
      comment: 'core touches the world through its ports. Of Node it may use what only computes.',
      severity: 'error',
      from: { path: '^electron/core/' },
      to: { ...builtin, pathNot: '^(node:)?(crypto|path/posix)$' },
    },
    {
      name: 'core-no-packages',
      comment: 'Of npm, core may use what only computes; clients, servers and databases are adapters.',
      severity: 'error',
      from: { path: '^electron/core/' },
      to: {
        dependencyTypesNot: ['core'],
        pathNot: [
          '^(electron|renderer|shared|test|build)/',
          npmPackage(['zod', 'htmlparser2', 'jschardet', 'ignore']),
        ],
      },
    },
    {
      name: 'core-makes-facts',
      comment:
        'core makes messages, codes with params, and never reads their English: of shared/text it knows types. So do the models.',
      severity: 'error',
      from: { path: '^(electron/core|shared/models)/' },
      to: { path: '^shared/text/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-ports-only',
      comment:
        'adapters make ports real; of the rest of core they may know types, and files that only compute.',
      severity: 'error',
      from: { path: '^electron/adapters/' },
      to: { path: ['^electron/core/.*(service|methods)\\.ts$', '^electron/core/compose\\.ts$'] },
    },
    {
      name: 'workers-pure-core',
      comment: 'A worker uses what core computes, never its services.',
      severity: 'error',
      from: { path: '^electron/workers/' },
      to: { path: ['^electron/core/.*(service|methods)\\.ts$', '^electron/core/compose\\.ts$'] },
    },
    {
      name: 'only-main-and-preload-import-electron',
      comment: 'The same core runs in plain Node.',
      severity: 'error',
      from: { pathNot: ['^electron/(main|preload)/', '^(test|build)/'] },
      to: { path: npmPackage(['electron']), pathNot: '^electron/' },
    },
    {
      name: 'only-charts-import-recharts',
      comment: 'recharts is heavy and slow in numbers: one folder knows it.',
      severity: 'error',
      from: { pathNot: '^renderer/charts/' },
      to: { path: npmPackage(['recharts']) },
    },
    {
      name: 'only-gateway-worker-imports-undici',
      comment: 'Everything else uses the Http port.',
      severity: 'error',
      from: { pathNot: '^(electron/workers/gateway|test|build)/' },
      to: { path: npmPackage(['undici']) },
    },
    {
      name: 'only-one-adapter-imports-bullmq',
      comment: 'Everything else uses the port of the task queue.',
      severity: 'error',
      from: { pathNot: '^(electron/adapters/queues/bullmq|test|build)/' },
      to: { path: npmPackage(['bullmq', 'ioredis']) },
    },
    {
      name: 'only-runner-imports-onnxruntime',
      comment: 'Its run() blocks a thread and can abort the process.',
      severity: 'error',
      from: { pathNot: '^electron/workers/runner/' },
      to: { path: npmPackage(['onnxruntime-node']) },
    },
    {
      name: 'only-runner-imports-sharp-and-tokenizers',
      comment: 'Pictures and texts are prepared where they are used; nothing else pays for the libraries.',
      severity: 'error',
      from: { pathNot: '^(electron/workers/runner|test)/' },
      to: { path: npmPackage(['sharp', '@huggingface/tokenizers']) },
    },
    {
      name: 'only-doors-read-forms',
      comment: 'Forms are read where they arrive: at the runner, and at the tasks.',
      severity: 'error',
      from: { pathNot: '^(electron/workers/runner|electron/transport/http/tasks|test)/' },
      to: { path: npmPackage(['@fastify/busboy']) },
    },
    {
      name: 'only-inference-loads-onnxruntime',
      comment: 'The door stays alive when the inference process does not.',
      severity: 'error',
      from: { path: '^electron/workers/runner/', pathNot: '^electron/workers/runner/inference/' },
      to: { path: npmPackage(['onnxruntime-node']) },
    },
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one, or a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere was not checked by any other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: npmPackage(['onnxruntime-node']) },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Imports of types count: a type that core takes from an adapter is a dependency, too.
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.jsx', '.json', '.css', '.d.ts'],
    },
  },
};
