import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import { localName } from './local-name.ts'
import {
  acceptForSockets,
  connectForSockets,
  type RawSocket,
  receivedSocket,
  sendSocket,
} from './pass-socket.ts'

/** One copy takes less than a millisecond; a platform that loses it must not stop a start. */
const COPY_TIMEOUT_MS = 2000

let copies = 0

/**
 * A second descriptor of the same listening socket, on which nobody accepts: the kernel completes
 * connections and keeps them for whoever accepts next. The caller closes it.
 *
 * @returns `undefined` where sockets can't be passed on: on Windows, in worker threads, and should
 * Node's parts change.
 */
export function duplicate(
  raw: RawSocket,
  platform: NodeJS.Platform,
): Promise<RawSocket | undefined> {
  // The end of a thread would close descriptors that its handles only had once.
  if (platform === 'win32' || !isMainThread) return Promise.resolve(undefined)
  const name = localName(`copy-${process.pid}-${++copies}`, platform)
  return new Promise((resolve) => {
    const server = createServer({ pauseOnConnect: true })
    let receiver: Socket | undefined
    const finish = (copy?: RawSocket): void => {
      clearTimeout(timer)
      receiver?.destroy()
      server.close()
      if (name.file) rmSync(name.path, { force: true })
      resolve(copy)
    }
    const timer = setTimeout(finish, COPY_TIMEOUT_MS)
    server.on('error', () => finish())
    server.on('connection', (accepted) => {
      const sender = attempt(() => acceptForSockets(accepted))
      sender?.on('error', () => {})
      sender?.on('end', () => sender.destroy()).resume()
      if (!sender || !attempt(() => sendSocket(sender, '.', raw))) finish()
    })
    server.listen(name.path, () => {
      receiver = attempt(() => connectForSockets(name.path))
      if (!receiver) return finish()
      receiver.on('error', () => finish())
      receiver.on('data', () => finish(receiver && receivedSocket(receiver)))
    })
  })
}

/** These parts are no public interface: whatever goes wrong in them means "not possible". */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
