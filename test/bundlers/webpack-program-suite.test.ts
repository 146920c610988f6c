import { DEV_SERVERS, webpackProgramHost } from './_hosts/webpack.ts'
import { hostSuite } from './_suite.ts'

for (const devServer of DEV_SERVERS) {
  hostSuite(webpackProgramHost(devServer, 'esm'))
  hostSuite(webpackProgramHost(devServer, 'cjs'), 'brief')
}
