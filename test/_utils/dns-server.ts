import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** What a name has. */
export interface DnsZone {
  [name: string]: {
    a?: readonly string[]
    aaaa?: readonly string[]
    srv?: readonly { name: string; port: number; priority: number; weight: number }[]
    /** In seconds. */
    ttl?: number
  }
}

/** A DNS server on a free UDP port of 127.0.0.1. */
export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port`, as `setServers()` takes it. */
  readonly address: string
  /** May be changed while it runs. */
  zone: DnsZone
  /** Questions so far, such as `A example.test`. */
  readonly asked: string[]
  /** Whether it answers at all. */
  silent: boolean
}

const TYPES: Record<number, 'A' | 'AAAA' | 'SRV'> = { 1: 'A', 28: 'AAAA', 33: 'SRV' }
const NO_SUCH_NAME = 3

/** Answers questions for addresses and services from a zone; see RFC 1035 and RFC 2782. */
export async function dnsServer(zone: DnsZone): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const server: DnsServer = {
    address: '',
    zone,
    asked: [],
    silent: false,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
  socket.on('message', (question, from) => {
    const { name, type, end } = readQuestion(question)
    server.asked.push(`${TYPES[type]} ${name}`)
    if (server.silent) return
    const found = server.zone[name]
    const records = found ? recordsOf(found, TYPES[type]) : []
    const head = Buffer.from(question.subarray(0, 12))
    // An answer, authoritative, with recursion.
    head.writeUInt16BE(0x85_80 | (found ? 0 : NO_SUCH_NAME), 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(records.length, 6)
    head.writeUInt32BE(0, 8)
    const answers = records.map((data) => answer(type, found?.ttl ?? 60, data))
    socket.send(Buffer.concat([head, question.subarray(12, end), ...answers]), from.port)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return Object.assign(server, { address: `127.0.0.1:${socket.address().port}` })
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function recordsOf(found: DnsZone[string], type: 'A' | 'AAAA' | 'SRV' | undefined): Buffer[] {
  switch (type) {
    case 'A':
      return (found.a ?? []).map((address) => Buffer.from(address.split('.').map(Number)))
    case 'AAAA':
      return (found.aaaa ?? []).map((address) => Buffer.from(address.replaceAll(':', ''), 'hex'))
    case 'SRV':
      return (found.srv ?? []).map(({ name, port, priority, weight }) => {
        const numbers = Buffer.alloc(6)
        numbers.writeUInt16BE(priority, 0)
        numbers.writeUInt16BE(weight, 2)
        numbers.writeUInt16BE(port, 4)
        return Buffer.concat([numbers, encodeName(name)])
      })
    default:
      return []
  }
}

function answer(type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12)
  // The name is the question's.
  head.writeUInt16BE(0xc0_0c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function encodeName(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  return Buffer.concat([...labels.flat(), Buffer.from([0])])
}
