import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { watchFiles } from '../../src/session/watch-files.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** Nothing else happens in this process meanwhile. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('a file is never looked at while somebody is writing it', async () => {
  using root = tempRoot()
  const file = join(root.dir, '.env')
  writeFileSync(file, 'A=0')
  const seen: string[] = []
  const watch = watchFiles(
    [file],
    () => seen.push(readFileSync(file, 'utf8')),
    (error) => seen.push(String(error)),
  )
  try {
    await until(() => seen.length > 0)
    for (let round = 1; round <= 8; round++) {
      writeFileSync(file, `A=${round}`)
      // What was to happen after the edit before is due by now, just as the next one is half done.
      await setTimeout(12 * round)
      block(95)
      writeFileSync(file, '')
      await setImmediate()
      await setImmediate()
      writeFileSync(file, `B=${round}`)
      await until(() => seen.at(-1) === `B=${round}`)
    }
    expect(seen).not.toContain('')
  } finally {
    watch.close()
  }
})
