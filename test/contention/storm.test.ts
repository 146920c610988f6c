import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Child, startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { recordOf } from '../_utils/memory.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'
import { expectNothingLeft, type Mark, marked } from './_aftermath.ts'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGKILL'] as const
/** Many start at once, on a small machine that others use as well. */
const START_DEADLINE_MS = 60_000
const SERVER = join(repo, 'test/fixtures/servers/http.mjs')
const SERVED = join(repo, 'test/fixtures/contention/served.mjs')

/** Ends a child and waits for it alone: what it has started may be on its way out. */
async function ends(child: Child, signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise((resolve) => child.process.once('exit', resolve))
  if (child.process.exitCode === null && child.process.signalCode === null) {
    child.process.kill(signal)
    await ended
  }
}

/** `ports run` of the checkout in `cwd`. */
function startRun(cwd: string, [from, to]: readonly [number, number], env: Mark): Child {
  const flags = ['run', '--port', String(from), '--range', `${from}-${to}`]
  return startNode([cliFile, ...flags, process.execPath, SERVER], { cwd, env })
}

/** A program of the checkout in `cwd` with two services. */
function startServed(root: string, [from, to]: readonly [number, number], env: Mark): Child {
  const services = {
    web: { preferred: from, range: [from, to] },
    api: { preferred: from + 1, range: [from, to] },
  }
  const child = startNode([SERVED, JSON.stringify({ root, services })], {
    cwd: repo,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.process.stdin?.write('go\n')
  return child
}

const portOfRun = async (child: Child): Promise<number> =>
  Number((await child.sees(/^up .*"port":(\d+)/m, START_DEADLINE_MS))[1])
const portsOfServed = async (child: Child): Promise<Record<string, number>> =>
  JSON.parse((await child.sees(/^ports (.*)$/m, START_DEADLINE_MS))[1] ?? '') as Record<
    string,
    number
  >

test.runIf(process.platform !== 'win32')(
  'one checkout started and stopped again and again has the same ports each time',
  async () => {
    const [range, mark] = [await freeRange(6), marked()]
    const [from, to] = range
    using root = tempRoot()
    root.write({ 'package.json': '{}' })
    for (let round = 0; round < 9; round++) {
      const signal = SIGNALS[round % SIGNALS.length] as NodeJS.Signals
      await using served = startServed(root.dir, range, mark)
      expect(await portsOfServed(served), `round ${round}`).toEqual({ web: from, api: from + 1 })
      await ends(served, signal)
    }
    for (const signal of SIGNALS) {
      await using run = startRun(root.dir, [from + 2, to], mark)
      expect(await portOfRun(run)).toBe(from + 2)
      await ends(run, signal)
      // A run that is killed leaves its server to a watch, which takes a moment.
      await expectNothingLeft({ ports: [from + 2], mark })
    }
    await expectNothingLeft({ ports: Array.from({ length: 6 }, (_, nth) => from + nth), mark })
  },
  180_000,
)

test.runIf(process.platform !== 'win32')(
  'overlapping starts of one checkout, stopped whenever: no port twice, and at last the first ones again',
  async () => {
    const [range, mark] = [await freeRange(40), marked()]
    const [from] = range
    using root = tempRoot()
    root.write({ 'package.json': '{}' })
    const storm = Array.from({ length: 18 }, async (_, nth) => {
      const signal = SIGNALS[nth % SIGNALS.length] as NodeJS.Signals
      const isRun = nth % 3 === 0
      const child = isRun ? startRun(root.dir, range, mark) : startServed(root.dir, range, mark)
      // Some before they are up, at any moment of their start; the others as soon as they are.
      if (nth % 2 === 0) {
        await child.sees(isRun ? /^up /m : /^ports /m, START_DEADLINE_MS)
        expect(child.output()).not.toMatch(/failed|EADDRINUSE/)
      } else {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500))
      }
      await ends(child, signal)
    })
    await Promise.all(storm)
    await expectNothingLeft({ ports: Array.from({ length: 40 }, (_, nth) => from + nth), mark })
    expect(recordOf(root.dir)?.root).toBe(root.dir)

    // What is preferred comes before what the storm left in memory.
    await using served = startServed(root.dir, range, mark)
    expect(await portsOfServed(served)).toEqual({ web: from, api: from + 1 })
    await served.end('SIGTERM')
    await expectNothingLeft({ ports: [from, from + 1], mark })
  },
  180_000,
)
