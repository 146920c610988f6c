import { join } from 'node:path'
import { git, initRepo } from './git.ts'
import { linkCommands } from './projects.ts'
import { linkPackages, tempRoot } from './temp.ts'

/** A project of `test/fixtures` with a page and an API. */
export interface Sample {
  readonly fixture: string
  /** Name of the page's service. */
  readonly web: string
  readonly packages: Readonly<Record<string, string>>
  readonly commands: Readonly<Record<string, string>>
  /** The bundler says that the page is there. */
  readonly ready: RegExp
  /** Without the preferred ports, page and API. */
  readonly services: readonly [object, object]
}

const VITE: Pick<Sample, 'packages' | 'commands' | 'ready'> = {
  packages: { vite: 'vite', express: 'express' },
  commands: { vite: 'vite/bin/vite.js' },
  ready: /ready in/,
}
/** Each a different way to have both. */
export const SAMPLES: readonly Sample[] = [
  {
    ...VITE,
    fixture: 'express-vite',
    web: 'dev',
    services: [{ command: 'vite', dependsOn: 'api' }, { command: 'node api.js' }],
  },
  {
    ...VITE,
    fixture: 'monorepo',
    web: 'web',
    services: [
      { command: 'npm run dev', cwd: 'packages/web' },
      { command: 'npm run dev', cwd: 'packages/api' },
    ],
  },
  {
    fixture: 'webpack-app',
    web: 'dev',
    packages: { webpack: 'webpack' },
    commands: { webpack: 'webpack-cli/bin/cli.js' },
    ready: /compiled successfully/,
    services: [{ command: 'webpack serve', dependsOn: 'api' }, { command: 'npm run api' }],
  },
]

/** Two checkouts of one sample. */
export interface Worktrees extends Disposable {
  /** The main one, and the one that is linked to it. */
  readonly dirs: readonly [main: string, linked: string]
}

/** Two worktrees of `sample`, with everything installed. The usual ports are whose they are: these are its own. */
export function twoWorktrees(sample: Sample, ports: readonly number[]): Worktrees {
  const [main, place] = [tempRoot(sample.fixture), tempRoot()]
  main.write({
    '.gitignore': 'node_modules\n.env.local\n',
    'ports.config.mjs': configOf(sample, ports),
  })
  initRepo(main.dir)
  const linked = join(place.dir, 'agent')
  git(main.dir, 'worktree', 'add', '-q', '-b', 'agent', linked)
  for (const dir of [main.dir, linked]) {
    linkPackages(dir, sample.packages)
    linkCommands(dir, sample.commands)
  }
  return {
    dirs: [main.dir, linked],
    [Symbol.dispose]() {
      main[Symbol.dispose]()
      place[Symbol.dispose]()
    },
  }
}

function configOf({ web, services }: Sample, [page, server]: readonly number[]): string {
  const [first, second] = services
  const all = { [web]: { ...first, preferred: page }, api: { ...second, preferred: server } }
  return `export default ${JSON.stringify({ services: all })}\n`
}
