import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  effectiveOptions,
  effectiveOptionsSync,
  programOptions,
} from '../../src/config/effective-options.ts'
import { findConfigFile } from '../../src/config/find.ts'
import { loadOptions, loadOptionsSync } from '../../src/config/load.ts'
import { PortsOptionError } from '../../src/errors.ts'
import type { Options } from '../../src/types.ts'
import { type TempRoot, tempRoot } from '../_utils/temp.ts'

const GIT = { '.git/HEAD': 'ref: refs/heads/main\n', '.git/objects/x': '', '.git/refs/x': '' }

function rootWith(files: Record<string, string>): TempRoot {
  const root = tempRoot()
  root.write(files)
  return root
}

async function failure(root: string, given?: Options): Promise<string> {
  const found = [
    await loadOptions({ root, given }).catch((error: unknown) => error),
    (() => {
      try {
        return loadOptionsSync({ root, given })
      } catch (error) {
        return error
      }
    })(),
  ]
  for (const error of found) expect(error).toBeInstanceOf(PortsOptionError)
  const [waited, atOnce] = found.map((error) => (error as Error).message)
  expect(atOnce).toBe(waited)
  return waited ?? ''
}

describe('finding', () => {
  test('the nearest file from the root upwards to the repository, and no further', () => {
    using outer = rootWith({ 'ports.config.json': '{}' })
    outer.write({
      ...Object.fromEntries(Object.entries(GIT).map(([name, text]) => [`repo/${name}`, text])),
      'repo/apps/web/package.json': '{}',
    })
    const web = join(outer.dir, 'repo/apps/web')
    expect(findConfigFile(web).file).toBeUndefined()
    outer.write({ 'repo/ports.config.ts': '' })
    expect(findConfigFile(web).file).toBe(join(outer.dir, 'repo/ports.config.ts'))
    outer.write({ 'repo/apps/ports.config.mjs': '' })
    expect(findConfigFile(web).file).toBe(join(outer.dir, 'repo/apps/ports.config.mjs'))
    outer.write({ 'repo/apps/web/ports.config.cjs': '' })
    expect(findConfigFile(web).file).toBe(join(web, 'ports.config.cjs'))
  })

  test('a workspace without git ends at its root', () => {
    using outer = rootWith({
      'ports.config.json': '{}',
      'shop/package.json': '{ "workspaces": ["apps/*"] }',
      'shop/apps/web/package.json': '{}',
    })
    const web = join(outer.dir, 'shop/apps/web')
    expect(findConfigFile(web).file).toBeUndefined()
    outer.write({ 'shop/ports.config.js': '' })
    expect(findConfigFile(web).file).toBe(join(outer.dir, 'shop/ports.config.js'))
  })

  test('a directory that belongs to nothing is looked at alone; directories are no files', () => {
    using outer = rootWith({ 'ports.config.json': '{}', 'notes/x': '' })
    expect(findConfigFile(join(outer.dir, 'notes')).file).toBeUndefined()
    expect(findConfigFile(outer.dir).file).toBe(join(outer.dir, 'ports.config.json'))
    mkdirSync(join(outer.dir, 'notes/ports.config.ts'))
    expect(findConfigFile(join(outer.dir, 'notes')).file).toBeUndefined()
    expect(findConfigFile(join(outer.dir, 'nowhere')).file).toBeUndefined()
  })

  test('two in one directory are an error that names both', () => {
    using root = rootWith({ 'ports.config.json': '{}', 'ports.config.mts': '' })
    expect(() => findConfigFile(root.dir)).toThrow(
      /ports\.config\.mts stands beside ports\.config\.json/,
    )
  })
})

describe('the stamp', () => {
  test('differs after an edit only', async () => {
    using root = rootWith({ 'ports.config.json': '{}' })
    const query = { root: root.dir, given: undefined }
    const { stamp } = await loadOptions(query)
    expect(loadOptionsSync(query).stamp).toBe(stamp)
    root.write({ 'ports.config.json': '{ }' })
    expect(loadOptionsSync(query).stamp).not.toBe(stamp)
  })
})

describe('what is wrong', () => {
  test('every problem on a line of its own; a file further up by its way there', async () => {
    using root = rootWith({
      'package.json': '{ "workspaces": ["a"] }',
      'ports.config.json': '{\n  "hoste": "x",\n  "services": { "api": 0 }\n}',
      'a/package.json': '{}',
    })
    const lines = (await failure(join(root.dir, 'a'))).split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^\.\.\/ports\.config\.json:2 hoste: unknown option .*"host"\?$/),
      expect.stringMatching(/^\.\.\/ports\.config\.json:3 services\.api: 0 is no port/),
    ])
  })

  test('options in code are blamed on the code, and clashes of the two on both', async () => {
    using root = rootWith({ 'ports.config.json': '{ "services": { "api": { "proxy": "/api" } } }' })
    expect(await failure(root.dir, { services: { db: { preferred: 0 } } })).toMatch(
      /^services\.db\.preferred: 0 is no port/,
    )
    const given: Options = { services: { db: { proxy: '/api' } } }
    const query = { given, cwd: root.dir, root: undefined, mode: undefined }
    expect(() => effectiveOptionsSync(query)).toThrow(
      /^with .*ports\.config\.json:\nservices\.db\.proxy: "\/api" is forwarded to services\.api already/,
    )
  })

  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'a file that this user may not read',
    async () => {
      using root = rootWith({ 'ports.config.json': '{}' })
      chmodSync(join(root.dir, 'ports.config.json'), 0)
      expect(await failure(root.dir)).toBe(
        "ports.config.json: it can't be read: permission denied.",
      )
    },
  )
})

describe('for hosts and programs', () => {
  const CONFIG =
    '{ "strict": true, "services": { "api": { "preferred": 3000 }, "db": 5432, "hmr": false } }'

  test('code wins over the file, and the file over defaults', async () => {
    using root = rootWith({ 'ports.config.json': CONFIG })
    const given: Options = { strict: false, services: { api: { preferred: 4000 }, db: false } }
    const builtIn = { dev: 5173, hmr: 24_678 }
    const query = { given, cwd: root.dir, root: undefined, mode: undefined, builtIn }
    const found = await effectiveOptions(query)
    expect(effectiveOptionsSync(query).options).toEqual(found.options)
    expect(found.options.strict).toBe(false)
    expect(found.options.services.map(({ name, preferred }) => [name, preferred])).toEqual([
      ['dev', [5173]],
      ['api', [4000]],
    ])
    expect([...found.named]).toEqual(['api', 'db', 'hmr'])
    root.write({ 'ports.config.json': '{ "services": { "more": true } }' })
    const again = await found.again()
    expect(again.options.services.map(({ name }) => name)).toEqual(['dev', 'hmr', 'more', 'api'])
  })

  test('a root in the code is where the file is looked for', async () => {
    using root = rootWith({ 'app/ports.config.json': CONFIG, 'app/package.json': '{}' })
    const query = { given: { root: 'app' }, cwd: root.dir, root: '/elsewhere', mode: undefined }
    expect((await effectiveOptions(query)).file).toBe(join(root.dir, 'app/ports.config.json'))
  })

  test('a program gets the services that it names, or all', async () => {
    using root = rootWith({ 'ports.config.json': CONFIG })
    const named = await programOptions({ services: { api: true, own: {} } }, root.dir)
    expect(named.options.services.map(({ name, preferred }) => [name, preferred])).toEqual([
      ['api', [3000]],
      ['own', []],
    ])
    expect(named.options.strict).toBe(true)
    const all = await programOptions({}, root.dir)
    expect(all.options.services.map(({ name }) => name)).toEqual(['api', 'db'])
  })
})
