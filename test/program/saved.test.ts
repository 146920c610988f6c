import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPorts, type Options, PortsOptionError } from '../../src/api.ts'
import { readSaved, writeSaved } from '../../src/program/saved.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'

test('a saved configuration gives the same services the same ports', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(4)
  await using taken = await occupy('127.0.0.1', from)
  const options = {
    root: root.dir,
    exclude: [to],
    services: { web: { range: [from, to], description: 'the site' } },
  } as const
  const first = createPorts(options)
  const web = await first.allocate('web')
  await first.allocate('job', { range: [from, to], metadata: { team: 'core' } })
  expect(web.port).toBe(from + 1)
  const file = await first.save()
  expect(file).toBe(join(root.dir, 'ports.saved.json'))
  await first.close()
  await taken[Symbol.asyncDispose]()

  await using second = createPorts({ root: root.dir })
  expect(await second.load()).toBe(true)
  const { web: again, job } = await second.allocateAll()
  // Not the first of the range any more, which is free now.
  expect(again).toMatchObject({ port: from + 1, source: 'preferred', description: 'the site' })
  expect(job).toMatchObject({ port: from + 2, metadata: { team: 'core' } })
  const saved = JSON.parse(readFileSync(file, 'utf8')) as { options: Options }
  expect(saved.options).not.toHaveProperty('root')
  expect(saved.options.exclude).toEqual([to])
  expect(await second.save('sub.json')).toBe(join(root.dir, 'sub.json'))
  expect(readSaved(join(root.dir, 'sub.json'))).toEqual(saved.options)
})

test('no file is no error, and a port of this run alone is not saved', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  await using ports = createPorts({ root: root.dir })
  expect(await ports.load()).toBe(false)
  process.env.PORTS_TEST_SAVED = String(to)
  try {
    await ports.fromEnvOr('PORTS_TEST_SAVED', from, 'web')
  } finally {
    delete process.env.PORTS_TEST_SAVED
  }
  const file = await ports.save()
  expect(readSaved(file)?.services?.web).toMatchObject({ preferred: from })
})

describe('files that can not be used', () => {
  const header = '"format": "unplugin-ports/saved", "version": 1'
  const cases: [name: string, text: string, message: string][] = [
    ['empty', '', ':1:1: no JSON from here on'],
    ['truncated', `{\n  ${header}, "options": {"ser`, ':2:63: no JSON from here on'],
    ['foreign', '{ "name": "shop" }', ': not a file that save() wrote'],
    ['a list', '[]', ': not a file that save() wrote'],
    ['newer', '{ "format": "unplugin-ports/saved", "version": 2 }', ': version 2 of the format'],
    ['without options', `{ ${header} }`, ': "options" is missing'],
  ]
  test.each(cases)('%s: neither read nor overwritten', async (_name, text, message) => {
    using root = tempRoot()
    const file = join(root.dir, 'ports.saved.json')
    writeFileSync(file, text)
    await using ports = createPorts({ root: root.dir, services: { web: 3000 } })
    await expect(ports.load()).rejects.toThrow(PortsOptionError)
    await expect(ports.load()).rejects.toThrow(file + message)
    await expect(ports.save()).rejects.toThrow(file + message)
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(readdirSync(root.dir)).toEqual(['ports.saved.json'])
  })

  test('a wrong option names file and path', async () => {
    using root = tempRoot()
    const file = join(root.dir, 'mine.json')
    writeFileSync(file, `{ ${header}, "options": { "services": { "web": { "prefered": 1 } } } }`)
    await using ports = createPorts({ root: root.dir })
    await expect(ports.load('mine.json')).rejects.toThrow(
      `${file}: services.web.prefered: unknown option (value: 1). Did you mean "preferred"?`,
    )
    expect(await ports.allocateAll()).toEqual({})
  })

  test('a directory in its place, a missing directory, what JSON can not say', async () => {
    using root = tempRoot()
    mkdirSync(join(root.dir, 'ports.saved.json'))
    await using ports = createPorts({ root: root.dir })
    await expect(ports.load()).rejects.toThrow("can't be read: it is a directory")
    await expect(ports.save()).rejects.toThrow("can't be read: it is a directory")
    await expect(ports.save('no/such/file.json')).rejects.toThrow("file.json: can't be written")
    await using odd = createPorts({
      root: root.dir,
      services: { web: { proxy: { '/api': { rewrite: (path: string) => path } } } },
    })
    await expect(odd.save('odd.json')).rejects.toThrow(
      "services.web.proxy: can't be saved, as JSON can't say it; nothing was written.",
    )
    expect(readdirSync(root.dir)).toEqual(['ports.saved.json'])
  })

  test('a symbolic link stays one', () => {
    using root = tempRoot()
    const [link, target] = [join(root.dir, 'link.json'), join(root.dir, 'target.json')]
    symlinkSync(target, link)
    writeSaved(link, { strict: true })
    expect(readSaved(target)).toEqual({ strict: true })
  })

  test('any bytes give the options or a PortsOptionError', () => {
    using root = tempRoot()
    const file = join(root.dir, 'any.json')
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((options) => `{ ${header}, "options": ${options} }`),
    )
    fc.assert(
      fc.property(text, (text) => {
        writeFileSync(file, text)
        try {
          expect(readSaved(file)).toBeTypeOf('object')
        } catch (error) {
          expect(error).toBeInstanceOf(PortsOptionError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
