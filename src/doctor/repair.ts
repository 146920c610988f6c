import { chmodSync } from 'node:fs'
import { writeChange } from '../init/carry-out.ts'
import { planIgnoreRule } from '../init/ignore-rule.ts'
import { clean } from '../machine/clean.ts'
import type { Here } from '../machine/leases-here.ts'
import { describeFileError } from '../utils/file-error.ts'
import type { Finding, Repair } from './finding.ts'

/** A finding and what became of it. */
export interface Repaired {
  readonly finding: Finding
  /** What was done, for people; absent when nothing was. */
  readonly done?: string
  /** Why it could not be done. */
  readonly problem?: string
}

type Outcome = Pick<Repaired, 'done' | 'problem'>

/** Does what can be done without loss about each finding; each thing once. Never rejects. */
export async function repairAll(findings: readonly Finding[], here: Here): Promise<Repaired[]> {
  const done = new Map<string, Promise<Outcome>>()
  return Promise.all(
    findings.map(async (finding): Promise<Repaired> => {
      const { repair } = finding
      if (!repair) return { finding }
      const key = JSON.stringify(repair)
      const outcome = done.get(key) ?? repairOne(repair, here)
      done.set(key, outcome)
      return { finding, ...(await outcome) }
    }),
  )
}

async function repairOne(repair: Repair, here: Here): Promise<Outcome> {
  try {
    switch (repair.kind) {
      case 'permissions':
        chmodSync(repair.path, repair.mode)
        return { done: `${repair.path} is now for its owner alone.` }
      case 'clean':
        return await cleanUp(here)
      case 'ignore':
        return await ignore(repair.envFile)
    }
  } catch (error) {
    return { problem: describeFileError(error) }
  }
}

async function cleanUp(here: Here): Promise<Outcome> {
  const cleaned = await clean(here, { dry: false, unusedMs: undefined })
  const left = cleaned.filter(({ problem }) => problem !== undefined)
  const [first] = left
  if (first) return { problem: `${first.leftover.path} ${first.problem}` }
  return { done: `${cleaned.length} of what nobody needs forgotten.` }
}

async function ignore(envFile: string): Promise<Outcome> {
  const rule = await planIgnoreRule(envFile)
  if (rule.kind !== 'add') return { problem: 'the rule is not what is missing' }
  const problem = writeChange(rule)
  return problem === undefined
    ? { done: `${rule.path} has a rule for it now.` }
    : { problem: `${rule.path} ${problem}` }
}
