import type { CommandSpec, FlagSpec } from '../command.ts'
import { ENV_FORMATS } from '../../output/env-formats.ts'
import { GLOBAL_FLAGS } from '../parse.ts'
import { SHELLS } from './scripts.ts'

/** Something that may stand at the cursor. */
export interface Suggestion {
  readonly value: string
  /** One line for people; shells that have no room for it leave it out. */
  readonly text: string
}

/** What only the machine knows at that moment. */
export interface LiveValues {
  readonly services: readonly Suggestion[]
  readonly ports: readonly Suggestion[]
}

/** What a shell is to offer: suggestions, or what it knows better itself. */
export type Completion =
  | { readonly offer: readonly Suggestion[] }
  | { readonly offer: 'directories' }
  /** Another command line begins at that word; counted from 0, the program's name not counted. */
  | { readonly offer: 'command'; readonly from: number }

const NOTHING: Completion = { offer: [] }
const TIMES: readonly Suggestion[] = ['10s', '30s', '1m', '14d'].map((value) => ({
  value,
  text: 'a time',
}))

/**
 * What may stand at the end of a command line.
 *
 * @param words Everything behind the program's name; the last one is what is being typed.
 * @param live Asked only when something of it is offered.
 */
export async function complete(
  words: readonly string[],
  commands: readonly CommandSpec[],
  live: () => Promise<LiveValues>,
): Promise<Completion> {
  const line = readLine(words, commands)
  const { current, spec } = line
  const flags = { ...spec?.flags, ...GLOBAL_FLAGS }
  const valued = line.valueOf === undefined ? undefined : flags[line.valueOf]
  if (valued) return startingWith(current, await valuesOf(valued.value ?? '', live))
  if (line.rest !== undefined) return { offer: 'command', from: line.rest }
  if (current.startsWith('-')) return startingWith(current, flagsOf(flags, line))
  if (spec === undefined) {
    const names = commands.map(({ name, summary }) => ({ value: name, text: summary }))
    const help = line.asksHelp ? [] : [{ value: 'help', text: 'the help of a command' }]
    return startingWith(current, [...names, ...help])
  }
  const most = spec.args === undefined ? 0 : (spec.maxArgs ?? Infinity)
  if (line.args >= most) return NOTHING
  if (spec.passesRest) return { offer: 'command', from: words.length - 1 }
  const found = await valuesOf(spec.args ?? '', live)
  if (!Array.isArray(found)) return startingWith(current, found)
  return startingWith(
    current,
    found.filter(({ value }) => !words.slice(0, -1).includes(value)),
  )
}

/** A command line up to the word that is being typed. */
interface ReadLine {
  readonly current: string
  readonly spec: CommandSpec | undefined
  /** `ports help …` */
  readonly asksHelp: boolean
  /** How many arguments the command has got already. */
  readonly args: number
  /** Flags that were given, by long name. */
  readonly given: ReadonlySet<string>
  /** The flag whose value is being typed. */
  readonly valueOf: string | undefined
  /** Where the command line of somebody else begins. */
  readonly rest: number | undefined
}

function readLine(words: readonly string[], commands: readonly CommandSpec[]): ReadLine {
  const current = words.at(-1) ?? ''
  const given = new Set<string>()
  let spec: CommandSpec | undefined
  let asksHelp = false
  let args = 0
  let valueOf: string | undefined
  let rest: number | undefined
  for (const [index, word] of words.slice(0, -1).entries()) {
    // Bash splits `--format=json` into three words.
    if (word === '=') continue
    if (valueOf !== undefined) {
      valueOf = undefined
      continue
    }
    const flag = flagNamed(word, { ...spec?.flags, ...GLOBAL_FLAGS })
    if (flag) {
      given.add(flag.name)
      if (flag.takesNext) valueOf = flag.name
    } else if (word === '--' && spec?.passesRest) {
      rest = index + 1
      break
    } else if (spec === undefined && word === 'help') asksHelp = true
    else if (spec === undefined && !word.startsWith('-')) {
      spec = asksHelp ? undefined : commands.find(({ name }) => name === word)
    } else if (!word.startsWith('-')) {
      if (spec?.passesRest) {
        rest = index
        break
      }
      args++
    }
  }
  return { current: current === '=' ? '' : current, spec, asksHelp, args, given, valueOf, rest }
}

function flagNamed(
  word: string,
  flags: Readonly<Record<string, FlagSpec>>,
): { name: string; takesNext: boolean } | undefined {
  const [, long, inline] = /^--([^=]+)(=.*)?$/.exec(word) ?? []
  const short = /^-(\w)$/.exec(word)?.[1]
  for (const [name, flag] of Object.entries(flags)) {
    if (name !== long && (short === undefined || flag.short !== short)) continue
    return { name, takesNext: flag.value !== undefined && inline === undefined }
  }
  return undefined
}

function flagsOf(
  flags: Readonly<Record<string, FlagSpec>>,
  { given }: ReadLine,
): readonly Suggestion[] {
  return Object.entries(flags)
    .filter(([name]) => !given.has(name))
    .map(([name, { text }]) => ({ value: `--${name}`, text }))
}

/** By what the help calls it: `<service|port…>`, `<dir>`. */
async function valuesOf(
  placeholder: string,
  live: () => Promise<LiveValues>,
): Promise<readonly Suggestion[] | 'directories'> {
  const kinds: readonly string[] = placeholder.match(/[a-z]+/g) ?? []
  if (kinds.includes('dir')) return 'directories'
  if (kinds.includes('time')) return TIMES
  if (kinds.includes('format')) return ENV_FORMATS.map((value) => ({ value, text: 'a format' }))
  if (kinds.includes('shell')) return SHELLS.map((value) => ({ value, text: 'a shell' }))
  const names = kinds.includes('service') || kinds.includes('name')
  const ports = kinds.includes('port')
  if (!names && !ports) return []
  const { services, ports: all } = await live()
  return [...(names ? services : []), ...(ports ? all : [])]
}

function startingWith(current: string, values: readonly Suggestion[] | 'directories'): Completion {
  if (values === 'directories') return { offer: values }
  return { offer: values.filter(({ value }) => value.startsWith(current)) }
}
