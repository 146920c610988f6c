import { watchApi } from './api-client.ts'
import { createApiPanel } from './api-panel.ts'
import { type AppTexts, renderPanels } from './app-panels.ts'
import { find } from './fields.ts'
import { type HotPanel, startHotPanel } from './hot-panel.ts'
import { keepTicking } from './live-ticker.ts'
import { showOrigin } from './origin-panel.ts'
import { type Address, type Note, renderRack } from './rack.ts'

/** Draws the page of a playground with an API, and keeps it up to date. */
export function startPage(
  services: Readonly<Record<string, Address | undefined>>,
  hue: number,
  texts: AppTexts,
): HotPanel {
  find('#services').innerHTML = renderRack(services, notes(services, texts))
  find('#panels').innerHTML = renderPanels(texts)
  const hot = startHotPanel(hue)
  const showAnswer = createApiPanel()
  void watchApi(texts, (answer) => {
    showAnswer(answer)
    if (!answer.up) return
    showOrigin(answer.info)
    keepTicking()
  })
  return hot
}

function notes(
  { dev, hmr }: Readonly<Record<string, Address | undefined>>,
  { server }: AppTexts,
): Record<string, Note> {
  const shared = hmr?.port === dev?.port
  return {
    dev: {
      about: `${server} serves this page`,
      state: 'up',
      label: 'serving',
      link: true,
    },
    hmr: {
      about: 'Hot updates',
      state: shared ? 'shared' : 'up',
      label: shared ? 'shared with dev' : 'serving',
      link: false,
    },
    api: { about: 'A Node server behind /api', state: 'wait', label: 'asking', link: true },
  }
}
