import { createServer, type Server } from 'node:net'
import { freeRange, hasIPv6 } from '../_utils/sockets.ts'
import { checking, closes, FINDERS, type Finder, floor, listens, ours } from './_finders.ts'
import type { Result, Row } from './_report.ts'
import { compare, type Effort, type Figures } from './_rounds.ts'

/** What it takes to find one free port, several at once, and one behind busy ones. */
export async function* choosing(): AsyncGenerator<Result> {
  yield {
    title: 'One preferred port that is free',
    rows: await one(FINDERS, 0, undefined, { iterations: 50 }),
  }
  for (const count of [5, 100]) {
    yield { title: `${count} ports at once`, rows: await several(count) }
  }
  for (const busy of [10, 100, 1000]) {
    for (const host of hasIPv6 ? [undefined, '127.0.0.1', '::1'] : [undefined, '127.0.0.1']) {
      const rounds = busy < 1000 ? 10 : 5
      yield {
        title: `One port behind ${busy} busy ones (on ${host ?? 'every address'})`,
        rows: await one(FINDERS, busy, host, { rounds, iterations: busy < 1000 ? 5 : 1 }),
      }
    }
  }
}

/** With the first `busy` ports of the range taken on `host`. */
async function one(
  finders: readonly Finder[],
  busy: number,
  host: string | undefined,
  effort: Effort,
): Promise<Row[]> {
  const [from, to] = await freeRange(busy + 5)
  await using _taken = await occupyAll(from, busy, host)
  const wrong = new Map<string, number>()
  const contenders = finders.map((finder) => ({
    name: finder.name,
    async run() {
      const found = await finder.one(from, to)
      // Busy on one loopback address alone is busy: `localhost` may mean it.
      if (found.port < from + busy) wrong.set(finder.name, (wrong.get(finder.name) ?? 0) + 1)
      await found.free()
    },
  }))
  const figures = await compare(contenders, effort)
  return rows(figures, finders).map((row) =>
    wrong.has(row.name) ? { ...row, gives: 'a port that is busy' } : row,
  )
}

async function several(count: number): Promise<Row[]> {
  const finders = [floor, ours, ...checking].filter((finder) => finder.several)
  const [from, to] = await freeRange(count + 5)
  const contenders = finders.map((finder) => ({
    name: finder.name,
    async run() {
      const found = (await finder.several?.(from, to, count)) ?? []
      for (const each of found) await each.free()
    },
  }))
  const effort = count > 10 ? { rounds: 3, iterations: 1 } : { rounds: 8, iterations: 5 }
  return rows(await compare(contenders, effort), finders)
}

function rows(figures: readonly Figures[], finders: readonly Finder[]): Row[] {
  return figures.map(({ name, median, p99, ratio }) => ({
    name,
    'median ms': median,
    'p99 ms': p99,
    'to the floor': ratio,
    gives: finders.find((finder) => finder.name === name)?.gives ?? '',
  }))
}

/** `count` ports from `from` on, all listened on at `host`. */
async function occupyAll(
  from: number,
  count: number,
  host: string | undefined,
): Promise<AsyncDisposable> {
  const servers: Server[] = []
  for (let port = from; port < from + count; port++) {
    const server = createServer()
    if (!(await listens(server, port, host))) throw new Error(`port ${port} is taken`)
    servers.push(server)
  }
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(closes))
    },
  }
}
