import { type EffectiveOptions, effectiveOptions } from '../config/effective-options.ts'
import { mergeOptions } from '../config/merge.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { listLeases } from '../lease/list.ts'
import type { Here } from '../machine/leases-here.ts'
import type { Looking } from '../machine/look-at.ts'
import type { ResolvedOptions } from '../options/resolved.ts'
import { validateOptions } from '../options/validate.ts'
import { withDeadline } from '../utils/deadline.ts'
import { CHECKS } from './checks.ts'
import type { Finding } from './finding.ts'
import { type WantedService, wantedServices } from './wanted.ts'

/** Everything that the gatherers of facts may need. */
export interface Patient {
  readonly here: Here
  readonly looking: Looking
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** Version of this package. */
  readonly ownVersion: string
  /** `undefined` when the config can't be read, which is {@link Patient.configError}. */
  readonly options: ResolvedOptions | undefined
  readonly configError: unknown
  /** The services that the config names, and those of a bundler's config. */
  readonly services: readonly WantedService[]
  /** Every lease on this machine. */
  readonly leases: readonly LeaseAnswer[]
  /** Those of this checkout. */
  readonly own: readonly LeaseAnswer[]
}

/** What was found. */
export interface Examination {
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** Names of the checks that were made. */
  readonly checked: readonly string[]
  /** Those that could not be made, and why. */
  readonly skipped: readonly { readonly check: string; readonly why: string }[]
}

/** A check that takes longer is given up, in milliseconds. */
const TIMEOUT_MS = 5000
const HANGS = `ports.config was not read within ${TIMEOUT_MS} ms.`
const ORDER = ['error', 'warning', 'note'] as const

/** What the config file says, with what a bundler's config gives to the plugin over it. */
async function optionsOf(cwd: string): Promise<EffectiveOptions> {
  const query = { given: undefined, cwd, root: undefined, mode: undefined }
  const { inlineOptions } = await import('./facts/inline-options.ts')
  const given = await inlineOptions(cwd)
  if (given.length === 0) return effectiveOptions(query)
  try {
    const merged = given.map((options) => validateOptions(options)).reduce(mergeOptions)
    return await effectiveOptions({ ...query, given: merged })
  } catch {
    // Half of what is written there may be computed; the file must be right by itself.
    return effectiveOptions(query)
  }
}

/** Makes every check; one that fails is reported and keeps none of the others from being made. */
export async function examine(
  here: Here,
  looking: Looking,
  ownVersion: string,
): Promise<Examination> {
  // Deadlines do not keep the process alive, and what hangs may not either.
  const alive = setInterval(() => {}, TIMEOUT_MS)
  try {
    return await examineAll(await admit(here, looking, ownVersion))
  } finally {
    clearInterval(alive)
  }
}

async function examineAll(patient: Patient): Promise<Examination> {
  const results = await Promise.all(
    CHECKS.map(async ({ name, run }) => {
      try {
        const found = await withDeadline(run(patient), TIMEOUT_MS, 'late' as const)
        return found === 'late'
          ? { name, why: `took longer than ${TIMEOUT_MS} ms` }
          : { name, found }
      } catch (error) {
        return { name, why: error instanceof Error ? error.message : String(error) }
      }
    }),
  )
  const findings = results.flatMap((result) => result.found ?? [])
  return {
    findings: ORDER.flatMap((severity) => findings.filter((it) => it.severity === severity)),
    checked: results.flatMap(({ name, found }) => (found ? name : [])),
    skipped: results.flatMap(({ name, why }) => (why === undefined ? [] : { check: name, why })),
  }
}

async function admit(here: Here, looking: Looking, ownVersion: string): Promise<Patient> {
  const { cwd, place, checkout } = here
  const [loaded, leases] = await Promise.all([
    withDeadline(optionsOf(cwd), TIMEOUT_MS, undefined).then(
      (effective) => ({ effective, error: effective ? undefined : new Error(HANGS) }),
      (error: unknown) => ({ effective: undefined, error }),
    ),
    listLeases(place),
  ])
  const { effective, error } = loaded
  return {
    here,
    looking,
    env: looking.env,
    platform: place.platform,
    ownVersion,
    options: effective?.options,
    configError: error,
    services: effective ? wantedServices(effective.options, effective.named) : [],
    leases,
    own: leases.filter((lease) => lease.checkout === checkout.dir),
  }
}
