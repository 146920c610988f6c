import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reserve } from '../../src/api.ts'
import { exitCode } from '../../src/child/signals.ts'
import type { Child } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { recordOf } from '../_utils/memory.ts'
import { freePort } from '../_utils/sockets.ts'
import { repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { type Mark, expectNothingLeft, marked } from './_aftermath.ts'
import { atSteps, type End, endOf, startKillable, stepsOf } from './_steps.ts'

const SERVER = join(repo, 'test/fixtures/servers/http.mjs')

interface Life {
  readonly root: TempRoot
  readonly port: number
  readonly mark: Mark
  readonly child: Child
}

/** `ports run` from its start to its stop, or to the step before which it is killed. */
async function lived(
  command: readonly string[],
  killAt = 0,
): Promise<Life & { readonly end: End }> {
  const [root, port, mark] = [tempRoot(), await freePort(), marked()]
  root.write({ 'package.json': '{}' })
  const words = ['run', '--name', 'api', '--port', String(port), ...command]
  const child = startKillable([cliFile, ...words], root.dir, killAt, mark)
  const ended = endOf(child)
  await Promise.race([child.sees(/^up/m).catch(() => {}), ended])
  child.process.kill('SIGTERM')
  return { root, port, mark, child, end: await ended }
}

const kinds = [
  { kind: 'a Node server', command: [process.execPath, SERVER], every: 4 },
  // It would not notice that nobody is there any more.
  { kind: 'another program', command: ['echo up; exec sleep 1000'], every: Infinity },
]

test.runIf(process.platform !== 'win32').each(kinds)(
  '`ports run` with $kind killed before any of its steps: nothing is left of it, and the next run has its port',
  async ({ command, every }) => {
    const whole = await lived(command)
    using _root = whole.root
    expect(whole.end, whole.child.output()).toMatchObject({ code: 143 })
    await whole.child.ended
    const steps = stepsOf(whole.child)
    for (const step of ['listen', 'writeFileSync', 'spawn', 'close']) expect(steps).toContain(step)
    let [served, killed] = [0, 0]
    // The program must not be left alone, however short after its start we vanish.
    const spawns = steps.flatMap((step, index) => (step === 'spawn' ? [index + 1, index + 2] : []))
    await atSteps(
      steps,
      { every, always: new Set([...spawns, steps.length]) },
      async (killAt, at) => {
        const life = await lived(command, killAt)
        using _dir = life.root
        // What two processes do beside each other differs now and then, by a step or two.
        expect([137, 143], at).toContain(exitCode(life.end.code, life.end.signal))
        if (life.end.signal === 'SIGKILL') killed++
        if (life.child.output().includes('up')) served++
        const { port, mark, root } = life
        await expectNothingLeft({ ports: [port], mark }, at)
        recordOf(root.dir, join(root.dir, 'state'))
        await using again = await reserve({ root: root.dir, services: { api: port } })
        expect(again.services.api?.port, at).toBe(port)
      },
    )
    expect(served).toBeGreaterThan(0)
    expect(killed).toBeGreaterThanOrEqual(spawns.length)
  },
  180_000,
)
