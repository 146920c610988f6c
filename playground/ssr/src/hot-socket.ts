import { createBars } from '../../shared/bars.ts'
import { fill, find } from '../../shared/fields.ts'
import { formatMs } from '../../shared/format.ts'

const INTERVAL_MS = 1000

/** Measures the round trip over the socket of hot updates, while somebody looks at the page. */
export function startHotSocket(): void {
  const addBar = createBars(find('#pings'))
  let pongs = 0
  import.meta.hot?.on('play:pong', (sentAt: number) => {
    pongs += 1
    const roundTripMs = performance.now() - sentAt
    addBar(roundTripMs)
    fill({ ping: formatMs(roundTripMs), pongs: String(pongs) })
  })
  setInterval(() => {
    if (!document.hidden) import.meta.hot?.send('play:ping', performance.now())
  }, INTERVAL_MS)
}
