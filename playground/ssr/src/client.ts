import { fill, find } from '../../shared/fields.ts'
import { formatAge, formatClock } from '../../shared/format.ts'
import type { Facts } from './facts.ts'
import { startHotSocket } from './hot-socket.ts'
import { renderView } from './view.ts'

const app = find('#app')
const facts = JSON.parse(find('#facts').textContent ?? '') as Facts
const openedAt = Date.now()
let updates = 0
let browser = renderView(facts) === app.innerHTML ? 'identical' : 'different'

function show(): void {
  const server = `${formatClock(facts.renderedAt)}, pid ${facts.pid}`
  fill({ server, browser, updates: String(updates), open: formatAge(Date.now() - openedAt) })
}

show()
setInterval(show, 1000)
startHotSocket()

import.meta.hot?.accept('./view.ts', (next) => {
  if (!next) return
  updates += 1
  browser = 'newer'
  app.innerHTML = (next.renderView as typeof renderView)(facts)
  show()
})
