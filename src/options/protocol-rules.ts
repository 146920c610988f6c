import type { GenericSchema } from 'valibot'
import type { ServiceOptions } from '../types.ts'
import { leaf } from './keyed.ts'

type Entries = Record<keyof ServiceOptions, GenericSchema>

/** Options that are about ports, and what a service on a path has instead. */
const PORTS_ONLY: Partial<Record<keyof ServiceOptions, string>> = {
  preferred: 'use "path" to say where it listens',
  range: 'a path is taken from no range',
  pool: 'a path is taken from no range',
  strategy: 'a path is taken from no range',
  contiguous: 'paths do not follow one another',
  host: 'a path belongs to this machine alone',
}
const BUILT_IN = new Set(['dev', 'hmr', 'preview'])

/**
 * The schemas of a service's options with those refused that its protocol has no use for. Each
 * refusal stands where the option was written.
 */
export function withProtocolRules(
  name: string,
  service: Readonly<Record<string, unknown>>,
  entries: Entries,
): Entries {
  const { protocol = 'tcp' } = service
  const rules: Partial<Entries> = {}
  if (BUILT_IN.has(name)) {
    if (protocol === 'udp' || protocol === 'unix') {
      rules.protocol = refusal(`the bundler's own servers listen on TCP ports alone.`)
    }
  } else if (protocol === 'unix') {
    for (const [key, advice] of Object.entries(PORTS_ONLY)) {
      rules[key as keyof ServiceOptions] = refusal(
        `a service with protocol "unix" has no port; ${advice}.`,
      )
    }
    if (Number(service.count) > 1) {
      rules.path = refusal('one path for several sockets; leave "path" or "count" out.')
    }
  }
  if (protocol !== 'unix') {
    rules.path = refusal('only a service with protocol "unix" has a path; add protocol: "unix".')
  }
  if (protocol === 'udp' || protocol === 'unix') {
    rules.proxy = refusal(
      `the dev server forwards to TCP ports alone, and this service has protocol "${protocol}".`,
    )
  }
  return { ...entries, ...rules }
}

/** `false` asks for nothing, so it is no mistake. */
function refusal(problem: string): GenericSchema {
  return leaf(
    (value) => value === false,
    () => problem,
  )
}
