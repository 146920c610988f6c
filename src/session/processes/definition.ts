import { isDeepStrictEqual } from 'node:util'
import { entryOf } from '../../options/dependencies.ts'
import type { ResolvedHealth } from '../../options/health.ts'
import type { ResolvedProcess, ResolvedService } from '../../options/resolved.ts'

/** What a service's process is made from; equal definitions need no new process. */
export interface ProcessDefinition extends ResolvedProcess {
  readonly service: string
  /** Absolute. */
  readonly directory: string
  /** Services that must be healthy first, by their own names. */
  readonly waitsFor: readonly string[]
  readonly health: ResolvedHealth | undefined
  readonly healthGiven: boolean
}

/**
 * The definition of a service with a command.
 *
 * @param directory Where the command is run, absolute.
 * @param all Every service, because one that is depended on may have become several.
 */
export function definitionOf(
  service: ResolvedService,
  process: ResolvedProcess,
  directory: string,
  all: readonly ResolvedService[],
): ProcessDefinition {
  const { name, dependsOn, health, healthGiven } = service
  const waitsFor = dependsOn.flatMap((entry) => {
    const found = all.filter((one) => entryOf(one) === entry || one.name === entry)
    return found.length > 0 ? found.map((one) => one.name) : [entry]
  })
  return { ...process, service: name, directory, waitsFor, health, healthGiven }
}

/** Nothing that the running process was started with has changed. */
export function isSameDefinition(a: ProcessDefinition, b: ProcessDefinition): boolean {
  // How it is probed is no reason to start it again.
  const { health, healthGiven } = b
  return isDeepStrictEqual({ ...a, health, healthGiven }, b)
}

/** The command for people, as it was written. */
export function commandText({ command }: Pick<ProcessDefinition, 'command'>): string {
  return typeof command === 'string' ? command : command.join(' ')
}
