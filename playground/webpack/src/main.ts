import { services } from '~ports'
import { startPage } from '../../shared/app-page.ts'
import { hue } from './accent.ts'

const hot = startPage(services, hue, {
  name: 'webpack',
  script: 'play:webpack',
  server: 'webpack-dev-server',
  beginning: 'The dev server is about to start',
  afterMove: 'With the next start, proxy and API both use it.',
})

if (import.meta.webpackHot) {
  // The import itself has the new value by then.
  import.meta.webpackHot.accept('./accent.ts', () => hot.update(hue))
}
