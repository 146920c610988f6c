import type { Child } from '../_utils/children.ts'

const SIDE_BY_SIDE = 3
/** Set to try every step, which takes minutes. */
const EVERY_STEP = process.env.PORTS_TEST_EVERY_STEP !== undefined

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
