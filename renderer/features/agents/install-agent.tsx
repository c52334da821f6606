import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import {
  type AgentSource,
  type InstallCommand,
  installCommands,
} from '../../../shared/agent-install-commands.ts';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { AgentInstall, AgentInstallLink } from '../../../shared/models/agent-install.ts';
import type { UpdateProcessor, UpdateSystem } from '../../../shared/models/update-manifest.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { useNow } from '../../components/now.ts';
import { Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { formatCountdown } from '../../components/time.tsx';
import { useConnection } from '../../stores/connection.ts';
import {
  aboutSource,
  fileFor,
  needsLink,
  processorNames,
  reachable,
  readTarget,
  rememberTarget,
  sourceFor,
  stepNames,
  systemNames,
  systems,
  type Target,
  whereTyped,
} from './install-text.ts';

/** The commands that put an agent on another machine, to copy. They are made when a person opens this. */
export function InstallAgent({
  title,
  address = '',
  then,
}: {
  title: string;
  /** Of the machine, where it is known. */
  address?: string;
  /** Where the code is entered that the last command prints. */
  then: string;
}) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className="rounded-lg border border-line bg-ground p-3 text-[0.8125rem]"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="rounded font-medium">{title}</summary>
      {open && <Install address={readIpv4(address.trim()) ?? ''} then={then} />}
    </details>
  );
}

/** Asks for something again whenever `reason` changes. */
function useAnswer<Result>(reason: string | null, ask: (signal: AbortSignal) => Promise<Result>) {
  const [answer, setAnswer] = useState<{
    reason: string;
    result: Result | null;
    error: WireError | null;
  } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `reason` says all that `ask` depends on.
  useEffect(() => {
    if (reason === null) return;
    const controller = new AbortController();
    ask(controller.signal).then(
      (result) => !controller.signal.aborted && setAnswer({ reason, result, error: null }),
      (thrown: unknown) =>
        !controller.signal.aborted && setAnswer({ reason, result: null, error: toWireError(thrown) }),
    );
    return () => controller.abort();
  }, [reason]);
  // An answer to an earlier question is none.
  return answer?.reason === reason ? answer : { result: null, error: null };
}

function Install({ address: known, then }: { address: string; then: string }) {
  const live = useConnection((status) => status.state === 'live');
  const [tries, setTries] = useState(0);
  const again = () => setTries(tries + 1);
  const files = useAnswer(live ? `files ${tries}` : null, (signal) =>
    client.call('agents.installFiles', {}, { signal }),
  );
  if (files.error !== null)
    return (
      <div className="mt-3">
        <Problem compact {...files.error}>
          <Button size="small" onClick={again}>
            Try again
          </Button>
        </Problem>
      </div>
    );
  if (files.result === null)
    return (
      <Loading what="the files of agents">
        <Skeleton className="mt-3 h-24" />
      </Loading>
    );
  return <Choices known={files.result} address={known} then={then} live={live} />;
}

function Choices({
  known,
  address: given,
  then,
  live,
}: {
  known: AgentInstall;
  address: string;
  then: string;
  live: boolean;
}) {
  const [target, setTarget] = useState<Target>(readTarget);
  const [address, setAddress] = useState(given);
  const addresses = reachable(known);
  const [from, setFrom] = useState(addresses[0]?.address ?? '');
  const [tries, setTries] = useState(0);
  const again = () => setTries(tries + 1);
  const choose = (next: Target) => {
    setTarget(next);
    rememberTarget(next);
  };
  const waits = needsLink(known, target);
  const { os, arch } = target;
  const link = useAnswer<AgentInstallLink>(
    live && waits ? `${os} ${arch} ${from} ${tries}` : null,
    (signal) => client.call('agents.installLink', { os, arch, address: from }, { signal }),
  );
  const source = sourceFor(known, target, link.result);
  const valid = readIpv4(address.trim());
  return (
    <div className="mt-3 grid gap-3">
      <div className="grid gap-x-3 sm:grid-cols-2">
        <SelectField
          label="System"
          value={os}
          onChange={({ target: { value } }) => choose({ ...target, os: value as UpdateSystem })}
        >
          {systems.map((one) => (
            <option key={one} value={one}>
              {systemNames[one]}
            </option>
          ))}
        </SelectField>
        <SelectField
          label="Processor"
          value={arch}
          onChange={({ target: { value } }) => choose({ ...target, arch: value as UpdateProcessor })}
        >
          {Object.entries(processorNames(os)).map(([one, name]) => (
            <option key={one} value={one}>
              {name}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Its address in the network"
          placeholder="192.168.1.30"
          inputMode="decimal"
          mono
          value={address}
          hint={
            valid === null ? 'Without it, replace ADDRESS in the commands.' : 'The agent will listen there.'
          }
          error={address.trim() !== '' && valid === null ? 'Enter an IPv4 address.' : undefined}
          onChange={({ target: { value } }) => setAddress(value)}
        />
        {waits && addresses.length > 1 && (
          <SelectField
            label="Download from"
            value={from}
            hint="The address of this panel that the machine can reach."
            onChange={({ target: { value } }) => setFrom(value)}
          >
            {addresses.map((one) => (
              <option key={one.address} value={one.address}>
                {one.address}
              </option>
            ))}
          </SelectField>
        )}
      </div>
      {link.error !== null ? (
        <Problem compact {...link.error}>
          <Button size="small" onClick={again}>
            Try again
          </Button>
        </Problem>
      ) : source === null ? (
        <Loading what="the command">
          <Skeleton className="h-24" />
        </Loading>
      ) : (
        <>
          <p className="text-soft">{aboutSource(source, fileFor(known, target))}</p>
          <Steps {...{ target, source, address: valid }}>
            {source.from === 'link' && link.result !== null && (
              <Validity until={link.result.expiresAt} onAgain={again} />
            )}
          </Steps>
          <p className="text-soft">{then}</p>
        </>
      )}
    </div>
  );
}

function Steps({
  target,
  source,
  address,
  children,
}: {
  target: Target;
  source: AgentSource;
  address: string | null;
  children: ReactNode;
}) {
  return (
    <ol className="grid gap-3">
      {installCommands({ ...target, source, address }).map((command) => (
        <Step key={command.step} command={command} about={whereTyped(command, target.os, source)}>
          {command.step === 'install' && children}
        </Step>
      ))}
    </ol>
  );
}

function Step({
  command: { step, text },
  about,
  children,
}: {
  command: InstallCommand;
  about: string;
  children: ReactNode;
}) {
  const code = useRef<HTMLElement>(null);
  const name = useId();
  return (
    <li className="grid min-w-0 gap-1" aria-labelledby={name}>
      <p>
        <span id={name} className="font-medium">
          {stepNames[step]}
        </span>{' '}
        <span className="text-faint">{about}</span>
      </p>
      <div className="flex min-w-0 flex-wrap items-start gap-2 sm:flex-nowrap">
        <code
          ref={code}
          className="min-w-0 flex-1 basis-full rounded bg-sunken px-2 py-1.5 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere] sm:basis-0"
        >
          {text}
        </code>
        <CopyButton from={code} what="Command" label={stepNames[step]} />
      </div>
      {children}
    </li>
  );
}

function Validity({ until, onAgain }: { until: number; onAgain: () => void }) {
  const left = until - useNow();
  return (
    <p className="flex flex-wrap items-center gap-2 text-xs text-faint">
      {left > 0 ? `Valid for ${formatCountdown(left)} more, for one download.` : 'The address has expired.'}
      <Button size="small" onClick={onAgain}>
        New command
      </Button>
    </p>
  );
}
