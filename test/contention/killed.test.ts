import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reserve } from '../../src/api.ts'
import { alive } from '../_utils/alive.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { recordOf } from '../_utils/memory.ts'
import { freeRange, isFree } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { atSteps, stepsOf } from './_steps.ts'

const SERVICES = 3
const OWN_LINES = 'MINE=1\nAPI_KEY=äöü\n'
const programs = join(repo, 'test/fixtures/programs')

interface Life extends Disposable {
  readonly dir: string
  readonly ports: readonly number[]
  /** The env file, with this life's port replaced by a word. */
  env(): string
  run(killAt?: number): Child
}

async function life(): Promise<Life> {
  const [from] = await freeRange(SERVICES)
  const ports = Array.from({ length: SERVICES }, (_, index) => from + index)
  const root = tempRoot()
  linkPackages(root.dir)
  root.write({ 'main.js': 'export default 1\n', '.env.local': OWN_LINES })
  const file = join(root.dir, '.env.local')
  return {
    dir: root.dir,
    ports,
    env: () => readFileSync(file, 'utf8').replaceAll(String(from), '<port>'),
    run: (killAt = 0) =>
      startNode(
        [
          '--require',
          join(programs, 'killed-at.cjs'),
          join(programs, 'whole-life.mjs'),
          JSON.stringify(ports),
        ],
        {
          cwd: root.dir,
          env: { PORTS_TEST_KILL_AT: String(killAt) },
        },
      ),
    [Symbol.dispose]: () => root[Symbol.dispose](),
  }
}

async function ran(child: Child): Promise<void> {
  const { code } = await child.ended
  const output = child.output()
  expect(code, output).toBe(0)
  expect(output).toContain('serving')
}

test('killed before each of its steps: no port held, the env file whole, the next run as if nothing had been', async () => {
  using whole = await life()
  await using first = whole.run()
  await ran(first)
  const steps = stepsOf(first)
  const written = whole.env()
  expect(written).toContain(`${OWN_LINES}# >>>`)
  // A list that misses one of these would say nothing about it.
  for (const step of ['listen', 'close', 'writeFileSync', 'renameSync', 'fsyncSync']) {
    expect(steps).toContain(step)
  }

  const seen = new Set<string>()
  await atSteps(steps, { every: 1 }, async (killAt, at) => {
    using one = await life()
    await using killed = one.run(killAt)
    expect((await killed.ended).signal, at).toBe('SIGKILL')
    expect(alive(killed.pid), at).toBe(false)
    for (const port of one.ports) expect(await isFree(port), `${port} ${at}`).toBe(true)
    const env = one.env()
    expect([OWN_LINES, written], at).toContain(env)
    seen.add(env)

    // What is remembered is nothing or a whole record, and the next run has its ports again.
    recordOf(one.dir)
    const services = Object.fromEntries(one.ports.map((port) => [`s${port}`, port]))
    {
      await using held = await reserve({ root: one.dir, services })
      expect(
        Object.values(held.services).map(({ port }) => port),
        at,
      ).toEqual(one.ports)
    }
    expect(Object.keys(recordOf(one.dir)?.services ?? {}), at).toEqual(
      expect.arrayContaining(Object.keys(services)),
    )
  })
  expect(seen).toEqual(new Set([OWN_LINES, written]))
}, 180_000)
