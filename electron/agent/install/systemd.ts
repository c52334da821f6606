/** A system service with its own user, which may do only what the polkit rule beside it allows. Pure. */
import { forcedUnits } from '../power/commands.ts';

export function systemdUnit({
  command,
  user,
  folder,
  groups,
  needsRoom,
}: {
  command: readonly string[];
  user: string;
  folder: string;
  /** System groups, in addition to its own. */
  groups: readonly string[];
  /** It runs models or tasks, which need memory and threads. */
  needsRoom: boolean;
}): string {
  return `[Unit]
Description=Pilotlight agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${command.map(systemdQuote).join(' ')}
User=${user}
${
  groups.length === 0
    ? ''
    : `SupplementaryGroups=${groups.join(' ')}
`
}Restart=on-failure
RestartSec=2
# Others may traverse its folder to the file of a countdown, and see nothing else.
StateDirectory=${folder.replace(/^\/var\/lib\//, '')}
StateDirectoryMode=0711
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectClock=yes
PrivateTmp=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
${needsRoom ? 'TasksMax=1024' : 'MemoryHigh=192M\nTasksMax=64'}

[Install]
WantedBy=multi-user.target
`;
}

/** `%` and `$` have a meaning in a unit, so they are doubled. */
function systemdQuote(argument: string): string {
  const escaped = argument.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w./:,=%-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

export interface PolkitRights {
  power: boolean;
  /** To restart Ollama: this one unit, this one verb. */
  restartOllama: boolean;
}

/**
 * The actions that logind authorizes before it powers off, sleeps or takes a lock, and systemd before it starts a
 * target or restarts a unit. The right to ignore inhibitors is left out: logind itself then refuses what another
 * program blocks, and only a forced action starts its target.
 */
export function polkitRule(user: string, { power, restartOllama }: PolkitRights): string {
  return `// Written by the install command of the Pilotlight agent: what the agent's user may do. It grants nothing to anyone else.
polkit.addRule(function (action, subject) {
  if (subject.user !== "${user}") {
    return polkit.Result.NOT_HANDLED;
  }
${power ? powerRule : ''}${restartOllama ? ollamaRule : ''}  return polkit.Result.NOT_HANDLED;
});
`;
}

const powerRule = `  var allowed = [
    "org.freedesktop.login1.power-off",
    "org.freedesktop.login1.power-off-multiple-sessions",
    "org.freedesktop.login1.reboot",
    "org.freedesktop.login1.reboot-multiple-sessions",
    "org.freedesktop.login1.suspend",
    "org.freedesktop.login1.suspend-multiple-sessions",
    "org.freedesktop.login1.hibernate",
    "org.freedesktop.login1.hibernate-multiple-sessions",
    "org.freedesktop.login1.inhibit-block-sleep",
    "org.freedesktop.login1.inhibit-block-idle"
  ];
  if (allowed.indexOf(action.id) >= 0) {
    return polkit.Result.YES;
  }
  var targets = [${Object.values(forcedUnits)
    .map((unit) => `"${unit}"`)
    .join(', ')}];
  if (
    action.id === "org.freedesktop.systemd1.manage-units" &&
    action.lookup("verb") === "start" &&
    targets.indexOf(action.lookup("unit")) >= 0
  ) {
    return polkit.Result.YES;
  }
`;

const ollamaRule = `  if (
    action.id === "org.freedesktop.systemd1.manage-units" &&
    action.lookup("unit") === "ollama.service" &&
    action.lookup("verb") === "restart"
  ) {
    return polkit.Result.YES;
  }
`;
