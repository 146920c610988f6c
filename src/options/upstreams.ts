import type { ResolvedUpstream } from './resolved.ts'

/** The text that stands for the service itself. */
const SERVICE = 'service'
const SRV = /^srv(\+https)?:(?=\S)([^\s/:@?#]+)$/
const SCHEMES = new Set(['http:', 'https:'])

/** Where requests may go, each place once; the service itself where nobody said. */
export function resolveUpstreams(written: readonly string[] = [SERVICE]): ResolvedUpstream[] {
  return [...new Set(written)].flatMap((text) => parseUpstream(text) ?? [])
}

/** What one entry of `upstreams` means; `undefined` when it means nothing. */
export function parseUpstream(text: string): ResolvedUpstream | undefined {
  if (text === SERVICE) return { kind: 'service' }
  const [, secure, name] = SRV.exec(text) ?? []
  if (name !== undefined) return { kind: 'srv', name, secure: secure !== undefined }
  if (!URL.canParse(text)) return undefined
  const { protocol, search, hash } = new URL(text)
  // Every request brings a query of its own.
  return SCHEMES.has(protocol) && !search && !hash ? { kind: 'url', url: text } : undefined
}
