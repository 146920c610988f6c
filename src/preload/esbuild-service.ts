import { ChildProcess } from 'node:child_process'
import { isIP } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { HandoverNote } from '../child/protocol.ts'
import { askHolder, type Link } from './ask-holder.ts'
import { readAnswer, readEnd, readServe, type ServeRequest } from './esbuild-packets.ts'

interface SpawnOptions {
  readonly args?: readonly string[]
}

/** An answer comes at once; what is not understood is not collected for good. */
const MAX_OUTPUT = 1024 * 1024

/**
 * From here on esbuild, which is no Node program and binds by itself, finds a held port let go at
 * the moment it is told to serve there, and what came of it is reported.
 */
export function interceptEsbuild(note: HandoverNote): void {
  const prototype = ChildProcess.prototype as unknown as {
    spawn(this: ChildProcess, options: SpawnOptions): number
  }
  const { spawn } = prototype
  prototype.spawn = function (options) {
    const result = spawn.call(this, options)
    const { stdin, stdout } = this
    if (stdin && stdout && isService(options)) guard({ stdin, stdout, child: this }, note)
    return result
  }
}

function isService({ args = [] }: SpawnOptions): boolean {
  return args.some((arg) => arg.startsWith('--service=')) && args.includes('--ping')
}

interface Service {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly child: ChildProcess
}

function guard({ stdin, stdout, child }: Service, note: HandoverNote): void {
  const write = stdin.write.bind(stdin) as (...args: unknown[]) => boolean
  const links = new Map<number | undefined, Link>()
  /** Packets that come while the holder is asked; their order must stay. */
  let waiting: unknown[][] | undefined

  const flush = (): void => {
    const packets = waiting ?? []
    waiting = undefined
    for (const packet of packets) pass(packet)
  }
  const serve = (request: ServeRequest, packet: unknown[]): void => {
    const { id, key, port, host } = request
    waiting = []
    const address = host !== undefined && isIP(host) ? host : null
    const answered = (says: unknown, link: Link): void => {
      write(...packet)
      if (says !== 'nobody') {
        links.set(key, link)
        link.unref()
        onAnswer(stdout, id, (bound) => link.report({ bound }))
      }
      flush()
    }
    askHolder(note, { port, address, own: true }, answered, () => holderVanished(note))
  }
  const pass = (packet: unknown[]): boolean => {
    if (waiting) return waiting.push(packet) > 0
    const [bytes] = packet
    if (!(bytes instanceof Uint8Array)) return write(...packet)
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const request = readServe(view)
    if (request && note.ports.some(({ port }) => port === request.port)) {
      serve(request, packet)
      return true
    }
    const ended = readEnd(view)
    if (ended !== undefined) links.get(ended)?.end()
    return write(...packet)
  }
  stdin.write = ((...packet: unknown[]) => pass(packet)) as typeof stdin.write
  child.once('exit', () => {
    for (const link of links.values()) link.end()
  })
}

function onAnswer(stdout: Readable, id: number, tell: (bound: boolean) => void): void {
  let output = Buffer.alloc(0)
  const listen = (chunk: Uint8Array): void => {
    output = Buffer.concat([output, chunk])
    const bound = readAnswer(output, id)
    if (bound === undefined && output.length < MAX_OUTPUT) return
    stdout.off('data', listen)
    if (bound !== undefined) tell(bound)
  }
  stdout.on('data', listen)
}

/** As for a server of this process: nobody would end it any more. */
function holderVanished({ endWithHolder }: HandoverNote): void {
  if (endWithHolder) process.kill(process.pid, 'SIGTERM')
}
