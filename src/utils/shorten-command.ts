import { stripVTControlCharacters } from 'node:util'
import { maskSecrets } from './mask-secrets.ts'

/** Longer command lines are cut before anything else looks at them. */
const MAX_INPUT_LENGTH = 4096

const RUNTIME = /^(?:node|nodejs|bun|deno|python[\d.]*)$/
const SUBCOMMAND = /^(?:run|task|x|test|serve)$/
const INLINE_CODE = /^(?:-e|--eval|-p|--print|-pe|-c)$/

/** Options of the runtimes whose value is a word of its own. */
const TAKES_VALUE =
  /^(?:-r|--require|--import|--loader|--experimental-loader|--preload|-C|--conditions|--env-file|--watch-path|--title|--cwd|--config|--import-map|-X|-W)$/

/** File names that say less than the name of their package. */
const GENERIC_NAME = /^(?:cli|index|main|bin|run|start)$/

/**
 * A command line in the words a person would use: `/usr/bin/node /shop/node_modules/.bin/vite
 * --port 3000` becomes `vite --port 3000`, and `node --inspect /shop/src/api.js` becomes
 * `node api.js`. Secrets are masked and control characters removed, so it is safe to print.
 *
 * @param command arguments, or one string in which double quotes hold words together
 * @param maxLength in characters; what is longer ends in an ellipsis
 */
export function shortenCommand(command: readonly string[] | string, maxLength = 60): string {
  // A process that set its own title has it as its only argument.
  const single = typeof command === 'string' || command.length <= 1
  const words = single ? splitWords(clean(`${command}`)) : command.map(clean)
  const [file = '', ...args] = maskSecrets(words.filter((word) => word !== ''))
  const name = baseName(file).replace(/\.(?:exe|cmd|bat)$/i, '')
  const short = RUNTIME.test(name) ? withoutRuntime(name, args) : [name, ...args]
  return cut(short.join(' '), maxLength)
}

/** Without what could steer a terminal or reorder text; line breaks and tabs become spaces. */
function clean(text: string): string {
  return stripVTControlCharacters(text.slice(0, MAX_INPUT_LENGTH))
    .replace(/[\s\u0085]+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .trim()
}

function splitWords(text: string): string[] {
  const words = text.match(/(?:"(?:[^"\\]|\\.)*"|[^ "]+|")+/g) ?? []
  return words.map((word) => word.replace(/\\"|"/g, (quote) => (quote === '"' ? '' : '"')))
}

function withoutRuntime(runtime: string, args: readonly string[]): string[] {
  const start = [runtime]
  let at = 0
  const takesSubcommand = runtime === 'bun' || runtime === 'deno'
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (takesSubcommand && start.length === 1 && SUBCOMMAND.test(arg)) start.push(arg)
    else if (!arg.startsWith('-')) break
    // The code itself says little, and may hold anything.
    else if (INLINE_CODE.test(arg)) return [...start, arg, '…']
    else if (arg === '-m') return [...start, ...args.slice(at)]
    else if (TAKES_VALUE.test(arg)) at += 1
  }
  const script = args[at]
  if (script === undefined) return start
  const rest = args.slice(at + 1)
  const tool = toolName(script)
  return tool === undefined ? [...start, baseName(script), ...rest] : [tool, ...rest]
}

/** The name under which people know an installed tool; undefined for a script of the project. */
function toolName(script: string): string | undefined {
  const path = script.replaceAll('\\', '/')
  const installed = /^.*\bnode_modules\/(?:\.bin\/[^/]+|((?:@[^/]+\/)?[^/]+)\/.+)$/.exec(path)
  const file = baseName(path).replace(/\.(?:[cm]?[jt]s|cmd|exe)$/, '')
  if (!installed) return /^(?:\/|[a-z]:\/).*\/bin\/[^./]+$/i.test(path) ? file : undefined
  const owner = installed[1]
  if (owner === undefined) return file
  if (owner === 'npm') return file.replace(/-cli$/, '')
  return /\/bin\/[^/]+$/.test(path) && !GENERIC_NAME.test(file) ? file : owner
}

/** What follows the last slash or backslash; specifiers such as `npm:vite` stay whole. */
function baseName(path: string): string {
  if (/^(?:npm|jsr|https?):/.test(path)) return path
  return path.replace(/^.*[\\/](?=[^\\/])/, '')
}

function cut(text: string, maxLength: number): string {
  const characters = Array.from(text)
  if (characters.length <= maxLength) return text
  return `${characters
    .slice(0, Math.max(0, maxLength - 1))
    .join('')
    .trimEnd()}…`
}
