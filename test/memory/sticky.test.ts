import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { move, reserve } from '../../src/api.ts'
import type { Options } from '../../src/types.ts'
import { git, initRepo } from '../_utils/git.ts'
import { age, recordFile, recordOf } from '../_utils/memory.ts'
import { startProgram } from '../_utils/program.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const posix = process.platform !== 'win32'

/** What one run of `root` gets; it has ended when this returns. */
async function run(root: string, options: Options) {
  await using held = await reserve({ root, ...options })
  return Object.fromEntries(
    Object.entries(held.services).map(([name, { port, source, attempts }]) => [
      name,
      { port, source, attempts },
    ]),
  )
}

test('a port is had again in the next run, although an earlier one is free by then', async () => {
  const [from, to] = await freeRange(3)
  using root = tempRoot()
  const services = { api: { range: [from, to] as const } }
  {
    await using _taken = await occupy('127.0.0.1', from)
    await using program = startProgram(root.dir, { services })
    expect((await program.got()).api).toMatchObject({ port: from + 1, source: 'range' })
    await program.end('SIGKILL')
  }
  await using program = startProgram(root.dir, { services })
  expect((await program.got()).api).toEqual({
    port: from + 1,
    source: 'sticky',
    attempts: [{ port: from + 1, source: 'sticky' }],
  })
})

test('a preferred port that is free again comes before the one that was remembered', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  const services = { api: { preferred: from, range: [from, to] as const } }
  {
    await using _taken = await occupy('127.0.0.1', from)
    expect((await run(root.dir, { services })).api?.port).toBe(to)
  }
  expect((await run(root.dir, { services })).api).toMatchObject({ port: from, source: 'preferred' })
})

test('another root keeps off, and is told for whom', async () => {
  const [from, to] = await freeRange(2)
  using shop = tempRoot()
  initRepo(shop.dir)
  git(shop.dir, 'checkout', '-b', 'feature/x')
  using other = tempRoot()
  const services = { web: { preferred: from, range: [from, to] as const } }
  expect((await run(shop.dir, { services })).web?.port).toBe(from)
  expect((await run(other.dir, { services })).web).toEqual({
    port: to,
    source: 'range',
    attempts: [
      {
        port: from,
        source: 'preferred',
        rejected: 'claimed',
        holder: {
          port: from,
          via: 'memory',
          service: 'web',
          root: shop.dir,
          checkout: shop.dir,
          branch: 'feature/x',
          since: expect.stringMatching(/^\d{4}-/) as string,
        },
      },
      { port: to, source: 'range' },
    ],
  })
  expect((await run(shop.dir, { services })).web?.port).toBe(from)
  // As soon as the first root is gone, nobody is kept off any more.
  rmSync(shop.dir, { recursive: true })
  expect((await run(other.dir, { services })).web?.port).toBe(from)
})

test('the oldest claim is given up when the range would be exhausted', async () => {
  const [from, to] = await freeRange(2)
  const options: Options = { services: { web: { range: [from, to] } } }
  using one = tempRoot()
  using two = tempRoot()
  using three = tempRoot()
  expect((await run(one.dir, options)).web?.port).toBe(from)
  expect((await run(two.dir, options)).web?.port).toBe(to)
  age(two.dir, 2 * HOUR)
  const { web } = await run(three.dir, options)
  expect(web?.port).toBe(to)
  expect(web?.attempts.map(({ port, rejected }) => [port, rejected])).toEqual([
    [from, 'claimed'],
    [to, 'claimed'],
    [to, undefined],
  ])
  expect(web?.attempts.at(-1)?.holder).toMatchObject({ via: 'memory', root: two.dir })
  // Whoever lost it gets the other one only when that is not wanted more: it is its own past still.
  expect((await run(two.dir, options)).web).toMatchObject({ port: to, source: 'sticky' })
})

test('a root that is gone is forgotten, one that may be on an unmounted disk only claims nothing', async () => {
  const [from, to] = await freeRange(2)
  const options: Options = { services: { web: { range: [from, to] } } }
  using disk = tempRoot()
  const shop = join(disk.dir, 'shop')
  mkdirSync(shop)
  await run(shop, options)
  using elsewhere = tempRoot()
  renameSync(shop, join(elsewhere.dir, 'shop'))
  using other = tempRoot()
  expect((await run(other.dir, options)).web?.port).toBe(from)
  expect(recordOf(shop)).toBeDefined()
  rmSync(recordFile(other.dir))
  // Something else lies beside it, so the disk is there.
  writeFileSync(join(disk.dir, 'note.txt'), '')
  expect((await run(other.dir, options)).web?.port).toBe(from)
  expect(recordOf(shop)).toBeUndefined()
})

test('a root that has been out of reach for a month is forgotten', async () => {
  const [from, to] = await freeRange(2)
  const options: Options = { services: { web: { range: [from, to] } } }
  using disk = tempRoot()
  const shop = join(disk.dir, 'shop')
  mkdirSync(shop)
  await run(shop, options)
  rmSync(shop, { recursive: true })
  age(shop, 31 * DAY)
  using other = tempRoot()
  await run(other.dir, options)
  expect(recordOf(shop)).toBeUndefined()
})

test('a port that a person names is claimed, but not remembered in place of the chosen one', async () => {
  const [from, to] = await freeRange(3)
  using root = tempRoot()
  using other = tempRoot()
  const options: Options = {
    services: { web: { range: [from, to], env: 'PORTS_TEST_NAMED_PORT' } },
  }
  expect((await run(root.dir, options)).web?.port).toBe(from)
  process.env.PORTS_TEST_NAMED_PORT = String(to)
  try {
    expect((await run(root.dir, options)).web).toMatchObject({ port: to, source: 'env' })
  } finally {
    delete process.env.PORTS_TEST_NAMED_PORT
  }
  expect(recordOf(root.dir)?.services.web).toMatchObject({ port: from, asked: to })
  expect((await run(other.dir, options)).web?.port).toBe(from + 1)
  expect((await run(root.dir, options)).web).toMatchObject({ port: from, source: 'sticky' })
  expect(recordOf(root.dir)?.services.web).not.toHaveProperty('asked')
})

test('a range that was written since counts more than memory', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  await run(root.dir, { services: { web: { range: [from, from] } } })
  expect((await run(root.dir, { services: { web: { range: [to, to] } } })).web?.port).toBe(to)
})

test("a new service leaves the other services' remembered ports alone", async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  const range = [from, to] as const
  await run(root.dir, { services: { api: { range } } })
  const both = await run(root.dir, { services: { added: { range }, api: { range } } })
  expect(both.added?.port).toBe(to)
  expect(both.api).toMatchObject({ port: from, source: 'sticky' })
  // One that is named in the options is meant, whoever had it.
  const named = await run(root.dir, { services: { added: { preferred: from, range } } })
  expect(named.added).toMatchObject({ port: from, source: 'preferred' })
})

test('services of several programs of one root are remembered together', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  await using one = startProgram(root.dir, { services: { one: { range: [from, from] } } })
  await using two = startProgram(root.dir, { services: { two: { range: [to, to] } } })
  await Promise.all([one.got(), two.got()])
  expect(recordOf(root.dir)?.services).toMatchObject({ one: { port: from }, two: { port: to } })
})

test('a service that was moved is found where it went', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  const options: Options = { services: { web: { range: [from, to] } } }
  {
    await using _held = await reserve({ root: root.dir, ...options })
    expect(await move('web', { root: root.dir })).toMatchObject({ to })
  }
  expect((await run(root.dir, options)).web).toMatchObject({ port: to, source: 'sticky' })
})

test('a second start of the day writes nothing, only notes the time', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  const options: Options = { services: { web: { range: [from, to] } } }
  await run(root.dir, options)
  const file = recordFile(root.dir)
  age(root.dir, HOUR)
  const before = statSync(file)
  await run(root.dir, options)
  const after = statSync(file)
  expect(after.ino).toBe(before.ino)
  expect(after.mtimeMs).toBeGreaterThan(before.mtimeMs)
  if (posix) {
    expect(after.mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
  }
})

test.each<[string, Options, string | undefined]>([
  ['sticky: false', { sticky: false }, undefined],
  ['CI', {}, 'true'],
  ['CI=1', {}, '1'],
])('%s: nothing is read or written, and nobody is kept off', async (_name, more, ci) => {
  const [from, to] = await freeRange(3)
  using one = tempRoot()
  using two = tempRoot()
  const options: Options = { services: { web: { range: [from, to] } } }
  await run(one.dir, options)
  const before = recordOf(one.dir)
  vi.stubEnv('CI', ci)
  try {
    expect((await run(two.dir, { ...options, ...more })).web?.port).toBe(from)
    await using _taken = await occupy('127.0.0.1', from)
    expect((await run(one.dir, { ...options, ...more })).web?.port).toBe(from + 1)
    expect((await run(two.dir, { ...options, ...more })).web?.port).toBe(from + 1)
  } finally {
    vi.unstubAllEnvs()
  }
  expect(recordOf(two.dir)).toBeUndefined()
  expect(recordOf(one.dir)).toEqual(before)
})

test.each(['false', '0', ''])('CI=%j is no CI', async (ci) => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  vi.stubEnv('CI', ci)
  try {
    await run(root.dir, { services: { web: { range: [from, to] } } })
  } finally {
    vi.unstubAllEnvs()
  }
  expect(recordOf(root.dir)?.services.web?.port).toBe(from)
})

test('sticky of one service counts for that service', async () => {
  const [from, to] = await freeRange(9)
  using root = tempRoot()
  const services = { web: { range: [from, to] as const }, tmp: { range: [from, to] as const } }
  await run(root.dir, { services: { ...services, tmp: { ...services.tmp, sticky: false } } })
  expect(Object.keys(recordOf(root.dir)?.services ?? {})).toEqual(['web'])
  await run(root.dir, {
    sticky: false,
    services: { ...services, tmp: { ...services.tmp, sticky: true } },
  })
  expect(Object.keys(recordOf(root.dir)?.services ?? {})).toEqual(['web', 'tmp'])
})
