/** The files that start a worker by itself: with a script, as a service of systemd, in a container. Pure. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';

export interface FolderSettings {
  server: string;
  /** null: the name of its computer. */
  name: string | null;
  /** null: gpu if its computer has one. */
  type: 'gpu' | 'cpu' | null;
  /** null: those of its type. */
  queues: readonly string[] | null;
  slots: number;
  /** Absolute path on the worker's computer; null for none. */
  sharedFolder: string | null;
  memoryLimitMb: number;
  drainSeconds: number;
  /** Path of a Node, used on computers that have it; null for none. */
  node: string | null;
}

export const PROGRAM_FILE = 'task-worker.mjs';
export const KEY_FILE = 'worker.key';
export const SETTINGS_FILE = 'worker.env';
export const LEAST_NODE = '22.19';

/**
 * The value of a variable in a file that a shell, systemd, Docker and PowerShell all read the same way. Throws
 * BAD_REQUEST for a character that one of them would read as something else.
 */
function quoted(name: string, value: string): string {
  if (/^[A-Za-z0-9_./:@,+-]*$/.test(value)) return value;
  if (/["'`$\\%\p{Cc}]/u.test(value)) {
    throw new PilotlightError('BAD_REQUEST', {
      message: `${name}: quotes, backslashes, $ and % cannot be written into ${SETTINGS_FILE}.`,
      next: 'Choose another value, or pass it as an option.',
      details: { usage: true },
    });
  }
  return `"${value}"`;
}

export function settingsFile(settings: FolderSettings): string {
  const line = (name: string, value: string) => `${name}=${quoted(name, value)}`;
  const optional = (name: string, value: string | null, example: string) =>
    value === null ? `#${name}=${example}` : line(name, value);
  return `# Settings of this worker. Its key is in ${KEY_FILE}, which only its owner may read.
# One NAME=VALUE in a line; quotes only around a value with spaces.

# Address of Pilotlight.
${line('PILOTLIGHT_SERVER', settings.server)}
# Its name in Pilotlight; without it, the name of the computer.
${optional('PILOTLIGHT_WORKER_NAME', settings.name, 'garage')}
# gpu or cpu; without it, gpu if a GPU is found.
${optional('PILOTLIGHT_WORKER_TYPE', settings.type, 'cpu')}
# gpu-tasks, celery, or both with a comma between them; without it, the one of its type.
${optional('PILOTLIGHT_WORKER_QUEUES', settings.queues?.join(',') ?? null, 'gpu-tasks,celery')}
# Tasks at once.
${line('PILOTLIGHT_WORKER_CONCURRENCY', String(settings.slots))}
# Memory of one task in MB, unless Pilotlight says otherwise.
${line('PILOTLIGHT_WORKER_MEMORY', String(settings.memoryLimitMb))}
# How many seconds tasks may take to end when the worker is stopped.
${line('PILOTLIGHT_WORKER_DRAIN', String(settings.drainSeconds))}
# Where the shared folder of Pilotlight is on this computer. Without it, files are downloaded.
${optional('PILOTLIGHT_WORKER_SHARED_FOLDER', settings.sharedFolder, '/mnt/pilotlight')}
# Path of Node. On a computer without it, start.sh and start.ps1 use the Node on the PATH.
${optional('PILOTLIGHT_NODE', settings.node, '/usr/local/bin/node')}
`;
}

/** `./start.sh check` checks it. */
export const startScript = `#!/bin/sh
# Starts the worker with the settings of ${SETTINGS_FILE}. "./start.sh check" checks it instead.
set -eu
cd "$(dirname "$0")"

set -a
# shellcheck source=/dev/null
. ./${SETTINGS_FILE}
set +a

is_new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 19) ? 0 : 1)' 2>/dev/null
}
node=node
if [ -n "\${PILOTLIGHT_NODE:-}" ] && is_new_enough "$PILOTLIGHT_NODE"; then
  node=$PILOTLIGHT_NODE
fi
install="Install version ${LEAST_NODE} or newer: https://nodejs.org"
if ! command -v "$node" >/dev/null 2>&1; then
  echo "Node is missing. $install" >&2
  exit 1
fi
if ! is_new_enough "$node"; then
  echo "Node $("$node" --version) is too old. $install" >&2
  exit 1
fi
PILOTLIGHT_TOKEN_FILE="$PWD/${KEY_FILE}"
export PILOTLIGHT_TOKEN_FILE
exec "$node" ./${PROGRAM_FILE} "$@"
`;

export const startPowerShell = `# Starts the worker with the settings of ${SETTINGS_FILE}. ".\\start.ps1 check" checks it instead.
$ErrorActionPreference = 'Stop'
Set-Location -LiteralPath $PSScriptRoot

foreach ($line in Get-Content -LiteralPath '${SETTINGS_FILE}' -Encoding UTF8) {
  if ($line -match '^([A-Z_]+)=(.*)$') {
    $name = $Matches[1]
    $value = $Matches[2].Trim().Trim('"')
    Set-Item -LiteralPath "Env:$name" -Value $value
  }
}

$node = 'node'
if ($env:PILOTLIGHT_NODE -and (Test-Path -LiteralPath $env:PILOTLIGHT_NODE)) { $node = $env:PILOTLIGHT_NODE }
if (-not (Get-Command $node -ErrorAction SilentlyContinue)) {
  Write-Error 'Node is missing. Install version ${LEAST_NODE} or newer: https://nodejs.org'
}
$version = [version]((& $node --version).TrimStart('v'))
if ($version -lt [version]'${LEAST_NODE}') {
  Write-Error "Node $version is too old. Install version ${LEAST_NODE} or newer: https://nodejs.org"
}
$env:PILOTLIGHT_TOKEN_FILE = Join-Path $PSScriptRoot '${KEY_FILE}'
& $node ./${PROGRAM_FILE} @args
exit $LASTEXITCODE
`;

/** For a folder at /opt/pilotlight-worker. It runs as a user that exists only while it runs. */
export const serviceUnit = `[Unit]
Description=Pilotlight worker
Documentation=file:/opt/pilotlight-worker/README.md
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
DynamicUser=yes
# To use a shared folder that only some users may read, give it their group:
#SupplementaryGroups=media
EnvironmentFile=/opt/pilotlight-worker/${SETTINGS_FILE}
# Read by systemd as root, and handed to the worker alone.
LoadCredential=worker.key:/opt/pilotlight-worker/${KEY_FILE}
Environment=PILOTLIGHT_TOKEN_FILE=%d/worker.key
ExecStart=/usr/bin/env node /opt/pilotlight-worker/${PROGRAM_FILE}
# Tasks end before it does; see PILOTLIGHT_WORKER_DRAIN.
KillMode=mixed
TimeoutStopSec=120
Restart=always
RestartSec=5
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=read-only
ProtectSystem=strict
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`;

export const dockerfile = `FROM node:24-slim
WORKDIR /worker
COPY ${PROGRAM_FILE} ./
# Its user may write nothing but what is temporary.
USER node
ENV PILOTLIGHT_TOKEN_FILE=/run/secrets/worker_key
# The worker gets the signals itself, and ends what it has.
ENTRYPOINT ["node", "/worker/${PROGRAM_FILE}"]
`;

/** Profiles: "docker compose --profile cpu up -d", or nvidia. */
export function composeFile({ sharedFolder }: Pick<FolderSettings, 'sharedFolder'>): string {
  const volume =
    sharedFolder === null
      ? `  # For a shared folder: name it in ${SETTINGS_FILE}, and mount it at the same path.
  # volumes:
  #   - /mnt/pilotlight:/mnt/pilotlight:ro`
      : `  volumes:
    - ${JSON.stringify(`${sharedFolder}:${sharedFolder}:ro`)}`;
  return `# One of: docker compose --profile cpu up -d --build
#         docker compose --profile nvidia up -d --build
# Check:  docker compose --profile cpu run --rm cpu check
x-worker: &worker
  build: .
  init: true
  restart: unless-stopped
  stop_grace_period: 2m
  env_file: ${SETTINGS_FILE}
  secrets:
    - worker_key
  read_only: true
  tmpfs:
    - /tmp
  cap_drop:
    - ALL
  security_opt:
    - "no-new-privileges:true"
${volume}

services:
  cpu:
    <<: *worker
    profiles:
      - cpu
    environment:
      PILOTLIGHT_WORKER_TYPE: cpu
      PILOTLIGHT_WORKER_QUEUES: celery
  nvidia:
    <<: *worker
    profiles:
      - nvidia
    environment:
      PILOTLIGHT_WORKER_TYPE: gpu
      PILOTLIGHT_WORKER_QUEUES: gpu-tasks
      NVIDIA_DRIVER_CAPABILITIES: compute,utility
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities:
                - gpu

secrets:
  worker_key:
    file: ./${KEY_FILE}
`;
}

export const readme = `# A worker of Pilotlight

Check it, then start it:

    ./start.sh check        Windows: powershell -ExecutionPolicy Bypass -File start.ps1 check
    ./start.sh              Windows: powershell -ExecutionPolicy Bypass -File start.ps1

As a service on Linux:

    sudo cp -r . /opt/pilotlight-worker
    sudo chown -R root:root /opt/pilotlight-worker && sudo chmod 600 /opt/pilotlight-worker/${KEY_FILE}
    sudo cp /opt/pilotlight-worker/pilotlight-worker.service /etc/systemd/system/
    sudo systemctl enable --now pilotlight-worker

In a container, with one of the profiles cpu and nvidia:

    docker compose --profile cpu up -d --build

Settings are in ${SETTINGS_FILE}; the key in ${KEY_FILE} must be readable by its owner only. In a container, the user with
the id 1000 must be able to read it. To update ${PROGRAM_FILE} and these files, run "pilotlight worker init" on this
folder again; ${SETTINGS_FILE} and ${KEY_FILE} are left as they are.
`;
