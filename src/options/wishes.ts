import type { Wish } from '../plan/plan.ts'
import { isInRange, showRange } from './ranges.ts'
import type { ResolvedService } from './resolved.ts'

/** One assignment in an env file, outside our own block. */
export interface FileVariable {
  readonly name: string
  readonly value: string
  /** Shown to people: `.env`. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

/** Where variables may be set. */
export interface VariableSources {
  readonly process: Readonly<Record<string, string | undefined>>
  /** In the order in which they count: a later one wins. */
  readonly files: readonly FileVariable[]
  /** What our own block says; left there by the last run, so it is nobody's wish. */
  readonly block: ReadonlyMap<string, string>
}

/** Wishes by service, and what was wrong with variables that carry none. */
export interface Wishes {
  readonly byService: Readonly<Record<string, readonly Wish[]>>
  readonly warnings: readonly string[]
}

/** The ports that people set through variables. The process environment wins over env files. */
export function collectWishes(
  services: readonly ResolvedService[],
  sources: VariableSources,
): Wishes {
  const byService: Record<string, Wish[]> = {}
  const warnings: string[] = []
  const echoed = isBlockLoaded(sources)
  for (const service of services) {
    const wishes: Wish[] = []
    const add = (value: string | undefined, from: string): void => {
      if (value === undefined || value.trim() === '') return
      if (service.protocol === 'unix') {
        wishes.push({ port: 0, path: value.trim(), source: 'env', from })
        return
      }
      const port = parsePort(value)
      if (port === undefined) {
        warnings.push(
          `${from} should be a port from 1 to 65535 but is ${show(value)}; ignored for "${service.name}".`,
        )
      } else if (!wishes.some((wish) => wish.port === port)) {
        wishes.push({ port, source: 'env', from })
      }
    }
    for (const name of [...service.env.port, ...service.env.reads]) {
      const value = sources.process[name]
      const isEcho = echoed && value === sources.block.get(name)
      if (!isEcho) add(value, name)
    }
    for (const name of service.env.port) {
      const last = sources.files.findLast((variable) => variable.name === name)
      if (last) add(last.value, `${name} in ${last.file}`)
    }
    if (wishes.length > 0) byService[service.name] = wishes
  }
  return { byService, warnings }
}

/** One warning for each port that was asked for outside the service's pool, where it is used all the same. */
export function wishesOutsidePools(
  services: readonly ResolvedService[],
  byService: Wishes['byService'],
): string[] {
  return services.flatMap(({ name, pool, range }) =>
    (pool === undefined ? [] : (byService[name] ?? []))
      .filter(({ port }) => !isInRange(port, range))
      .map(
        ({ port, from }) =>
          `${from} is ${port}, outside pool "${pool}" (${showRange(range)}) of "${name}"; it counts all the same.`,
      ),
  )
}

/** A whole port number, white space around it allowed; `undefined` for anything else. */
export function parsePort(value: string): number | undefined {
  const trimmed = value.trim()
  if (!/^\d{1,5}$/.test(trimmed)) return undefined
  const port = Number(trimmed)
  return port >= 1 && port <= 65_535 ? port : undefined
}

/**
 * The process was started with our block loaded into its environment (`node --env-file`, `source`,
 * dotenv): then every one of its variables is there with the same value. A person sets one or two.
 */
export function isBlockLoaded({ process, block }: Omit<VariableSources, 'files'>): boolean {
  if (block.size === 0) return false
  for (const [name, value] of block) if (process[name] !== value) return false
  return true
}

function show(value: string): string {
  const text = JSON.stringify(value)
  return text.length > 24 ? `${text.slice(0, 20)}…"` : text
}
