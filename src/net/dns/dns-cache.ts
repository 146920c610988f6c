import type { LookupAddress, RecordWithTtl } from 'node:dns'
import { isIP } from 'node:net'
import { hostsFileAddress } from '../addresses.ts'
import { isNoService, type SrvRecord } from './srv.ts'

/** The part of `node:dns/promises` that is asked. */
export interface DnsQuestions {
  resolve4(name: string, options: { ttl: true }): Promise<RecordWithTtl[]>
  resolve6(name: string, options: { ttl: true }): Promise<RecordWithTtl[]>
  resolveSrv(name: string): Promise<SrvRecord[]>
  lookup(name: string, options: { all: true }): Promise<LookupAddress[]>
}

/** What a cache is made with. */
export interface DnsCacheOptions {
  /** Who is asked; `node:dns/promises` where nothing is injected. Loaded with the first question. */
  readonly questions: () => Promise<DnsQuestions>
  /** A clock that never goes back, in milliseconds. */
  readonly now: () => number
  readonly platform?: NodeJS.Platform
}

/** What the operating system answered says nothing of its age; it is taken for this long, in milliseconds. */
export const LOOKUP_TTL_MS = 10_000
/** Node does not tell how long SRV records are good; they are taken for this long, in milliseconds. */
export const SRV_TTL_MS = 30_000
/** A TTL of 0 would ask for every request, in milliseconds. */
const MIN_TTL_MS = 1000
/** After a failure the last answer, or the failure, counts for this long, in milliseconds. */
const RETRY_MS = 2000

/**
 * Addresses of host names for as long as DNS says that they are good. When a name can't be resolved
 * any more, its last addresses go on. `localhost` and IP literals are never looked up.
 */
export class DnsCache {
  readonly #options: DnsCacheOptions
  readonly #addresses = new Map<string, Entry<readonly string[]>>()
  readonly #services = new Map<string, Entry<readonly SrvRecord[]>>()

  constructor(options: DnsCacheOptions) {
    this.#options = options
  }

  /**
   * IP literals of `hostname` in the order in which to try them; the name itself when it is
   * `localhost` or a literal.
   *
   * @returns At once while they are good, else a promise. It rejects with the resolver's error.
   */
  addresses(hostname: string): readonly string[] | Promise<readonly string[]> {
    const name = hostname.replace(/^\[(.*)\]$/, '$1')
    if (isIP(name) || /^(?:.+\.)?localhost\.?$/i.test(name)) return [name]
    return this.#cached(this.#addresses, name.toLowerCase(), () => this.#resolve(name))
  }

  /**
   * The servers that the SRV records of `name` tell, in no order; empty when they say that there is
   * no such service.
   *
   * @returns At once while they are good, else a promise. It rejects with the resolver's error.
   */
  servers(name: string): readonly SrvRecord[] | Promise<readonly SrvRecord[]> {
    return this.#cached(this.#services, name.toLowerCase(), async () => {
      const { resolveSrv } = await this.#options.questions()
      const records = await resolveSrv(name)
      return { value: isNoService(records) ? [] : records, ttlMs: SRV_TTL_MS }
    })
  }

  async #resolve(name: string): Promise<Answer<readonly string[]>> {
    const { resolve4, resolve6, lookup } = await this.#options.questions()
    const { platform = process.platform } = this.#options
    // As everywhere else on this machine, the hosts file comes first.
    const local = hostsFileAddress(name, platform)
    if (local !== undefined) return { value: [local], ttlMs: LOOKUP_TTL_MS }
    const none = (): RecordWithTtl[] => []
    const records = (
      await Promise.all([
        resolve4(name, { ttl: true }).catch(none),
        resolve6(name, { ttl: true }).catch(none),
      ])
    ).flat()
    if (records.length > 0) {
      const value = records.map(({ address }) => address)
      const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1000
      return { value, ttlMs: Math.max(ttlMs, MIN_TTL_MS) }
    }
    // Names that only this machine's other sources know: mDNS, a VPN's resolver, WINS.
    const found = await lookup(name, { all: true })
    return { value: found.map(({ address }) => address), ttlMs: LOOKUP_TTL_MS }
  }

  #cached<T>(
    cache: Map<string, Entry<T>>,
    key: string,
    ask: () => Promise<Answer<T>>,
  ): T | Promise<T> {
    const { now } = this.#options
    const known = cache.get(key)
    if (known && now() < known.goodUntil) {
      if ('value' in known) return known.value as T
      return known.asked ?? Promise.reject(known.error)
    }
    if (known?.asked) return known.asked
    const entry: Entry<T> = { ...known, goodUntil: 0 }
    cache.set(key, entry)
    entry.asked = ask().then(
      ({ value, ttlMs }) => {
        cache.set(key, { value, goodUntil: now() + ttlMs })
        return value
      },
      (error: unknown) => {
        const goodUntil = now() + RETRY_MS
        if (!known || !('value' in known)) {
          cache.set(key, { error, goodUntil })
          throw error
        }
        cache.set(key, { value: known.value as T, goodUntil })
        return known.value as T
      },
    )
    return entry.asked
  }
}

interface Answer<T> {
  readonly value: T
  readonly ttlMs: number
}

interface Entry<T> {
  value?: T
  error?: unknown
  /** On the cache's clock. */
  goodUntil: number
  /** The question that is under way. */
  asked?: Promise<T>
}

/** A cache that asks with `node:dns`, and so the servers that `dns.setServers()` names. */
export function createDnsCache(): DnsCache {
  return new DnsCache({
    // `setServers()` puts others in place of its functions, so they are taken anew for each question.
    questions: async () => (await import('node:dns')).promises,
    now: () => performance.now(),
  })
}
