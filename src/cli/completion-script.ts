export const shells = ['bash', 'zsh'] as const
export type Shell = (typeof shells)[number]

/** The hidden command that the scripts call: words behind it are those of the line, up to the cursor. */
export const completionRequest = '__complete'

/**
 * The script that makes a shell complete `logrelay`. It asks the program for what may come next, so it fits whatever version is installed, and
 * calls it by its name alone: a TAB behind `./logrelay` runs nothing from the current directory.
 */
export function completionScript(shell: Shell): string {
  return shell === 'bash' ? bashScript : zshScript
}

// bash splits words at "=" too (COMP_WORDBREAKS), unless somebody has told it not to.
const bashScript = `# bash completion for logrelay
_logrelay() {
  local current=\${COMP_WORDS[COMP_CWORD]} prefix='' answer
  case $current in
    =) current='' ;;
    --*=*) prefix=\${current%%=*}= current=\${current#*=} ;;
  esac
  COMPREPLY=()
  mapfile -t answer < <(command logrelay ${completionRequest} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case \${answer[0]-} in
    :file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    :directory)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      ;;
    *) COMPREPLY=("\${answer[@]%%$'\\t'*}") ;;
  esac
  COMPREPLY=("\${COMPREPLY[@]/#/"$prefix"}")
}
complete -F _logrelay logrelay
`

// In fpath the file is the function's body; read with "source" it declares it.
const zshScript = `#compdef logrelay
_logrelay() {
  local -a answer candidates
  local line word
  answer=("\${(@f)$(command logrelay ${completionRequest} "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  [[ $words[CURRENT] == --*=* ]] && compset -P 1 '*='
  case $answer[1] in
    :file) _files ;;
    :directory) _files -/ ;;
    '') return 1 ;;
    *)
      for line in "\${answer[@]}"; do
        word=\${line%%$'\\t'*}
        candidates+=("\${word//:/\\\\:}\${\${line#"$word"}/$'\\t'/:}")
      done
      _describe 'logrelay' candidates
      ;;
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _logrelay "$@"
else
  compdef _logrelay logrelay
fi
`
