import { fill, find } from './fields.ts'

interface Tick {
  readonly tick: number
  readonly memoryMb: number
  readonly viewers: number
}

let socket: WebSocket | undefined

/**
 * Opens the API's WebSocket through the proxy, unless it is open.
 *
 * Called whenever the API has answered, so it comes back with the API and never knocks in vain.
 */
export function keepTicking(): void {
  if (socket) return
  socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/live`)
  socket.addEventListener('message', ({ data }) => show(JSON.parse(String(data)) as Tick))
  socket.addEventListener('close', () => {
    socket = undefined
    fill({ tick: '–', memory: '–', viewers: '–' })
  })
}

function show({ tick, memoryMb, viewers }: Tick): void {
  fill({ tick: String(tick), memory: `${memoryMb.toFixed(1)} MB`, viewers: String(viewers) })
  const light = find('[data-service="api"] .state')
  light.classList.remove('live')
  // The animation starts anew only when the class was really gone for a moment.
  void light.offsetWidth
  light.classList.add('live')
}
