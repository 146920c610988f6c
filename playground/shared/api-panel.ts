import { createBars } from './bars.ts'
import { fill, find } from './fields.ts'
import { formatAge, formatMs } from './format.ts'
import type { ApiAnswer } from './api-client.ts'

/** Shows the API's answers: what it says of itself, or the proxy's text in its place. */
export function createApiPanel(): (answer: ApiAnswer) => void {
  const addBar = createBars(find('#round-trips'))
  const cell = find('[data-service="api"]')
  const status = find('[data-service="api"] .state')
  return (answer) => {
    find('#api-up').hidden = !answer.up
    find('#api-down').hidden = answer.up
    cell.dataset.state = answer.up ? 'up' : 'down'
    const label = answer.up ? 'answering' : answer.status === 502 ? 'not started' : 'no answer'
    if (status.textContent !== label) status.textContent = label
    if (!answer.up) {
      fill({ excuse: answer.text.trim() })
      return
    }
    const { info, roundTripMs } = answer
    addBar(roundTripMs)
    fill({
      roundTrip: formatMs(roundTripMs),
      pid: String(info.pid),
      uptime: formatAge(info.uptimeMs),
      requests: info.requests.toLocaleString('en'),
    })
  }
}
