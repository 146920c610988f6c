import { existsSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { findConfigFile } from '../config/find.ts'
import { type EffectiveOptions, programOptions } from '../config/effective-options.ts'
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
  const found = await programOptions({ root }, world.cwd)
  if (found.options.services.some(({ process }) => process)) return { root, found }
  const suggestions = await suggestServices(root, PROJECT_SOURCES, world.env)
  if (file !== undefined || suggestions.length === 0) throw nothingToStart(file, suggestions)
  if (!questions) {
    const sure = suggestions.filter((suggestion) => suggestion.sure)
    if (sure.length === 0) throw nothingToStart(file, suggestions)
    say(`no ports.config; guessed from the project:\n${suggestionLines(sure).join('\n')}`)
    return { root, found: await guessed(root, sure, world) }
  }
  const chosen = await questions.choose(suggestions)
  if (!chosen || chosen.length === 0) return undefined
  const path = join(root, 'ports.config.mjs')
  if (existsSync(path)) throw new PortsOptionError(`${path} has come into being meanwhile.`)
  writeFileAtomicSync(path, Buffer.from(configText(chosen)))
  say(`written to ${relative(world.cwd, path) || basename(path)}.`)
  return { root, found: await programOptions({ root }, world.cwd) }
}

function guessed(
  root: string,
  suggestions: readonly Suggestion[],
  world: SessionWorld,
): Promise<EffectiveOptions> {
  const services = Object.fromEntries(suggestions.map(({ name, options }) => [name, options]))
  return programOptions({ root, services }, world.cwd)
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
