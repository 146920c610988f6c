import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import colors from 'picocolors'
import { describe, expect, test } from 'vitest'
import { configText } from '../../src/dev/config-text.ts'
import { actionFor } from '../../src/dev/keyboard.ts'
import { openerFor } from '../../src/dev/open-url.ts'
import { PROJECT_SOURCES } from '../../src/dev/project/sources.ts'
import { suggestServices } from '../../src/dev/project/suggestion.ts'
import { packageDirectories } from '../../src/dev/project/workspace.ts'
import { selectServices } from '../../src/dev/select.ts'
import { renderStatusLine } from '../../src/dev/status-line.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import { tempRoot } from '../_utils/temp.ts'

const manifest = (scripts: Record<string, string>, more: object = {}): string =>
  JSON.stringify({ scripts, ...more })

describe('what a project shows', () => {
  async function seen(files: Record<string, string>): Promise<Record<string, unknown>> {
    using root = tempRoot()
    root.write(files)
    const found = await suggestServices(root.dir, PROJECT_SOURCES, {})
    return Object.fromEntries(found.map(({ name, options, sure }) => [name, { ...options, sure }]))
  }

  test.each<[string, Record<string, string>, object]>([
    ['nothing', {}, {}],
    ['a manifest that is none', { 'package.json': '[1' }, {}],
    [
      'Vite with the plugin, and an API',
      {
        'package.json': manifest({ dev: 'vite', api: 'node api.js', test: 'vitest' }),
        'vite.config.ts': `import ports from 'unplugin-ports/vite'`,
      },
      {
        dev: { command: 'npm run dev', preferred: 5173, sure: true },
        api: { command: 'npm run api', sure: true },
      },
    ],
    [
      'Vite without the plugin gets its port by its flags',
      { 'package.json': manifest({ dev: 'vite' }), 'vite.config.js': '', 'pnpm-lock.yaml': '' },
      { dev: { command: 'pnpm dev --port {port} --strictPort', preferred: 5173, sure: true } },
    ],
    [
      'webpack',
      {
        'package.json': manifest({ start: 'webpack serve' }),
        'webpack.config.js': 'unplugin-ports',
      },
      { dev: { command: 'npm run start', preferred: 8080, sure: true } },
    ],
    [
      'what starts several things is passed over for the things',
      {
        'package.json': manifest({ dev: 'run-p dev:*', 'dev:web': 'x', 'dev:server': 'tsx s.ts' }),
      },
      { api: { command: 'npm run dev:server', sure: true } },
    ],
    ['ports dev itself', { 'package.json': manifest({ dev: 'ports dev' }) }, {}],
    [
      'a builder is no certain server',
      { 'package.json': manifest({ dev: 'tsc -w' }) },
      { dev: { command: 'npm run dev', sure: false } },
    ],
    [
      'a file that listens',
      { 'src/server.ts': 'app.listen(3000)' },
      { api: { command: 'tsx src/server.ts', sure: true } },
    ],
    [
      'packages of a workspace',
      {
        'package.json': manifest({ dev: 'turbo dev' }, { workspaces: { packages: ['apps/*'] } }),
        'apps/web/package.json': manifest({ dev: 'next dev' }),
        'apps/api/package.json': manifest({ dev: 'tsx watch src/index.ts' }),
        'apps/lib/package.json': manifest({ build: 'tsc' }),
      },
      {
        api: { command: 'npm run dev', cwd: 'apps/api', sure: true },
        web: { command: 'npm run dev', cwd: 'apps/web', sure: true },
      },
    ],
  ])('%s', async (_, files, expected) => {
    expect(await seen(files)).toEqual(expected)
  })

  test('pnpm’s globs', async () => {
    using root = tempRoot()
    root.write({
      'pnpm-workspace.yaml': `packages:\n  - 'apps/**'\n  - ./tools/*/\n  - '!**/test'\n  - other\n`,
      ...Object.fromEntries(
        [
          'apps/a',
          'apps/b/c',
          'apps/b/test',
          'apps/node_modules/x',
          'tools/t',
          'tools/t/deep',
          'other',
        ].map((place) => [`${place}/package.json`, '{}']),
      ),
    })
    expect(await packageDirectories(root.dir)).toEqual(['apps/a', 'apps/b/c', 'other', 'tools/t'])
  })

  test('what is written is a config', async () => {
    using root = tempRoot()
    const services = {
      api: { command: "node 'a b.js'", cwd: 'apps/api' },
      'web-2': { command: ['node', 'x'], preferred: 3000 },
    }
    root.write({
      'ports.config.mjs': configText(
        Object.entries(services).map(([name, options]) => ({
          name,
          options,
          seenBy: '',
          sure: true,
        })),
      ),
    })
    const written = (await import(join(root.dir, 'ports.config.mjs'))) as { default: object }
    expect(written.default).toEqual({ services })
  })
})

describe('which services', () => {
  const { services } = resolveOptions({
    services: {
      dev: 5173,
      web: { command: 'x', dependsOn: 'api' },
      api: { command: 'x', count: 2, dependsOn: 'db' },
      db: 5432,
      mail: { command: 'x', profiles: ['e2e', 'mail'] },
      docs: { command: 'x' },
    },
  })
  test.each<[string[], string[], string[]]>([
    [[], [], ['web', 'api', 'api-2', 'db', 'docs']],
    [[], ['mail'], ['web', 'api', 'api-2', 'db', 'mail', 'docs']],
    [['api'], [], ['api', 'api-2', 'db']],
    [['mail', 'docs'], [], ['mail', 'docs']],
  ])('%j, profiles %j', (names, profiles, expected) => {
    expect(selectServices(services, { names, profiles }).map(({ name }) => name)).toEqual(expected)
  })

  test.each<[string[], string[], RegExp]>([
    [['wbe'], [], /no service "wbe"/],
    [[], ['e3e'], /no service has the profile "e3e"\. Did you mean "e2e"\?/],
    [['db'], [], /no service of db has a command/],
  ])('%j, profiles %j are refused', (names, profiles, problem) => {
    expect(() => selectServices(services, { names, profiles })).toThrow(problem)
  })
})

describe('the status line', () => {
  const processes = [
    { service: 'api', state: 'running' },
    { service: 'web', state: 'failed' },
  ] as const
  const draw = (width: number, question?: 'restart'): string =>
    stripVTControlCharacters(
      renderStatusLine(processes, question, width, colors.createColors(true)),
    )

  test.each([
    [80, undefined, ' ● api  ✕ web  r restart  o open  s status  q quit'],
    [80, 'restart', ' ● 1 api  ✕ 2 web  restart which? a all, esc none'],
    [40, undefined, ' ●✕  r restart  o open  s status  q quit'.slice(0, 39)],
  ] as const)('at %d columns, asked %s', (width, question, expected) => {
    expect(draw(width, question)).toBe(expected)
  })

  test('never fills the line, or the terminal would break it', () => {
    for (let width = 1; width < 90; width++) expect(draw(width).length).toBeLessThan(width)
  })
})

test.each([
  ['q', undefined, { do: 'quit' }],
  ['\u0003', 'restart', { do: 'interrupt' }],
  ['R', undefined, { do: 'ask', question: 'restart' }],
  ['a', 'restart', { do: 'restart', services: ['api', 'web'] }],
  ['2', 'restart', { do: 'restart', services: ['web'] }],
  ['q', 'restart', { do: 'ask', question: undefined }],
  ['o', undefined, { do: 'open' }],
  ['s', undefined, { do: 'status' }],
  ['x', undefined, { do: 'nothing' }],
] as const)('the key %j, asked %s', (key, question, expected) => {
  expect(actionFor(key, question, ['api', 'web'])).toEqual(expected)
  if (key === 'R') expect(actionFor('r', undefined, ['api'])).toMatchObject({ do: 'restart' })
})

test.each([
  ['linux', {}, ['xdg-open', 'http://x/']],
  ['linux', { BROWSER: 'firefox' }, ['firefox', 'http://x/']],
  ['darwin', {}, ['open', 'http://x/']],
  ['win32', {}, ['rundll32.exe', 'url.dll,FileProtocolHandler', 'http://x/']],
] as const)('opening a page on %s with %j', (platform, env, expected) => {
  const { file, args } = openerFor('http://x/', platform, env)
  expect([file, ...args]).toEqual(expected)
})
