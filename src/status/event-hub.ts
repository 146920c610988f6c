import type { ServerResponse } from 'node:http'
import { SAFE_HEADERS } from './answers.ts'
import type { Reader } from './guard.ts'
import { forRemote } from './redact.ts'
import type { StatusReport } from './report.ts'

/** Pages that are told of changes at a time. */
export const MAX_LISTENERS = 200
/** Time between two looks while somebody listens, in milliseconds. */
const PULSE_MS = 2000
/** A change that is told of is looked at after this, in milliseconds, together with those that follow it. */
const SETTLE_MS = 30
/** Time between two signs of life, in milliseconds: a connection that is gone is noticed by writing. */
const HEARTBEAT_MS = 15_000
/** Browsers come back after this, in milliseconds. */
const RETRY_MS = 1500

interface Listener {
  readonly response: ServerResponse
  readonly reader: Reader
  /** It has not read what it was sent, so the latest report waits for it. */
  behind: boolean
}

/** What a hub tells of. */
export interface HubSource {
  /** Makes the report anew. */
  report(): Promise<StatusReport>
  /** Calls `changed` whenever something has happened, until what it returns is called. */
  watch(changed: () => void): () => void
}

/**
 * Streams reports to pages as server-sent events: the whole report whenever it differs from the last
 * one. Nothing is looked at while nobody listens, one look is enough for all, and a slow reader is
 * sent the latest report only, so that nothing piles up.
 */
export class EventHub {
  readonly #source: HubSource
  readonly #listeners = new Set<Listener>()
  #stop: (() => void) | undefined
  #soon: NodeJS.Timeout | undefined
  #looking = false
  #again = false
  /** The last report in both forms, without the time at which it was made. */
  #last: { readonly key: string; readonly texts: Record<Reader, string> } | undefined

  constructor(source: HubSource) {
    this.#source = source
  }

  /** How many listen now. */
  get size(): number {
    return this.#listeners.size
  }

  /** Streams to `response` until either side ends it. */
  add(response: ServerResponse, reader: Reader): void {
    const listener: Listener = { response, reader, behind: false }
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'Content-Type': 'text/event-stream; charset=utf-8',
      // nginx and its kin would keep the events back.
      'X-Accel-Buffering': 'no',
    })
    response.on('error', () => {})
    response.on('drain', () => {
      if (listener.behind) this.#send(listener)
    })
    response.once('close', () => this.#remove(listener))
    response.write(`retry: ${RETRY_MS}\n\n`)
    this.#listeners.add(listener)
    if (this.#last) this.#send(listener)
    this.#begin()
    this.poke()
  }

  /** Looks soon. */
  poke(): void {
    if (this.#listeners.size === 0) return
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      void this.#look()
    }, SETTLE_MS).unref()
  }

  /** Tells all listeners that the server ends, and ends their streams. */
  end(): void {
    for (const listener of this.#listeners) {
      listener.response.end('event: end\ndata: {}\n\n')
      this.#remove(listener)
    }
  }

  #begin(): void {
    if (this.#stop) return
    const unwatch = this.#source.watch(() => this.poke())
    const pulse = setInterval(() => void this.#look(), PULSE_MS).unref()
    const heartbeat = setInterval(() => {
      for (const { response } of this.#listeners) {
        if (!response.writableNeedDrain) response.write(': here\n\n')
      }
    }, HEARTBEAT_MS).unref()
    this.#stop = () => {
      unwatch()
      clearInterval(pulse)
      clearInterval(heartbeat)
      clearTimeout(this.#soon)
      this.#soon = undefined
      this.#last = undefined
    }
  }

  #remove(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  async #look(): Promise<void> {
    this.#again = this.#looking
    if (this.#looking) return
    this.#looking = true
    try {
      const report = await this.#source.report()
      if (this.#listeners.size === 0) return
      const key = JSON.stringify({ ...report, at: 0 })
      if (key === this.#last?.key) return
      this.#last = {
        key,
        texts: { local: eventText(report), remote: eventText(forRemote(report)) },
      }
      for (const listener of this.#listeners) this.#send(listener)
    } finally {
      this.#looking = false
      if (this.#again) this.poke()
    }
  }

  #send(listener: Listener): void {
    if (!this.#last) return
    const { response, reader } = listener
    listener.behind = response.writableNeedDrain
    if (!listener.behind) response.write(this.#last.texts[reader])
  }
}

function eventText(report: StatusReport): string {
  return `event: status\ndata: ${JSON.stringify(report)}\n\n`
}
