import { useRef } from 'react';
import { CopyButton } from '../../components/copy-button.tsx';

const commands = [
  {
    what: 'Install the agent',
    about: 'in the folder of Pilotlight on that machine, as its administrator; ADDRESS is its own address',
    text: 'node dist/agent/agent.mjs install --role power,telemetry --bind ADDRESS',
  },
  {
    what: 'Pair it',
    about: 'prints a code and a line for this panel, valid for 10 minutes',
    text: 'sudo node /usr/local/lib/pilotlight-agent/agent.mjs pair --data /var/lib/pilotlight-agent',
  },
];

/** The commands that put an agent on the machine, to copy. */
export function InstallAgent() {
  return (
    <details className="rounded-lg border border-line bg-ground p-3 text-[0.8125rem]">
      <summary className="rounded font-medium">Install the agent</summary>
      <ol className="mt-3 grid gap-3">
        {commands.map((command) => (
          <Step key={command.what} {...command} />
        ))}
      </ol>
    </details>
  );
}

function Step({ what, about, text }: (typeof commands)[number]) {
  const code = useRef<HTMLElement>(null);
  return (
    <li className="grid gap-1">
      <p>
        <span className="font-medium">{what}</span> <span className="text-faint">{about}</span>
      </p>
      <div className="flex items-start gap-2">
        <code
          ref={code}
          className="min-w-0 flex-1 rounded bg-sunken px-2 py-1.5 font-mono text-xs break-words"
        >
          {text}
        </code>
        <CopyButton from={code} what="Command" label={what} />
      </div>
    </li>
  );
}
