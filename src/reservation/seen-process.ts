import type { PortOwner } from '../net/owners/index.ts'
import { findCheckout } from '../utils/checkout.ts'
import type { SeenProcess } from './judge.ts'

/** Programs that listen on behalf of a container, a virtual machine or another computer. */
const RELAYS =
  /^(?:docker-proxy|com\.docker\.\S*|docker|dockerd|containerd\S*|podman|conmon|rootlessport|rootlesskit|slirp4netns|pasta\S*|vpnkit\S*|gvproxy|limactl|colima|orbstack\S*|wslrelay|wslhost|ssh|sshd|autossh|kubectl|cloudflared|ngrok|socat|qemu\S*)$/i

/**
 * A listening process as {@link judge} sees it.
 *
 * @param home The asking checkout, which counts even where it is a bare directory.
 */
export function seenProcess(owner: PortOwner, home: string): SeenProcess {
  const { pid, cwd } = owner
  const place = cwd ? findCheckout(cwd) : undefined
  // A process that sits in `/` or a home directory belongs to no project.
  const counts = place && (place.kind !== 'directory' || place.dir === home)
  return { pid, checkout: counts ? place.dir : undefined, relay: isRelay(owner) }
}

function isRelay({ pid, command }: PortOwner): boolean {
  // Another user's process is mostly a container's proxy, which runs as root.
  if (pid === undefined) return true
  const program = command?.match(/^"([^"]+)"|^(\S+)/)
  const name = (program?.[1] ?? program?.[2] ?? '').split(/[\\/]/).at(-1) ?? ''
  return RELAYS.test(name.replace(/\.exe$/i, ''))
}
