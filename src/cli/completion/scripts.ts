/** Shells that there are scripts for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof SHELLS)[number]

/*
 * The scripts know nothing of the commands. They hand the words to `ports complete <index>`, where
 * the word at that index is being typed, and offer the lines that come back: a value, a tab and what
 * it means; or one of `:directories` and `:command <index>` for what the shell completes by itself.
 */

const BASH = `# ports completions bash
_ports_complete() {
  local line current="\${COMP_WORDS[COMP_CWORD]}" at
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :directories)
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current")
        ;;
      ":command "*)
        at=$((\${line#:command } + 1))
        if declare -F _command_offset >/dev/null; then
          _command_offset "$at"
        else
          local kind=-f
          [ "$at" -eq "$COMP_CWORD" ] && kind=-c
          while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$kind" -- "$current")
        fi
        ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" complete $((COMP_CWORD - 1)) -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _ports_complete ports
`

const ZSH = `#compdef ports
# ports completions zsh
_ports() {
  local -a lines items
  local line at
  lines=("\${(@f)$("\${words[1]}" complete $((CURRENT - 2)) -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    case "$line" in
      '') ;;
      :directories) _files -/ ;;
      ':command '*)
        at=$((\${line#:command } + 1))
        shift $at words
        (( CURRENT -= at ))
        _normal
        return
        ;;
      *) items+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  (( $#items )) && _describe ports items
}
if [[ "\${funcstack[1]}" = _ports ]]; then
  _ports "$@"
else
  compdef _ports ports
fi
`

const FISH = `# ports completions fish
function __ports_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  set -l current (commandline -ct)
  for line in ($program complete (count $words) -- $words "$current" 2>/dev/null)
    switch $line
      case ':directories'
        __fish_complete_directories "$current"
      case ':command *'
        set -l at (string replace ':command ' '' -- $line)
        set -l rest $words "$current"
        test $at -gt 0; and set -e rest[1..$at]
        complete -C (string join ' ' -- $rest)
      case '*'
        echo $line
    end
  end
end
complete -c ports -f -a '(__ports_complete)'
`

const POWERSHELL = `# ports completions powershell
Register-ArgumentCompleter -Native -CommandName ports -ScriptBlock {
  param($current, $line, $cursor)
  $elements = @($line.CommandElements)
  $program = $elements[0].ToString()
  $words = @($elements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object { $_.ToString() })
  # An empty word is not passed on by older versions, so the index says that there is one.
  $index = if ($current -eq '') { $words.Count } else { $words.Count - 1 }
  & $program complete $index '--' @words 2>$null | ForEach-Object {
    if ($_ -eq ':directories') {
      Get-ChildItem -Directory -Path "$current*" | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_.Name)
      }
    } elseif (-not $_.StartsWith(':')) {
      $value, $text = $_ -split "\`t", 2
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $text)
    }
  }
}
`

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
  powershell: POWERSHELL,
}

/** The script by which a shell completes `ports`; it ends with a line break. */
export function renderScript(shell: Shell): string {
  return SCRIPTS[shell]
}
