import { expect, test } from 'vitest'
import { createPorts, type Utilisation } from '../../src/api.ts'
import { FullnessWatch } from '../../src/program/fullness.ts'
import { areasOf, utilisationOf } from '../../src/reservation/utilisation.ts'
import { startNode } from '../_utils/children.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

test('counts reserved ports, those of others, and free ones', () => {
  const area = { name: 'dbs', range: { from: 20_000, to: 20_009 }, warnAt: 0.5 }
  const leased = new Set([19_999, 20_000, 20_001])
  const listening = new Set([20_001, 20_009, 20_010])
  expect(utilisationOf(area, leased, listening)).toEqual({
    name: 'dbs',
    range: [20_000, 20_009],
    size: 10,
    reserved: 2,
    inUseByOthers: 1,
    free: 7,
    share: 0.3,
    warnAt: 0.5,
  })
})

test('a range is there once, under the name of its pool', () => {
  const range = { from: 20_000, to: 20_009 }
  const pools = [{ name: 'dbs', range, description: undefined, warnAt: 0.5 }]
  const areas = areasOf(pools, [], [range, { from: 3000, to: 3001 }, { from: 3000, to: 3001 }])
  expect(areas.map(({ name }) => name)).toEqual(['3000-3001', 'dbs'])
})

test('warns once, until it has been emptier', () => {
  const watch = new FullnessWatch()
  const at = (share: number): Utilisation[] =>
    watch.newlyFull([{ name: 'dbs', share, warnAt: 0.5 } as Utilisation])
  expect([0.4, 0.5, 0.6, 0.4, 0.9].map((share) => at(share).length)).toEqual([0, 1, 0, 0, 1])
})

test('of pools and ranges in use, by this process, another one and strangers', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(10)
  const script = `
    import { reserve } from 'unplugin-ports/api'
    await reserve({ count: 3, range: [${from}, ${to}] })
    console.log('has them')
    process.stdin.resume()`
  await using child = startNode(['--input-type=module', '-e', script], {
    cwd: repo,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  await child.sees(/has them/)
  await using _stranger = await occupy('127.0.0.1', to)
  await using ports = createPorts({
    root: root.dir,
    pools: { shards: { range: [from, to], warnAt: 0.6 } },
  })
  const full: Utilisation[] = []
  ports.on('utilisation', (event) => full.push(event))
  expect(await ports.utilisation()).toEqual([
    {
      name: 'shards',
      range: [from, to],
      size: 10,
      reserved: 3,
      inUseByOthers: 1,
      free: 6,
      share: 0.4,
      warnAt: 0.6,
    },
  ])
  expect(full).toEqual([])
  await ports.reserve({ count: 2, range: [from, to] })
  await until(() => full.length > 0)
  expect(full).toMatchObject([{ name: 'shards', reserved: 5, inUseByOthers: 1, share: 0.6 }])
  const web = await ports.allocate('web', { range: [from, to] })
  expect(web.port).toBe(from + 5)
  await ports.allocate('other', { range: [to - 1, to] })
  expect((await ports.utilisation()).map(({ name }) => name)).toEqual(['shards', `${to - 1}-${to}`])
})
