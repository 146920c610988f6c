import { probeHttp } from '../session/health/probes.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { listLeases } from '../lease/list.ts'
import type { LeasePlace } from '../lease/names.ts'

/** A server of this machine that takes longer to answer is taken for none, in milliseconds. */
const TIMEOUT_MS = 1500

/**
 * Where a server of another project's is now, as the leases on this machine say: where somebody
 * answers HTTP or HTTPS.
 *
 * @param isProject Whether a root is that project's.
 * @param service The one whose server it was, which comes first: `dev` or `preview`.
 * @returns `undefined` while none of its servers runs.
 */
export async function findServer(
  isProject: (root: string) => boolean,
  service: string,
  place: LeasePlace,
): Promise<string | undefined> {
  const leases = await listLeases(place)
  const serving = leases.filter((lease) => isServer(lease) && isProject(lease.root))
  const first = (lease: LeaseAnswer): number => Number(lease.service !== service)
  for (const { port } of serving.toSorted((a, b) => first(a) - first(b))) {
    const url = await answeringUrl(port)
    if (url !== undefined) return url
  }
  return undefined
}

function isServer({ service, serving, protocol }: LeaseAnswer): boolean {
  return serving === true && protocol === undefined && SERVERS.has(service)
}

/** The services whose servers a tab belongs to. */
const SERVERS = new Set(['dev', 'preview'])

/** No lease says whether its server speaks TLS. */
async function answeringUrl(port: number): Promise<string | undefined> {
  for (const scheme of ['http', 'https']) {
    const url = `${scheme}://localhost:${port}`
    const outcome = await probeHttp({
      port,
      url,
      hostname: 'localhost',
      path: '/__ports/identity.json',
      socketPath: undefined,
      status: [],
      timeoutMs: TIMEOUT_MS,
    })
    if (outcome.ok) return url
  }
  return undefined
}
