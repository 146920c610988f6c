import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { move, reserve } from '../../src/api.ts'
import { sessionOf } from '../../src/reservation/session.ts'
import { leasePlace } from '../../src/reservation/who-holds.ts'
import { get } from '../_utils/http.ts'
import { freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'

test('a held service moves to its next port, and everybody who has it goes along', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  await using mine = await reserve({ root: root.dir, services: { web: { range: [from, to] } } })
  const web = mine.services.web
  expect(await move('web', { root: root.dir })).toEqual({ service: 'web', from, to })
  expect(web).toMatchObject({ port: to, url: `http://localhost:${to}`, state: 'held' })
  expect(mine.env().WEB_PORT).toBe(String(to))
  expect(await isFree(from)).toBe(true)
  expect(await isFree(to)).toBe(false)

  const server = createServer((_, response) => response.end('moved'))
  web?.adoptInto(server)
  expect((await get(`http://localhost:${to}/`)).text).toBe('moved')
  await expect(move('web', { root: root.dir })).rejects.toMatchObject({ code: 'PORTS_SERVING' })
  await new Promise((resolve) => server.close(resolve))
})

test('it moves to the port that is asked for, or stays where it is', async () => {
  const [from, to] = await freeRange(3)
  using root = tempRoot()
  await using mine = await reserve({ root: root.dir, services: { web: { preferred: from } } })
  await using taken = await occupy(undefined, from + 1)
  await expect(move('web', { root: root.dir, to: taken.port })).rejects.toMatchObject({
    code: 'PORTS_TAKEN',
    message: expect.stringContaining(`pid ${process.pid}`),
  })
  expect(mine.services.web).toMatchObject({ port: from, state: 'held' })
  expect(await isFree(from)).toBe(false)
  await move('web', { root: root.dir, to })
  expect(mine.services.web).toMatchObject({ port: to, source: 'typed' })
})

test('the old port is given up after everybody was told', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  await using mine = await reserve({ root: root.dir, services: { web: { range: [from, to] } } })
  const session = sessionOf({
    root: root.dir,
    command: 'test',
    pid: process.pid,
    place: leasePlace(process.env, process.platform),
  })
  const seen: unknown[] = []
  session.onMove.add(async (moved) => {
    seen.push([moved.from, moved.to, await isFree(from), mine.services.web?.port])
  })
  await session.move('web')
  expect(seen).toEqual([[from, to, false, to]])
  expect(await isFree(from)).toBe(true)
})

test('what is not there or makes no sense is said', async () => {
  using root = tempRoot()
  await expect(move('web', { root: root.dir })).rejects.toMatchObject({ code: 'PORTS_NO_SERVICE' })
  await using _ = await reserve({ root: root.dir, services: { web: true } })
  await expect(move('wep', { root: root.dir })).rejects.toThrow('no service "wep"')
  await expect(move('web', { root: root.dir, to: 70_000 })).rejects.toMatchObject({
    code: 'PORTS_INVALID_OPTION',
  })
})

test('of several servers with a service of one name, the one that is meant moves by its own plan', async () => {
  const [from, to] = await freeRange(4)
  using root = tempRoot()
  await using first = await reserve({
    root: root.dir,
    services: { web: { range: [from, from + 1] } },
  })
  await using second = await reserve({ root: root.dir, services: { web: { range: [to - 1, to] } } })
  await expect(move('web', { root: root.dir })).rejects.toMatchObject({
    code: 'PORTS_AMBIGUOUS',
    message: expect.stringContaining(`${from}, ${to - 1}`),
  })
  expect(await move('web', { root: root.dir, from })).toEqual({
    service: 'web',
    from,
    to: from + 1,
  })
  expect(second.services.web?.port).toBe(to - 1)
  expect(await move('web', { root: root.dir, from: to - 1 })).toMatchObject({ to })
  expect(first.services.web?.port).toBe(from + 1)
})

test('equal names in two roots are two services', async () => {
  const [from, to] = await freeRange(4)
  using one = tempRoot()
  using two = tempRoot()
  await using first = await reserve({
    root: one.dir,
    services: { web: { range: [from, from + 1] } },
  })
  await using second = await reserve({ root: two.dir, services: { web: { range: [to - 1, to] } } })
  await move('web', { root: two.dir })
  expect([first.services.web?.port, second.services.web?.port]).toEqual([from, to])
})
