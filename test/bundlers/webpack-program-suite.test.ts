import { DEV_SERVERS, webpackProgramHost } from './_hosts/webpack.ts'
import { hostSuite } from './_suite.ts'

for (const devServer of DEV_SERVERS) {
  // The command line of version 6 has gone through the rest already.
  hostSuite(webpackProgramHost(devServer, 'esm'), devServer.endsWith('6') ? 'brief' : 'full')
  hostSuite(webpackProgramHost(devServer, 'cjs'), 'brief')
}
