import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createPorts, type PortsEvents } from '../../src/api.ts'
import { askLease } from '../../src/lease/ask.ts'
import type { LeaseAnswer } from '../../src/lease/answer.ts'
import { Lease } from '../../src/lease/lease.ts'
import { leaseName } from '../../src/lease/names.ts'
import { LeaseKeeper } from '../../src/reservation/lease-keeper.ts'
import { leasePlace } from '../../src/reservation/who-holds.ts'
import { keepUp } from '../../src/session/upkeep.ts'
import { startNode } from '../_utils/children.ts'
import { openLater } from '../_utils/session.ts'
import { freeRange, hasIPv6, isFree, occupy, type Occupied } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const ENV = { PORTS_HEALTH_INTERVAL_MS: '100' }

/** Closes our own listening server on a port, as a careless tool does that gets hold of it. */
async function closeBehindOurBack(port: number): Promise<void> {
  const found = new Promise<Server>((resolve) => {
    const seen = (message: unknown): void => {
      const { socket } = message as { socket: Socket & { server: Server } }
      if (socket.localPort !== port) return
      unsubscribe('net.server.socket', seen)
      resolve(socket.server)
    }
    subscribe('net.server.socket', seen)
  })
  const visitor = connect(port, 'localhost')
  visitor.on('error', () => {})
  const server = await found
  visitor.destroy()
  server.close()
}

/** Somebody has the port that we held, as soon as it was closed. */
async function steal(port: number): Promise<Occupied> {
  for (;;) {
    await closeBehindOurBack(port)
    try {
      return await occupy('127.0.0.1', port)
    } catch {
      // It was held again in between.
    }
  }
}

/** Listens in another process. */
async function stranger(port: number, host: string) {
  const code = `require('net').createServer((s) => s.on('error', () => {}).resume())
.listen({ port: ${port}, host: '${host}' }, () => console.log('there'))`
  const child = startNode(['-e', code])
  await child.sees(/there/)
  return child
}

test('a held socket that was closed is held again, and who was faster is named once', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  const use = await openLater(root.dir, { web: { range: [from, to] } })
  const web = use.reservations.get('web')
  const said: string[] = []
  const end = keepUp({
    place: leasePlace(process.env, process.platform),
    checkout: root.dir,
    pid: process.pid,
    env: ENV,
    reservations: () => use.reservations.values(),
    lost: ({ port }, who) => said.push(`${port} ${who}`),
    beside: () => said.push('beside'),
  })
  try {
    await closeBehindOurBack(from)
    await until(async () => !(await isFree(from)))
    expect(web?.state).toBe('held')
    expect(said).toEqual([])

    const thief = await steal(from)
    await until(() => said.length > 0)
    expect(said[0]).toContain(`pid ${process.pid}`)
    expect(web?.state).toBe('leased')
    await thief[Symbol.asyncDispose]()
    await until(() => web?.state === 'held')
    expect(said).toHaveLength(1)
  } finally {
    end()
    use.close()
  }
})

test.runIf(hasIPv6)('a stranger on the other address of localhost is told of once', async () => {
  const [port] = await freeRange(1)
  using root = tempRoot()
  const use = await openLater(root.dir, { web: { preferred: port, host: '127.0.0.1' } })
  const said: string[] = []
  let looks = 0
  const end = keepUp({
    place: leasePlace(process.env, process.platform),
    checkout: root.dir,
    pid: process.pid,
    env: ENV,
    reservations() {
      looks++
      return use.reservations.values()
    },
    lost: () => said.push('lost'),
    beside: (_, who) => said.push(who),
  })
  try {
    await until(() => looks > 1)
    expect(said).toEqual([])
    await using other = await stranger(port, '::1')
    await until(() => said.length > 0)
    const before = looks
    await until(() => looks > before + 2)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(`pid ${other.pid}`)
  } finally {
    end()
    use.close()
  }
})

test('a lease whose socket file was deleted is offered again', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'ports-test-'))
  const [port] = await freeRange(1)
  // As macOS has it.
  const name = leaseName(port, 'darwin', stateDir)
  const answer: LeaseAnswer = {
    v: 1,
    port,
    service: 'web',
    state: 'held',
    root: '/shop',
    checkout: '/shop',
    pid: process.pid,
    command: 'test',
    since: new Date().toISOString(),
  }
  const claim = () => Lease.claim(name, () => answer)
  const lease = claim()
  expect(lease).toBeDefined()
  const bound = { host: undefined, address: undefined }
  const keeper = new LeaseKeeper({
    port,
    service: 'web',
    bound,
    source: 'preferred',
    attempts: [],
    ...(lease && { lease }),
    claim,
    running: false,
  })
  try {
    expect(keeper.renew()).toBe(false)
    rmSync(name.path)
    expect(await askLease(port, name)).toBeUndefined()
    expect(keeper.renew()).toBe(true)
    expect(existsSync(name.path)).toBe(true)
    expect(await askLease(port, name)).toMatchObject({ service: 'web' })
  } finally {
    keeper.end()
    rmSync(stateDir, { recursive: true })
  }
})

test.each(['warn', 'move', 'fail'] as const)(
  "a program whose port is taken from it: onConflict '%s'",
  async (onConflict) => {
    const [from, to] = await freeRange(2)
    using root = tempRoot()
    process.env.PORTS_HEALTH_INTERVAL_MS = '100'
    const ports = createPorts({
      root: root.dir,
      onConflict,
      services: { web: { range: [from, to] } },
    })
    try {
      const lost: PortsEvents['lost'][] = []
      const warnings: string[] = []
      ports.on('lost', (event) => lost.push(event))
      ports.on('warning', ({ message }) => warnings.push(message))
      const web = await ports.allocate('web')
      await using _thief = await steal(from)
      await until(() => lost.length > 0)
      expect(lost[0]).toMatchObject({ service: 'web', port: from })
      expect(lost[0]?.error.code).toBe('PORTS_STOLEN')
      if (onConflict === 'fail') {
        await until(async () =>
          ports.allocate('other').catch((error) => error.cause === lost[0]?.error),
        )
        return
      }
      await until(() => warnings.length > 0)
      expect(web).toMatchObject(
        onConflict === 'move' ? { port: to, state: 'held' } : { port: from },
      )
      expect(warnings[0]).toContain(`port ${from}, reserved for "web", is taken by`)
    } finally {
      delete process.env.PORTS_HEALTH_INTERVAL_MS
      await ports.close()
    }
  },
)
