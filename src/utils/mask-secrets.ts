const MASK = '***'

const SECRET =
  '(?:token|secret|passw|passphrase|pwd|api[-_]?key|private[-_]?key|access[-_]?key|auth|credential)'

/** `--token`, `-auth`; not `--no-auth`, which takes no value. */
const SECRET_OPTION = new RegExp(`^--?(?!-?no-)[^=]*${SECRET}[^=]*$`, 'i')

/** The words before a secret in a header that was split at its spaces: `Authorization:` `Bearer`. */
const HEADER_WORD = new RegExp(`^(?:[^=\\s]*${SECRET}[^=\\s]*:|bearer|basic)$`, 'i')

/** A secret inside a word: `--token=x`, `API_KEY=x`, `?token=x`, `X-Auth: x`; not `run auth:dev`. */
const SECRET_WITHIN = new RegExp(`(${SECRET}[^=:]{0,40}(?:=|:\\s)).+`, 'is')
/** The same in JSON and its like, where a bare colon stands between name and value. */
const SECRET_WITHIN_BRACES = new RegExp(`(${SECRET}[^=:]{0,40}[=:]).+`, 'is')

/** `user:pass@` and `token@` in a URL. A port and `/` behind the colon mean a host: `localhost:80/@x`. */
const URL_CREDENTIALS = /(:\/\/)(?:[^\s/@]*:(?!\d*\/)\S*|[^\s/?#]*)@/g

/**
 * Replaces what looks like a secret in the words of a command line by `***`: values of options whose
 * name says so, credentials in URLs, authorization headers. Hides too much rather than too little.
 */
export function maskSecrets(words: readonly string[]): string[] {
  let valueFollows = false
  return words.map((word) => {
    const isValue = valueFollows && !word.startsWith('--')
    valueFollows = SECRET_OPTION.test(word) || HEADER_WORD.test(word)
    if (isValue) return MASK
    // One word with spaces may be a command line of its own: `sh -c "deploy --token x"`.
    const inner = word.includes(' ') ? maskSecrets(word.split(' ')).join(' ') : word
    const within = word.includes('{') ? SECRET_WITHIN_BRACES : SECRET_WITHIN
    return inner.replace(URL_CREDENTIALS, `$1${MASK}@`).replace(within, `$1${MASK}`)
  })
}
