import {
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
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
import { freeRange, hasIPv6, isFree, occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const ENV = { PORTS_HEALTH_INTERVAL_MS: '100' }

/** Closes the descriptor of our own listening socket on a port, as a careless tool does. */
function closeBehindOurBack(port: number): void {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const sockets = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/self/net/${name}`, 'utf8').split('\n'),
  )
  const fields = sockets.map((line) => line.trim().split(/\s+/))
  const inode = fields.find((row) => row[1]?.endsWith(hex) && row[3] === '0A')?.[9]
  const fd = readdirSync('/proc/self/fd').find((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === `socket:[${inode}]`
    } catch {
      return false
    }
  })
  closeSync(Number(fd))
}

const onLinux = process.platform === 'linux'

/** Listens in another process. */
async function stranger(port: number, host: string) {
  const code = `require('net').createServer((s) => s.on('error', () => {}).resume())
.listen({ port: ${port}, host: '${host}' }, () => console.log('there'))`
  const child = startNode(['-e', code])
  await child.sees(/there/)
  return child
}

test.runIf(onLinux)(
  'a held socket that was closed is held again, and who was faster is named once',
  async () => {
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
      closeBehindOurBack(from)
      await until(async () => !(await isFree(from)))
      expect(web?.state).toBe('held')
      expect(said).toEqual([])

      closeBehindOurBack(from)
      const thief = await stranger(from, '127.0.0.1')
      await until(() => said.length > 0)
      expect(said[0]).toContain(`pid ${thief.pid}`)
      expect(web?.state).toBe('leased')
      await thief.end()
      await until(() => web?.state === 'held')
      expect(said).toHaveLength(1)
    } finally {
      end()
      use.close()
    }
  },
)

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

test.runIf(onLinux).each(['warn', 'move', 'fail'] as const)(
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
      closeBehindOurBack(from)
      await using _thief = await occupy('127.0.0.1', from)
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
