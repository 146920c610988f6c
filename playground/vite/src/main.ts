import { services } from '~ports'
import { startPage } from '../../shared/app-page.ts'
import { hue } from './accent.ts'

const hot = startPage(services, hue, {
  name: 'vite',
  script: 'play',
  server: 'Vite',
  beginning: 'Vite reads its config',
  afterMove: 'Proxy and API move; this page stays where it is.',
})

import.meta.hot?.accept('./accent.ts', (next) => {
  if (typeof next?.hue === 'number') hot.update(next.hue)
})
