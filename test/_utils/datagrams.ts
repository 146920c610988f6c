import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { freePort, hasIPv6 } from './sockets.ts'

/** A UDP socket bound to `port`; on all interfaces when `address` is undefined. */
export async function bindDatagram(port: number, address?: string): Promise<Socket> {
  const all = hasIPv6 ? '::' : '0.0.0.0'
  const socket = createSocket((address ?? all).includes(':') ? 'udp6' : 'udp4')
  socket.bind({ port, address: address ?? all, exclusive: true })
  try {
    await once(socket, 'listening')
  } catch (error) {
    socket.close()
    throw error
  }
  return socket
}

/** Nobody has `port` for UDP at any address. */
export async function isUdpFree(port: number): Promise<boolean> {
  for (const address of hasIPv6 ? [undefined, '127.0.0.1', '::1'] : [undefined, '127.0.0.1']) {
    try {
      const socket = await bindDatagram(port, address)
      socket.close()
    } catch {
      return false
    }
  }
  return true
}

/** A port that is free for UDP and for TCP. */
export async function freeUdpPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (await isUdpFree(port)) return port
  }
}

/** Sends one message, to the address that a server on `host` binds. */
export async function send(port: number, host: string, text: string): Promise<void> {
  const { address } = await lookup(host)
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  await new Promise<void>((resolve, reject) => {
    socket.send(text, port, address, (error) => (error ? reject(error) : resolve()))
  })
  socket.close()
}

/** The texts that `socket` receives from now on. */
export function receive(socket: Socket): string[] {
  const texts: string[] = []
  socket.on('message', (message) => texts.push(message.toString()))
  return texts
}
