import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { readText } from '../utils/read-text.ts'
import type { Command } from './command-line.ts'

/** Whether a command's server will be a Node process, which can ask for its socket. */
export type Runtime = 'node' | 'other'

/** Where a command is looked for. */
export interface RuntimeSearch {
  readonly cwd: string
  /** As in the variable `PATH`. */
  readonly path: string
  /** Whether scripts of `package.json` are looked into. Default `true`. */
  readonly scripts?: boolean
}

const NODE = /^(?:node|nodejs|npm|npx|pnpm|pnpx|yarn|yarnpkg|tsx|corepack)$/
/** Programs of their own that may come with a script for Node which only starts them. */
const NATIVE = /^(?:esbuild|bun|bunx|deno)$/
/** Start the tool that is named behind them. */
const RUNNER = /^(?:npx|pnpx|npm|pnpm|yarn)$/
/** Words before the command itself that start it unchanged. */
const PREFIX = /^(?:exec|env|command|time|nice|nohup|cross-env|dotenv|sudo|\w+=.*)$/
const HEAD_BYTES = 2048

/**
 * Whether the server of `command` will run on Node, as far as its name and its file tell. A shell's
 * line is judged by its last command: what stands before prepares it.
 */
export function runtimeOf(command: Command, search: RuntimeSearch): Runtime {
  // Without our part of it, its Node processes don't know whom to ask.
  if (command.shell && /\bNODE_OPTIONS=/.test(command.command)) return 'other'
  if (!command.shell) return judge([command.command, ...(command.args ?? [])], search)
  const parts = command.command.split(/&&|\|\||[;&|\n]/).map((part) => part.trim())
  const last = parts.findLast((part) => part !== '' && part !== 'wait') ?? ''
  return judge(last.split(/\s+/), search)
}

function judge(words: readonly string[], search: RuntimeSearch): Runtime {
  const script = search.scripts === false ? undefined : scriptText(words, search.cwd)
  if (script !== undefined) {
    const path = [join(search.cwd, 'node_modules/.bin'), search.path].join(delimiter)
    // A script that runs another one is not followed any further.
    return runtimeOf({ command: script, shell: true }, { ...search, path, scripts: false })
  }
  const word = words.find((part) => !PREFIX.test(part) && !part.startsWith('-')) ?? ''
  const file = word.replace(/^["']|["']$/g, '')
  const name = nameOf(file)
  if (NATIVE.test(name) || (RUNNER.test(name) && NATIVE.test(toolOf(words)))) return 'other'
  if (NODE.test(name) || /\.[cm]?[jt]s$/.test(name)) return 'node'
  const found = find(file, search)
  return found && startsNode(found) ? 'node' : 'other'
}

/** What `npx esbuild` or `pnpm exec esbuild` starts. */
function toolOf([, ...rest]: readonly string[]): string {
  return nameOf(rest.find((word) => !word.startsWith('-') && !/^(?:exec|dlx)$/.test(word)) ?? '')
}

function nameOf(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\.(?:exe|cmd|ps1|bat)$/i, '')
}

/** The text of the script that `npm run api`, `pnpm api` or `yarn start` would run; `undefined` for other commands. */
export function scriptText(
  [manager = '', ...rest]: readonly string[],
  cwd: string,
): string | undefined {
  if (!/^(?:npm|pnpm|yarn)$/.test(manager)) return undefined
  const [first, second] = rest.filter((word) => !word.startsWith('-'))
  const name = first === 'run' || first === 'run-script' ? second : first
  if (name === undefined) return undefined
  try {
    const manifest = JSON.parse(readText(join(cwd, 'package.json'))) as {
      scripts?: Record<string, unknown>
    }
    const script = manifest.scripts?.[name]
    return typeof script === 'string' ? script : undefined
  } catch {
    return undefined
  }
}

function find(file: string, { cwd, path }: RuntimeSearch): string | undefined {
  if (/[\\/]/.test(file)) return isFile(resolve(cwd, file)) ? resolve(cwd, file) : undefined
  for (const directory of path.split(delimiter)) {
    const candidate = join(isAbsolute(directory) ? directory : resolve(cwd, directory), file)
    if (isFile(candidate)) return candidate
  }
  return undefined
}

/** Tools of npm packages begin with Node's name, or are scripts that call it. */
function startsNode(file: string): boolean {
  try {
    const fd = openSync(file, 'r')
    try {
      const head = Buffer.alloc(HEAD_BYTES)
      const text = head.toString('latin1', 0, readSync(fd, head, 0, HEAD_BYTES, 0))
      if (!text.startsWith('#!')) return false
      const [first = ''] = text.split('\n', 1)
      return /\bnode\b/.test(first) || (/\bsh\b/.test(first) && /\bexec\b.*\bnode\b/.test(text))
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
