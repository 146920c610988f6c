import { askLease } from '../lease/ask.ts'
import { leaseName } from '../lease/names.ts'
import type { Endpoint } from '../net/endpoint.ts'
import { findOwners } from '../net/find-owners.ts'
import { judge, type Verdict } from './judge.ts'
import { seenProcess } from './seen-process.ts'
import { findCheckout } from '../utils/checkout.ts'
import { findProgram } from '../utils/find-program.ts'
import type { LeasePlace } from './who-holds.ts'

/** The session that asks. */
export interface Asker {
  readonly checkout: string
  readonly service: string
  /** Another process has the port's lease. */
  readonly leased: boolean
}

/**
 * Whether the server on `endpoint` is the asker's own service, running already: the listening process
 * works in this checkout, it is a container of this checkout's compose files, or a session of this
 * checkout has leased it for that service.
 */
export async function whose(endpoint: Endpoint, asker: Asker, place: LeasePlace): Promise<Verdict> {
  const [lease, owners] = await Promise.all([
    asker.leased
      ? askLease(endpoint, leaseName(endpoint, place.platform, place.stateDir))
      : undefined,
    findOwners([endpoint]).then((found) => found.get(endpoint) ?? []),
  ])
  const listeners = owners.map((owner) => seenProcess(owner, asker.checkout))
  const verdict = judge({ listeners, lease }, asker)
  if (verdict !== 'unknown') return verdict
  const directory = await composeDirectory(endpoint, place)
  if (directory === undefined) return 'unknown'
  return findCheckout(directory).dir === asker.checkout ? 'ours' : 'foreign'
}

/** Where the compose files of the container on that port lie, as far as the docker CLI can tell. */
async function composeDirectory(
  endpoint: Endpoint,
  { platform, searchPath }: LeasePlace,
): Promise<string | undefined> {
  if (typeof endpoint !== 'number' || searchPath === undefined) return undefined
  const docker = findProgram('docker', { PATH: searchPath }, platform)
  if (!docker) return undefined
  const { findContainers } = await import('../net/owners/containers.ts')
  const { runTool } = await import('../net/owners/run-tool.ts')
  return (await findContainers(docker, runTool)).get(endpoint)?.directory
}
