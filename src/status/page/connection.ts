import type { StatusReport } from '../report.ts'
import type { Connection } from './view.ts'

/** A server that refuses or is gone for good is asked again after this, in milliseconds. */
const RETRY_MS = 3000

/** What a connection tells. */
export interface Told {
  report(report: StatusReport): void
  state(state: Connection): void
}

/** Listens to the server's events for as long as the page is open, whichever server answers. */
export function connect({ report, state }: Told): void {
  const source = new EventSource('./events')
  let ended = false
  source.addEventListener('status', (event) => {
    ended = false
    report(JSON.parse((event as MessageEvent<string>).data) as StatusReport)
    state('live')
  })
  source.addEventListener('end', () => {
    ended = true
    state('ended')
  })
  source.addEventListener('error', () => {
    if (!ended) state('lost')
    // The browser tries again by itself, but not after an answer that is no stream.
    if (source.readyState !== EventSource.CLOSED) return
    setTimeout(() => {
      void isRefused().then((refused) => {
        if (refused) state('refused')
        connect({ report, state })
      })
    }, RETRY_MS)
  })
}

async function isRefused(): Promise<boolean> {
  try {
    return (await fetch('./identity.json')).status === 403
  } catch {
    // Nobody is there.
    return false
  }
}
