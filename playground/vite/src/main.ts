import { services } from '~ports'
import { find } from '../../shared/fields.ts'
import { type Note, renderRack } from '../../shared/rack.ts'
import { watchApi } from './api-client.ts'
import { createApiPanel } from './api-panel.ts'
import { startHotPanel } from './hot-panel.ts'
import { keepTicking } from './live-ticker.ts'
import { showOrigin } from './origin-panel.ts'

const shared = services.hmr?.port === services.dev?.port
const notes: Record<string, Note> = {
  dev: { about: 'Vite, which served you this page', state: 'up', label: 'serving', link: true },
  hmr: {
    about: 'Hot updates',
    state: shared ? 'shared' : 'up',
    label: shared ? 'shared with dev' : 'serving',
    link: false,
  },
  api: { about: 'A Node server behind /api', state: 'wait', label: 'asking', link: true },
}

find('#services').innerHTML = renderRack(services, notes)
startHotPanel()
const showAnswer = createApiPanel()
void watchApi((answer) => {
  showAnswer(answer)
  if (!answer.up) return
  showOrigin(answer.info)
  keepTicking()
})
