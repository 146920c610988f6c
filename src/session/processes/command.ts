import { delimiter, dirname, join } from 'node:path'
import type { Command } from '../../child/command-line.ts'
import { fillPort, withPort } from '../../child/placeholders.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { ProcessDefinition } from './definition.ts'
import { SERVICE_VARIABLE } from './names.ts'

/** Where other services are, for placeholders such as `{db.port}`. */
export type FindReservation = (service: string) => PortReservation | undefined

/** What a command's environment is made from. */
export interface EnvironmentSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the session publishes. */
  readonly variables: Readonly<Record<string, string>>
  /** The lines it writes end in a terminal that shows colours. */
  readonly colors: boolean
}

/** Words that a shell alone understands. */
const NEEDS_SHELL = /[^\w\s@%+=:,./{}-]/
const SHELL_WORDS = /^(?:\.|cd|exec|exit|export|set|source|ulimit|umask|wait|\w+=.*)$/

/** The command with every placeholder filled in, and the port's flag for tools that need it. */
export function commandOf(
  { command }: Pick<ProcessDefinition, 'command'>,
  own: PortReservation,
  find: FindReservation,
): Command {
  const fill = (text: string): string => fillPlaceholders(text, find)
  if (typeof command !== 'string') {
    const [file = '', ...args] = command
    return withPort({ command: fill(file), args: args.map(fill) }, own)
  }
  const line = fill(command.trim())
  const [file = '', ...args] = line.split(/\s+/)
  // One process less, and a tool that needs its port as a flag can get it.
  const plain = !NEEDS_SHELL.test(line) && !SHELL_WORDS.test(file)
  return withPort(plain ? { command: file, args } : { command: line, shell: true }, own)
}

/** `{db.port}`, `{db.host}` and `{db.url}`; what names no service stays as it is. */
export function fillPlaceholders(text: string, find: FindReservation): string {
  return text.replace(
    /\{([\w.-]+)\.(port|host|url)\}/g,
    (whole, service: string, what: 'port' | 'host' | 'url') => {
      const found = find(service)
      if (!found) return whole
      return what === 'host' ? (found.host ?? 'localhost') : String(found[what])
    },
  )
}

/** Everything in the command's environment; what the service's own `env` says wins. */
export function environmentOf(
  { service, directory, env }: ProcessDefinition,
  own: PortReservation,
  find: FindReservation,
  sources: EnvironmentSources,
): Record<string, string | undefined> {
  const inherited = sources.env
  const pathName = Object.keys(inherited).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const set = Object.entries(env).map(([name, value]) => {
    return [name, fillPort(fillPlaceholders(value, find), own)] as const
  })
  return {
    ...inherited,
    ...(sources.colors && inherited.FORCE_COLOR === undefined && { FORCE_COLOR: '1' }),
    [pathName]: [...binDirectories(directory), inherited[pathName]].filter(Boolean).join(delimiter),
    ...sources.variables,
    ...(own.path === undefined && { PORT: String(own.port) }),
    [SERVICE_VARIABLE]: service,
    ...Object.fromEntries(set),
  }
}

/** As for scripts in a `package.json`. */
function binDirectories(directory: string): string[] {
  const own = join(directory, 'node_modules', '.bin')
  const parent = dirname(directory)
  return parent === directory ? [own] : [own, ...binDirectories(parent)]
}
