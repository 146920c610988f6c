import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reserve } from '../../src/api.ts'
import { exitCode } from '../../src/child/signals.ts'
import type { Child } from '../_utils/children.ts'
import { recordOf } from '../_utils/memory.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { expectNothingLeft, type Mark, marked } from './_aftermath.ts'
import { atSteps, type End, endOf, startKillable, stepsOf } from './_steps.ts'

const OWN_LINES = 'MINE=1\nAPI_KEY=äöü\n'
const fixtures = join(repo, 'test/fixtures')
const COMMAND = [process.execPath, join(fixtures, 'servers/http.mjs')]

interface Life {
  readonly root: TempRoot
  readonly ports: readonly [dev: number, api: number]
  readonly mark: Mark
  readonly child: Child
  readonly end: End
  /** The env file, with this life's ports replaced by words. */
  env(): string
}

/** Vite from its start to its close, or to the step before which it is killed. */
async function lived(killAt = 0): Promise<Life> {
  const [ports, root, mark] = [await freeRange(2), tempRoot(), marked()]
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'package.json': '{ "type": "module" }',
    'index.html': '<h1>app</h1>',
    '.env.local': OWN_LINES,
  })
  const program = join(fixtures, 'contention/vite-life.mjs')
  root.write({ 'life.mjs': readFileSync(program, 'utf8') })
  const args = ['life.mjs', JSON.stringify([...ports, COMMAND])]
  const child = startKillable(args, root.dir, killAt, mark)
  const end = await endOf(child)
  const env = (): string =>
    ports.reduce(
      (text, port, index) => text.replaceAll(String(port), `<port ${index}>`),
      readFileSync(join(root.dir, '.env.local'), 'utf8'),
    )
  return { root, ports, mark, child, end, env }
}

test.runIf(process.platform !== 'win32')(
  'Vite killed before any of its steps: neither ports nor the server that it started are left, the env file is whole',
  async () => {
    const whole = await lived()
    using _root = whole.root
    await whole.child.ended
    expect(whole.end, whole.child.output()).toMatchObject({ code: 0 })
    expect(whole.child.output()).toMatch(/^serving \d+ http\.mjs \d+$/m)
    const written = whole.env()
    expect(written).toContain(`${OWN_LINES}# >>>`)
    const steps = stepsOf(whole.child)
    for (const step of ['listen', 'renameSync', 'spawn', 'close']) expect(steps).toContain(step)

    let killed = 0
    const spawns = steps.flatMap((step, index) => (step === 'spawn' ? [index + 1, index + 2] : []))
    await atSteps(steps, { every: 12, always: new Set(spawns) }, async (killAt, at) => {
      const life = await lived(killAt)
      using _dir = life.root
      const { ports, mark, root, end } = life
      // What several processes do beside each other differs now and then, by a step or two.
      expect([0, 137], `${at} ${life.child.output()}`).toContain(exitCode(end.code, end.signal))
      if (end.signal === 'SIGKILL') killed++
      await expectNothingLeft({ ports, mark }, at)
      expect([OWN_LINES, written], at).toContain(life.env())
      recordOf(root.dir, join(root.dir, 'state'))
      const [dev, api] = ports
      await using again = await reserve({ root: root.dir, services: { dev, api } })
      expect([again.services.dev?.port, again.services.api?.port], at).toEqual(ports)
    })
    expect(killed).toBeGreaterThanOrEqual(spawns.length)
  },
  180_000,
)
