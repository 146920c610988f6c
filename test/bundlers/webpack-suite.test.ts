import { DEV_SERVERS, webpackCliHost } from './_hosts/webpack.ts'
import { hostSuite } from './_suite.ts'

for (const devServer of DEV_SERVERS) hostSuite(webpackCliHost(devServer))
