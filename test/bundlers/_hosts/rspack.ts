import { join } from 'node:path'
import { startNode } from '../../_utils/children.ts'
import { repo } from '../../_utils/temp.ts'
import { type Host, urlAfter } from './host.ts'
import { configText, devServerTraits, pageFiles } from './webpack.ts'

const CLI = join(repo, 'node_modules/@rspack/cli/bin/rspack.js')

const url: Host['url'] = (child) => urlAfter(child, /(?:Local|Network):/)

/** `rspack serve` of `@rspack/cli`. */
export const rspackCliHost: Host = {
  ...devServerTraits,
  name: 'rspack serve',
  packages: { '@rspack/core': '@rspack/core' },
  files: (app) => ({ ...pageFiles, 'rspack.config.mjs': configText('rspack', app) }),
  start: (dir, args = [], env = {}) => startNode([CLI, 'serve', ...args], { cwd: dir, env }),
  url,
}

/** `new RspackDevServer(options, compiler).start()` in a program. */
export const rspackProgramHost: Host = {
  ...devServerTraits,
  name: 'new RspackDevServer()',
  cannot: { 'typed-port': 'the command line is the program’s own' },
  packages: { '@rspack/core': '@rspack/core', '@rspack/dev-server': '@rspack/dev-server' },
  files: (app) => ({
    ...pageFiles,
    'rspack.config.mjs': configText('rspack', app),
    'server.mjs': PROGRAM,
  }),
  start: (dir, _args, env) => startNode(['server.mjs'], { cwd: dir, env }),
  url,
}

const PROGRAM = `import { rspack } from '@rspack/core'
import { RspackDevServer } from '@rspack/dev-server'
import config from './rspack.config.mjs'

await new RspackDevServer(config.devServer, rspack(config)).start()
`
