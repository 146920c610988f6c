import { existsSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { findConfigFile } from '../config/find.ts'
import { type EffectiveOptions, projectOptions } from '../config/effective-options.ts'
import { readStamped } from '../config/with-compose.ts'
import { PortsOptionError } from '../errors.ts'
import { writeFileAtomicSync } from '../utils/atomic-write.ts'
import type { SessionWorld } from '../session/world.ts'
import { configText, suggestionLines } from './config-text.ts'
import { PROJECT_SOURCES } from './project/sources.ts'
import { suggestServices, type Suggestion } from './project/suggestion.ts'

/** What `ports dev` is to start. */
export interface DevOptions {
  /** Directory of the config file, else where the command was given. */
  readonly root: string
  readonly found: EffectiveOptions
}

/** Asks somebody; absent where nobody can be asked. */
export interface DevQuestions {
  /** Which of these to start; `undefined` for none, after a change of mind. */
  choose(suggestions: readonly Suggestion[]): Promise<readonly Suggestion[] | undefined>
}

/**
 * The services of the config file, else those that the project shows: chosen by somebody and written
 * as a config, or guessed when nobody can be asked.
 *
 * @returns `undefined` when somebody was asked and wants none.
 * @throws PortsOptionError when there is nothing to start, saying what to write.
 */
export async function devOptions(
  world: SessionWorld,
  questions: DevQuestions | undefined,
  say: (text: string) => void,
): Promise<DevOptions | undefined> {
  const { file } = findConfigFile(world.cwd)
  const root = file === undefined ? world.cwd : dirname(file)
  const found = await configured(root, world)
  if (startsSomething(found)) return { root, found }
  const suggestions = await suggestServices(root, PROJECT_SOURCES, world.env)
  if (file !== undefined || suggestions.length === 0) throw nothingToStart(file, suggestions)
  if (!questions) {
    const guess = await guessed(root, world)
    say(`no ports.config; guessed from the project:\n${suggestionLines(guess.sure).join('\n')}`)
    return { root, found: guess.found }
  }
  const chosen = await questions.choose(suggestions)
  if (!chosen || chosen.length === 0) return undefined
  const path = join(root, 'ports.config.mjs')
  if (existsSync(path)) throw new PortsOptionError(`${path} has come into being meanwhile.`)
  writeFileAtomicSync(path, Buffer.from(configText(chosen)))
  say(`written to ${relative(world.cwd, path) || basename(path)}.`)
  return { root, found: await configured(root, world) }
}

/** What the config file says for the root, and for the packages of its workspace. */
async function configured(
  root: string,
  { env }: Pick<SessionWorld, 'env'>,
  fresh = false,
): Promise<EffectiveOptions> {
  const found = await projectOptions({ root }, env, fresh)
  const { file, packages } = found
  if (file === undefined) return found
  const { packageServices } = await import('./project/config-packages.ts')
  const { services, files } = await packageServices(root, packages, fresh)
  const all =
    Object.keys(services).length > 0 ? await projectOptions({ root, services }, env, fresh) : found
  return {
    ...all,
    composeFiles: new Map([...files, ...all.composeFiles].filter(([other]) => other !== file)),
    again: () => configured(root, { env }, true),
  }
}

/** What is started without a config. */
interface Guess {
  readonly found: EffectiveOptions
  readonly sure: readonly Suggestion[]
  /** Compose files that nothing could be learned from, in words for people. */
  readonly unread: readonly string[]
}

/** What the project shows for certain, until somebody writes a config. */
async function guessed(root: string, world: SessionWorld): Promise<Guess> {
  const { project, files } = readStamped({ directory: root, env: world.env })
  const suggestions = await suggestServices(root, PROJECT_SOURCES, world.env)
  const sure = suggestions.filter((suggestion) => suggestion.sure)
  if (sure.length === 0) throw nothingToStart(undefined, suggestions)
  const services = Object.fromEntries(sure.map(({ name, options }) => [name, options]))
  const found = await projectOptions({ root, services }, world.env)
  const again = async (): Promise<EffectiveOptions> => {
    const written = await configured(root, world, true)
    if (written.file !== undefined) return written
    const guess = await guessed(root, world)
    if (guess.unread.length > 0) throw new PortsOptionError(guess.unread.join('\n'))
    return guess.found
  }
  // A config further up is another project's, or one whose services are started from there.
  const places = () => found.places().filter((place) => dirname(place) === root)
  const unread = project?.problems.filter(({ whole }) => whole).map(({ message }) => message)
  return { sure, unread: unread ?? [], found: { ...found, composeFiles: files, places, again } }
}

function startsSomething({ options }: EffectiveOptions): boolean {
  return options.services.some(({ process }) => process)
}

function nothingToStart(
  file: string | undefined,
  suggestions: readonly Suggestion[],
): PortsOptionError {
  const example =
    suggestions.length > 0
      ? configText(suggestions)
      : `export default {\n  services: {\n    api: { command: 'node api.js' },\n  },\n}\n`
  const what =
    file === undefined
      ? 'there is nothing here that could be started with certainty. Write a ports.config.mjs, such as'
      : `no service of ${file} has a command. Give them one, such as`
  return new PortsOptionError(`${what}\n\n${example}`)
}
