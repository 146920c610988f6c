import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkHardCoded } from '../../src/doctor/checks/hard-coded.ts'
import { checkLocalhost } from '../../src/doctor/checks/localhost.ts'
import { checkStateDirectory } from '../../src/doctor/checks/state-directory.ts'
import { gatherLocalhost } from '../../src/doctor/facts/localhost.ts'
import { gatherReached, networkAddress } from '../../src/doctor/facts/reached.ts'
import { inlineOptions } from '../../src/doctor/facts/inline-options.ts'
import { scanFiles } from '../../src/doctor/facts/scan.ts'
import { gatherState } from '../../src/doctor/facts/state.ts'
import { gatherVersions } from '../../src/doctor/facts/versions.ts'
import type { LeaseAnswer } from '../../src/lease/answer.ts'
import { occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'

const isRoot = process.getuid?.() === 0

describe('the state directory', () => {
  const severities = async (path: string): Promise<string[]> =>
    checkStateDirectory(await gatherState(path)).map(({ severity }) => severity)

  test('that is fine, is to be made, or is a file or a dead link', async () => {
    using root = tempRoot()
    const at = (name: string): string => join(root.dir, name)
    mkdirSync(at('fine'), { mode: 0o700 })
    writeFileSync(at('file'), '')
    symlinkSync(at('nowhere'), at('link'))
    expect(await severities(at('fine'))).toEqual([])
    expect(await severities(at('not/yet/there'))).toEqual([])
    expect(await severities(at('file'))).toEqual(['error'])
    expect(await severities(at('file/below'))).toEqual(['error'])
    expect(await severities(at('link'))).toEqual(['error'])
  })

  test('that others may write', async () => {
    using root = tempRoot()
    chmodSync(root.dir, 0o777)
    expect(await gatherState(root.dir)).toMatchObject({ mode: 0o777, writable: true })
    expect(await severities(root.dir)).toEqual(['warning'])
  })

  test.skipIf(!isRoot)('that belongs to another user', async () => {
    using root = tempRoot()
    chownSync(root.dir, 4321, 4321)
    expect(await severities(root.dir)).toEqual(['error'])
  })

  test.skipIf(isRoot)('that may not be written', async () => {
    using root = tempRoot()
    chmodSync(root.dir, 0o500)
    expect(await severities(root.dir)).toEqual(['error'])
  })

  test.skipIf(process.platform !== 'linux')('on a disk without room', async () => {
    // No real disk of this machine may be filled; /proc has blocks of none, and that is no finding.
    expect((await gatherState('/proc')).freeBytes).toBeUndefined()
    using root = tempRoot()
    expect((await gatherState(root.dir)).freeBytes).toBeGreaterThan(0)
  })
})

test('this machine’s localhost is asked for', async () => {
  const facts = await gatherLocalhost(process.platform, process.env)
  expect(facts.addresses.length).toBeGreaterThan(0)
  expect(checkLocalhost(facts).filter(({ severity }) => severity === 'error')).toEqual([])
})

test('whether others reach a port is tried', async (context) => {
  const address = networkAddress()
  if (address === undefined) return context.skip('no network')
  await using open = await occupy()
  await using own = await occupy('127.0.0.1')
  const lease = {
    v: 1,
    state: 'held',
    root: '/a',
    checkout: '/a',
    pid: 1,
    command: '',
    since: '',
  } as const
  const leases: LeaseAnswer[] = [
    { ...lease, port: open.port, service: 'open' },
    { ...lease, port: own.port, service: 'own' },
  ]
  expect(await gatherReached(leases)).toEqual([{ port: open.port, service: 'open', address }])
  expect(await gatherReached(leases, undefined)).toHaveLength(1)
})

describe('what bundlers’ configs give to the plugin', () => {
  test.each([
    [
      'vite.config.ts',
      `import { defineConfig } from 'vite'
import ports from 'unplugin-ports/vite'
const preferred: number = 3000
export default defineConfig(() => ({
  plugins: [ports({ services: { api: { preferred, range: '3000-3010', proxy: ['/api', '/ws'] }, 'db-2': 5432 } } as const)],
}))`,
      [{ services: { api: { range: '3000-3010', proxy: ['/api', '/ws'] }, 'db-2': 5432 } }],
    ],
    [
      'webpack.config.js',
      `const own = require('unplugin-ports/webpack').default
const other = require('other')
module.exports = { plugins: [new (class {})(), other({ strict: true }), own({ strict: true, ...more, [x]: 1 })] }`,
      [{ strict: true }],
    ],
    [
      'rsbuild.config.mjs',
      `import ports from 'unplugin-ports/rsbuild'\nports(options)\nports()`,
      [],
    ],
    ['vite.config.js', `import ports from 'unplugin-ports/vite'\nexport default {`, []],
  ])('%s', async (name, text, expected) => {
    using root = tempRoot()
    root.write({ [name]: text })
    expect(await inlineOptions(root.dir)).toEqual(expected)
  })
})

describe('the scan', () => {
  const code = "fetch('http://localhost:3000')\n"

  test('reads configs, env files and code, and nothing that was installed, built or tests', async () => {
    using root = tempRoot()
    root.write({
      'package.json': '{ "scripts": { "e2e": "wait http://localhost:3000" } }',
      '.env': 'A=http://localhost:3001\n',
      '.env.local':
        '# >>> unplugin-ports: written at every start, edits inside are lost\nAPI_URL=http://localhost:3002\n# <<< unplugin-ports\nB=http://localhost:3003\n',
      '.env.example': 'A=http://localhost:3999\n',
      'ports.config.json': '{}',
      'vite.config.ts': code,
      'src/app/main.tsx': code,
      'e2e/playwright.config.ts': code,
      'node_modules/x/index.js': code,
      '.git/hooks/x.js': code,
      'dist/app.js': code,
      'src/app.test.ts': code,
      'test/x.ts': code,
      'readme.md': code,
      'src/types.d.ts': code,
      'src/big.js': code.repeat(20_000),
    })
    symlinkSync(root.dir, join(root.dir, 'src/loop'))
    const { files, complete } = await scanFiles(root.dir)
    expect(complete).toBe(true)
    const found = checkHardCoded(files, []).map(
      ({ file = '', line, port }) => `${file.slice(root.dir.length + 1)}:${line} ${port}`,
    )
    expect(found).toEqual([
      '.env:1 3001',
      '.env.local:4 3003',
      'package.json:1 3000',
      'vite.config.ts:1 3000',
      'e2e/playwright.config.ts:1 3000',
      'src/app/main.tsx:1 3000',
    ])
  })

  test('ends at its limits', async () => {
    using root = tempRoot()
    root.write(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`src/${n}.js`, code])))
    const few = await scanFiles(root.dir, { files: 10 })
    expect({ count: few.files.length, complete: few.complete }).toEqual({
      count: 10,
      complete: false,
    })
    expect(await scanFiles(root.dir, { ms: -1 })).toEqual({ files: [], complete: false })
    expect(await scanFiles(join(root.dir, 'missing'))).toEqual({ files: [], complete: true })
  })
})

test('versions are those that packages of a workspace would load', () => {
  using root = tempRoot()
  const copy = (version: string): string => JSON.stringify({ name: 'unplugin-ports', version })
  root.write({
    'node_modules/unplugin-ports/package.json': copy('1.0.0'),
    'packages/web/package.json': '{}',
    'packages/api/node_modules/unplugin-ports/package.json': copy('0.9.0'),
  })
  expect(gatherVersions(root.dir, []).map(({ version }) => version)).toEqual(['1.0.0', '0.9.0'])
})
