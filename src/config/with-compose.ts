import { relative } from 'node:path'
import { type ComposeProject, readCompose } from '../compose/project.ts'
import { composeServiceOptions } from '../compose/services.ts'
import type { Options } from '../types.ts'
import { mergeOptions } from './merge.ts'

/** Options with the services of compose files, and what should be known of those files. */
export interface WithCompose {
  readonly options: Options | undefined
  readonly files: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * The services that the root's compose files publish by variables, under those that a person has
 * named. Without the option `compose` nothing is looked for.
 *
 * @param env Default: the environment of the process, as Compose itself would have it.
 */
export function withCompose(
  options: Options | undefined,
  root: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): WithCompose {
  const compose: unknown = options?.compose
  const wanted = compose === true || (typeof compose === 'string' && compose !== '')
  if (!wanted) return { options, files: [], warnings: [] }
  const files = typeof compose === 'string' ? { files: [compose] } : {}
  const project = readCompose({ directory: root, env, ...files })
  if (project) return underneath(options, project)
  const warnings = [`compose is true, and there is no compose file in ${root}.`]
  return { options, files: [], warnings }
}

/** The services of `project` under `options`, and what is wrong with its files. */
export function underneath(options: Options | undefined, project: ComposeProject): WithCompose {
  const services = composeServiceOptions(project)
  return {
    // Wrong options are told when they are resolved.
    options: isTable(options?.services) ? mergeOptions({ services }, options ?? {}) : options,
    files: project.files,
    warnings: project.problems.map(({ message }) => shorten(message, project.directory)),
  }
}

function isTable(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null)
}

/** Paths below the project's directory are clear without it. */
function shorten(message: string, directory: string): string {
  const [file = ''] = message.split(' ', 1)
  const near = relative(directory, file)
  return near && !near.startsWith('..') ? message.replace(file, near) : message
}
