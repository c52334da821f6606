/** Scripts that complete commands, subcommands and options in a shell, from the usage of each command. Pure. */
import type { Command } from './command.ts';
import { commonOptions } from './command.ts';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

interface Words {
  name: string;
  summary: string;
  /** The second words of its usage. */
  subcommands: string[];
  options: string[];
}

/** `index add DIR` has the subcommand `add`; a word in capitals, brackets or with a dash is none. */
function wordsOf({ name, summary, usage, options }: Command): Words {
  const seconds = usage.flatMap((line) => {
    const second = line.split(/\s+/)[1] ?? '';
    return /^[a-z][a-z-]*(?:\|[a-z-]+)*$/.test(second) ? second.split('|') : [];
  });
  return {
    name,
    summary,
    subcommands: [...new Set(seconds)],
    options: [...Object.keys(commonOptions), ...Object.keys(options)].map((option) => `--${option}`),
  };
}

export function completionScript(shell: Shell, commands: readonly Command[], program = 'pilotlight'): string {
  const words = commands.map(wordsOf);
  switch (shell) {
    case 'bash':
      return bash(words, program);
    case 'zsh':
      return zsh(words, program);
    case 'fish':
      return fish(words, program);
    case 'powershell':
      return powershell(words, program);
  }
}

function bash(words: readonly Words[], program: string): string {
  const cases = words.map(
    ({ name, subcommands, options }) =>
      `    ${name}) subs='${subcommands.join(' ')}'; opts='${options.join(' ')}' ;;`,
  );
  return `# ${program} completion for bash: source it, or put it into ~/.local/share/bash-completion/completions/${program}
_${program}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" subs='' opts=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${words.map(({ name }) => name).join(' ')} --help --version' -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$opts" -- "$cur"))
  elif [ "$COMP_CWORD" -eq 2 ] && [ -n "$subs" ]; then
    COMPREPLY=($(compgen -W "$subs" -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _${program} ${program}
`;
}

const quotedZsh = (text: string) => text.replaceAll("'", "'\\''").replaceAll(':', '\\:');

function zsh(words: readonly Words[], program: string): string {
  const list = words.map(({ name, summary }) => `    '${name}:${quotedZsh(summary)}'`);
  const cases = words.map(
    ({ name, subcommands, options }) =>
      `    ${name}) subs=(${subcommands.join(' ')}); opts=(${options.join(' ')}) ;;`,
  );
  return `#compdef ${program}
# ${program} completion for zsh: put it as _${program} into a folder of $fpath
_${program}() {
  local -a commands subs opts
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "$words[2]" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    compadd -- $opts
  elif (( CURRENT == 3 && \${#subs} > 0 )); then
    compadd -- $subs
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_${program}" ]; then
  _${program}
else
  compdef _${program} ${program}
fi
`;
}

const quotedFish = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");

function fish(words: readonly Words[], program: string): string {
  const lines = [`# ${program} completion for fish: put it into ~/.config/fish/completions/${program}.fish`];
  for (const { name, summary, subcommands, options } of words) {
    lines.push(`complete -c ${program} -n __fish_use_subcommand -f -a ${name} -d '${quotedFish(summary)}'`);
    const inside = `'__fish_seen_subcommand_from ${name}'`;
    if (subcommands.length > 0) {
      lines.push(`complete -c ${program} -n ${inside} -f -a '${subcommands.join(' ')}'`);
    }
    for (const option of options) lines.push(`complete -c ${program} -n ${inside} -l ${option.slice(2)}`);
  }
  return `${lines.join('\n')}\n`;
}

function powershell(words: readonly Words[], program: string): string {
  const list = (texts: readonly string[]) => `@(${texts.map((text) => `'${text}'`).join(', ')})`;
  const entries = words.map(
    ({ name, subcommands, options }) =>
      `    '${name}' = @{ subs = ${list(subcommands)}; opts = ${list(options)} }`,
  );
  return `# ${program} completion for PowerShell: add it to the file that $PROFILE names
Register-ArgumentCompleter -Native -CommandName ${program} -ScriptBlock {
  param($word, $ast, $position)
  $known = @{
${entries.join('\n')}
  }
  $before = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { $_.ToString() })
  $choices = if ($before.Count -le 1) { @($known.Keys) + '--help', '--version' }
    elseif (-not $known.ContainsKey($before[1])) { @() }
    elseif ($word -like '-*') { $known[$before[1]].opts }
    elseif ($before.Count -eq 2) { $known[$before[1]].subs }
    else { @() }
  $choices | Where-Object { $_ -like "$word*" } | Sort-Object | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}
