import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { repo } from '../_utils/temp.ts'

const run = promisify(execFile)

/** Says the same each time: how much is tried depends on no clock. */
async function fuzz(...words: string[]): Promise<{ code: number; stdout: string }> {
  const args = ['--import', 'tsx', join(repo, 'test/fuzz/run.ts'), '--seed', '1', ...words]
  try {
    const { stdout } = await run(process.execPath, args, { cwd: repo })
    return { code: 0, stdout }
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string }
    return { code, stdout }
  }
}

test('no reader fails, and each is reached in as many of its blocks as it says', async () => {
  const { code, stdout } = await fuzz('--runs', '300')
  expect(stdout).not.toContain('failed')
  expect(stdout.match(/% of its blocks/g)?.length).toBeGreaterThanOrEqual(10)
  expect(code).toBe(0)
})

test('a defect behind four steps is found, and told with its input', async () => {
  const { code, stdout } = await fuzz('--only', 'planted', '--runs', '100000')
  expect(stdout).toMatch(/RangeError: the planted defect[^]* with "fuz!/)
  expect(code).toBe(1)
})

test('a reader that is reached too little is a failure', async () => {
  // Its seeds alone are tried.
  const { code, stdout } = await fuzz('--only', 'planted', '--runs', '1', '--at-least', '0.9')
  expect(stdout).toContain('failed')
  expect(code).toBe(1)
})
