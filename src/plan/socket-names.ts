import { createHash } from 'node:crypto'
import { posix, win32 } from 'node:path'
import type { CandidateInput } from './candidates.ts'
import type { Candidate } from './plan.ts'

/** A socket before it is known where: the path that a person wrote, or the nth default one. */
export type SocketName = { readonly written: string } | { readonly nth: number }

/** Default names that are tried; each one that is taken has a live server of this very root. */
const MAX_NAMES = 10
/** Letters of the service's name in a default name. */
const MAX_STEM = 12
/** Longest default name, with its extension: stem, hash, number. */
export const MAX_NAME_BYTES = MAX_STEM + '-0123456789'.length + `-${MAX_NAMES}.sock`.length
const PIPES = '\\\\.\\pipe\\'

/** The sockets to try for one service: typed or set by a variable, then the path of its options, else the default ones. */
export function* socketCandidates(
  input: Pick<CandidateInput, 'service' | 'strict' | 'wishes'>,
): Generator<Candidate> {
  const { service, strict, wishes } = input
  for (const { path, source } of wishes) {
    if (path !== undefined) yield { port: 0, source, socket: { written: path } }
  }
  if (service.path !== undefined) {
    yield { port: 0, source: 'preferred', socket: { written: service.path } }
    return
  }
  const names = strict ? 1 : MAX_NAMES
  for (let nth = 1; nth <= names; nth++) {
    yield { port: 0, source: nth === 1 ? 'preferred' : 'range', socket: { nth } }
  }
}

/** What the path of a socket depends on. */
export interface SocketPlace {
  readonly platform: NodeJS.Platform
  readonly root: string
  /** Where default names are; asked only for them. */
  directory(): string
}

/** The path of a socket, or on Windows of a pipe. */
export function socketPath(name: SocketName, service: string, place: SocketPlace): string {
  const { platform, root } = place
  if ('written' in name) {
    if (platform !== 'win32') return posix.resolve(root, name.written)
    const isPipe = /^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(name.written)
    return isPipe ? name.written : PIPES + win32.resolve(root, name.written)
  }
  const file = defaultName(service, root) + (name.nth === 1 ? '' : `-${name.nth}`)
  if (platform === 'win32') return `${PIPES}unplugin-ports-${file}`
  return posix.join(place.directory(), `${file}.sock`)
}

/** The hash keeps roots apart, and a service `api-2` from the second name of `api`. */
function defaultName(service: string, root: string): string {
  const hash = createHash('sha256').update(`${root}\0${service}`).digest('hex').slice(0, 10)
  return `${service.slice(0, MAX_STEM)}-${hash}`
}
