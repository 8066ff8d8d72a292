/** The shells that can be completed in. */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

// bash parts words at `:` and `=` and replaces only what stands behind the last of them: the rest of each word is taken off again. 3.2 of macOS has no mapfile.
const bash = `_honeydue() {
  local line="\${COMP_LINE:0:COMP_POINT}" word begin one
  COMPREPLY=()
  word="\${line##*[[:space:]]}"
  begin=""
  if [[ "$COMP_WORDBREAKS" == *:* && "$word" == *:* ]]; then begin="\${word%"\${word##*:}"}"; fi
  if [[ "$COMP_WORDBREAKS" == *=* && "$word" == *=* ]]; then begin="\${word%"\${word##*=}"}"; fi
  while IFS= read -r one; do
    one="\${one%%$'\\t'*}"
    COMPREPLY+=("\${one#"$begin"}")
  done < <("\${COMP_WORDS[0]}" __complete "$line" 2>/dev/null)
}
complete -F _honeydue honeydue
`

const zsh = `#compdef honeydue
_honeydue() {
  local -a found
  local one word
  for one in "\${(@f)$(honeydue __complete "\${(j: :)words[1,CURRENT]}" 2>/dev/null)}"; do
    word="\${one%%$'\\t'*}"
    [[ -n "$word" ]] && found+=("\${word//:/\\\\:}:\${one#*$'\\t'}")
  done
  _describe honeydue found
}
compdef _honeydue honeydue
`

const fish = `complete -c honeydue -e
complete -c honeydue -f -a '(honeydue __complete (commandline -cp) 2>/dev/null)'
`

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish }

/** Where each shell reads it from. */
export const installed: Readonly<Record<Shell, string>> = {
  bash: `eval "$(honeydue completion bash)"    # in ~/.bashrc`,
  zsh: `eval "$(honeydue completion zsh)"     # in ~/.zshrc, after compinit`,
  fish: 'honeydue completion fish > ~/.config/fish/completions/honeydue.fish',
}
