import type { ServiceOptions } from '../types.ts'
import type { ResolvedProcess } from './resolved.ts'

const RESTART: NonNullable<ResolvedProcess['restart']> = {
  when: 'on-failure',
  maxRetries: 5,
  delayMs: 500,
  maxDelayMs: 10_000,
  resetAfterMs: 10_000,
}

/** Keys of `env` that name variables of the command's own; the others name those that publish the port. */
export function isOwnVariable(key: string): boolean {
  return /^[A-Z_][A-Z0-9_]*$/.test(key)
}

/** How the service's `command` is run; `undefined` without one. */
export function resolveProcess(service: ServiceOptions): ResolvedProcess | undefined {
  const { command, cwd, env } = service
  if (command === undefined) return undefined
  const isTable = typeof env === 'object' && !Array.isArray(env)
  const own = isTable ? Object.entries(env).filter(([key]) => isOwnVariable(key)) : []
  return {
    command,
    cwd,
    env: Object.fromEntries(own) as Record<string, string>,
    restart: resolveRestart(service.restart),
  }
}

/** One name or several, as a list in which each is there once. */
export function namesOf(names: string | readonly string[] | undefined): readonly string[] {
  return [...new Set(typeof names === 'string' ? [names] : (names ?? []))]
}

function resolveRestart(restart: ServiceOptions['restart']): ResolvedProcess['restart'] {
  if (restart === false) return undefined
  if (typeof restart === 'string') return { ...RESTART, when: restart }
  const given = Object.entries(restart ?? {}).filter(([, value]) => value !== undefined)
  return { ...RESTART, ...Object.fromEntries(given) }
}
