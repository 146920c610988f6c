import { services } from '~ports'
import { startPage } from '../../shared/app-page.ts'
import { hue } from './accent.ts'

const hot = startPage(services, hue, {
  name: 'rsbuild',
  script: 'play:rsbuild',
  server: 'Rsbuild',
  beginning: 'Rsbuild reads its config',
  afterMove: 'With the next start, proxy and API both use it.',
})

if (import.meta.webpackHot) {
  // The import itself has the new value by then.
  import.meta.webpackHot.accept('./accent.ts', () => hot.update(hue))
}
