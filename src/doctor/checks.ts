import { join } from 'node:path'
import { planIgnoreRule } from '../init/ignore-rule.ts'
import { clean } from '../machine/clean.ts'
import { findMismatches } from '../machine/reconcile.ts'
import { readRecordFile, recordDirectory, recordFileName } from '../memory/record-file.ts'
import { ephemeralRange } from '../net/ephemeral.ts'
import { checkEnvBlock } from './checks/env-block.ts'
import { checkEnvTracked } from './checks/env-tracked.ts'
import { checkHardCoded } from './checks/hard-coded.ts'
import { checkLeases } from './checks/leases.ts'
import { checkLocalhost } from './checks/localhost.ts'
import { checkMemory } from './checks/memory.ts'
import { checkNode } from './checks/node.ts'
import { checkOpenHosts } from './checks/open-host.ts'
import {
  checkBlockedPorts,
  checkEphemeralRange,
  checkExcludedRanges,
  checkPrivilegedPorts,
} from './checks/ranges.ts'
import { checkStateDirectory } from './checks/state-directory.ts'
import { checkVersions } from './checks/versions.ts'
import type { Patient } from './examine.ts'
import { gatherBlocks } from './facts/blocks.ts'
import { gatherExcludedRanges } from './facts/excluded-ranges.ts'
import { gatherLocalhost } from './facts/localhost.ts'
import { gatherReached } from './facts/reached.ts'
import { scanFiles } from './facts/scan.ts'
import { gatherState } from './facts/state.ts'
import { gatherVersions } from './facts/versions.ts'
import type { Finding } from './finding.ts'

/** One thing that is looked at. */
export interface Check {
  /** For people and programs; most are also the code of what they find. */
  readonly name: string
  run(patient: Patient): Promise<Finding[]>
}

/** Every check, in the order in which their findings are shown. */
export const CHECKS: readonly Check[] = [
  { name: 'node', run: async () => checkNode(process.versions.node) },
  { name: 'config', run: async ({ configError }) => configFinding(configError) },
  {
    name: 'state-directory',
    run: async ({ here }) => checkStateDirectory(await gatherState(here.place.stateDir)),
  },
  { name: 'memory', run: async ({ here }) => checkMemory(await memoryFacts(here)) },
  {
    name: 'leases',
    run: async ({ here, looking }) =>
      checkLeases(await findMismatches(here, looking), here.checkout.dir),
  },
  {
    name: 'ephemeral-range',
    run: async ({ services, platform }) => checkEphemeralRange(services, ephemeralRange(platform)),
  },
  {
    name: 'excluded-range',
    run: async ({ services, platform, env }) =>
      checkExcludedRanges(services, await gatherExcludedRanges(platform, env)),
  },
  {
    name: 'privileged-port',
    run: async ({ services, platform }) =>
      checkPrivilegedPorts(services, platform, process.getuid?.() === 0),
  },
  { name: 'blocked-port', run: async ({ services }) => checkBlockedPorts(services) },
  {
    name: 'localhost',
    run: async ({ platform, env }) => checkLocalhost(await gatherLocalhost(platform, env)),
  },
  {
    name: 'open-host',
    run: async ({ services, own }) => checkOpenHosts(services, await gatherReached(own)),
  },
  {
    name: 'env-block',
    run: async ({ here, leases, own }) =>
      gatherBlocks(rootsOf(here.cwd, own), leases, here.checkout.dir).flatMap(checkEnvBlock),
  },
  { name: 'env-tracked', run: envTracked },
  {
    name: 'hard-coded-port',
    run: async ({ here, services }) => checkHardCoded((await scanFiles(here.cwd)).files, services),
  },
  {
    name: 'versions',
    run: async ({ here, own, ownVersion }) =>
      checkVersions(gatherVersions(here.checkout.dir, rootsOf(here.cwd, own)), ownVersion),
  },
]

function configFinding(error: unknown): Finding[] {
  if (error === undefined) return []
  const message = error instanceof Error ? error.message : String(error)
  const fix = 'Correct the file; until then nothing that reads it starts.'
  return [{ code: 'config', severity: 'error', message, fix }]
}

async function memoryFacts(here: Patient['here']): Promise<Parameters<typeof checkMemory>[0]> {
  const cleaned = await clean(here, { dry: true, unusedMs: undefined })
  const path = join(recordDirectory(here.place.stateDir), recordFileName(here.cwd))
  const found = readRecordFile(path)
  return {
    leftovers: cleaned.map(({ leftover }) => leftover),
    ...(found.kind === 'refused' && { refused: { path, reason: found.reason } }),
  }
}

/** The directory that is asked about, and every root of the checkout that runs. */
function rootsOf(cwd: string, own: Patient['own']): string[] {
  return [...new Set([cwd, ...own.map(({ root }) => root)])]
}

async function envTracked({ here, leases, own }: Patient): Promise<Finding[]> {
  const blocks = gatherBlocks(rootsOf(here.cwd, own), leases, here.checkout.dir)
  const found = await Promise.all(
    blocks.map(async ({ file }) => checkEnvTracked(file, await planIgnoreRule(file))),
  )
  return found.flat()
}
