import { join } from 'node:path'
import { type Child, startNode } from '../_utils/children.ts'
import { repo } from '../_utils/temp.ts'

const KILLED_AT = join(repo, 'test/fixtures/programs/killed-at.cjs')
const SIDE_BY_SIDE = 3
/** Set to try every step, which takes minutes. */
const EVERY_STEP = process.env.PORTS_TEST_EVERY_STEP !== undefined

/**
 * Starts a program of this test in `root`, to be killed before the step of that number; 0 for never.
 * Starting a process and saying something over a socket count as steps, too.
 */
export function startKillable(
  args: readonly string[],
  root: string,
  killAt: number,
  env: Readonly<Record<string, string>>,
): Child {
  return startNode(['--require', KILLED_AT, ...args], {
    cwd: root,
    env: {
      ...env,
      PORTS_STATE_DIR: join(root, 'state'),
      PORTS_TEST_KILL_AT: String(killAt),
      PORTS_TEST_KILL_WIDE: '1',
    },
  })
}

/** How a process ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Resolves when the process itself has ended: what it has started may have its output still. */
export async function endOf({ process }: Child): Promise<End> {
  if (process.exitCode === null && process.signalCode === null) {
    await new Promise((resolve) => process.once('exit', resolve))
  }
  return { code: process.exitCode, signal: process.signalCode }
}

/** What a program that was started with `killed-at.cjs` has told of its steps at its end. */
export function stepsOf(child: Child): string[] {
  const [, told = '[]'] = /^steps (.*)$/m.exec(child.output()) ?? []
  return JSON.parse(told) as string[]
}

/**
 * Tries the end before each of these steps, counted from 1; a few at a time.
 *
 * @param which `every`: one of so many, begun anywhere; `always`: those too. With
 * `PORTS_TEST_EVERY_STEP` all of them are tried.
 */
export async function atSteps(
  steps: readonly string[],
  which: { readonly every: number; readonly always?: ReadonlySet<number> },
  attempt: (killAt: number, at: string) => Promise<void>,
): Promise<void> {
  const offset = Math.floor(Math.random() * Math.min(which.every, steps.length))
  const all = steps.map((_, index) => index + 1)
  const next = all.filter(
    (number) => EVERY_STEP || which.always?.has(number) || number % which.every === offset,
  )
  const worker = async (): Promise<void> => {
    for (let killAt = next.shift(); killAt !== undefined; killAt = next.shift()) {
      await attempt(killAt, `before step ${killAt} of ${steps.length}, ${steps[killAt - 1]}`)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
}
