import { connect } from 'node:net'

/** A loopback answers at once; a firewall that swallows packets is not waited for, in milliseconds. */
const TIMEOUT_MS = 500
const LOOPBACKS = ['127.0.0.1', '::1']

/**
 * Those of `ports` on which somebody on this machine accepts connections. Unlike a bind, asking is in
 * nobody's way; the servers see a connection that closes without a word.
 *
 * @param address IP literal that a server would bind; `undefined` for all interfaces.
 */
export async function acceptingPorts(
  ports: readonly number[],
  address: string | undefined,
): Promise<number[]> {
  const hosts = [...new Set([...LOOPBACKS, ...(isOne(address) ? [address] : [])])]
  const found = await Promise.all(
    ports.map(async (port) => {
      const answers = await Promise.all(hosts.map((host) => accepts(port, host)))
      return answers.includes(true) ? [port] : []
    }),
  )
  return found.flat()
}

function isOne(address: string | undefined): address is string {
  return address !== undefined && address !== '0.0.0.0' && address !== '::'
}

/**
 * Whether somebody accepts a connection on `port`. Asking a name tries its addresses one after the other.
 *
 * @param timeoutMs Whoever swallows the question is not waited for longer, in milliseconds.
 */
export function accepts(port: number, host: string, timeoutMs = TIMEOUT_MS): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.setTimeout(timeoutMs, () => end(false))
  })
}
