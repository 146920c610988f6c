import { expect, test } from 'vitest'
import { reserve } from '../../src/api.ts'
import { startNode } from '../_utils/children.ts'
import { startProgram } from '../_utils/program.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

const posix = process.platform !== 'win32'
const program = (text: string): string[] => ['--input-type=module', '-e', text]

test.runIf(posix)(
  'a stopped owner keeps its port and nobody waits for it; resumed, it has it still',
  async () => {
    const [from, to] = await freeRange(3)
    using mine = tempRoot()
    using other = tempRoot()
    const services = { web: { preferred: from, range: [from, to] as const } }
    await using owner = startProgram(mine.dir, { services })
    expect((await owner.got()).web?.port).toBe(from)
    process.kill(owner.pid, 'SIGSTOP')
    {
      await using held = await reserve({ root: other.dir, services })
      expect(held.services.web.port).toBe(from + 1)
    }
    // The same checkout too: its second server moves on instead of waiting for the first.
    {
      await using held = await reserve({ root: mine.dir, services })
      expect(held.services.web.port).not.toBe(from)
    }
    process.kill(owner.pid, 'SIGCONT')
    {
      await using held = await reserve({ root: other.dir, services })
      expect(held.services.web.port).not.toBe(from)
    }
    await owner.end()
    await using held = await reserve({ root: mine.dir, services: { web: { preferred: from } } })
    expect(held.services.web.port).toBe(from)
  },
)

test.runIf(posix)(
  'without a file descriptor left, the start fails and says so, and goes well once there are some',
  async () => {
    const [from, to] = await freeRange(20)
    using root = tempRoot()
    await using child = startNode(
      program(`
      import { closeSync, openSync } from 'node:fs'
      import { reserve } from 'unplugin-ports/api'
      const options = { root: ${JSON.stringify(root.dir)}, services: { web: { range: [${from}, ${to}] } } }
      const warm = await reserve(options)
      await warm.release()
      const fds = []
      try { for (;;) fds.push(openSync('/dev/null')) } catch {}
      const first = await reserve(options).then(() => 'had', (error) => error.code + ': ' + error.message)
      for (const fd of fds) closeSync(fd)
      console.log('opened', fds.length)
      console.log('first', first)
      const second = await reserve(options)
      console.log('second', second.services.web.port)
      await second.release()
      console.log('end')`),
      { cwd: repo },
    )
    await child.ended
    console.log(child.output())
  },
)

test('a clock that jumps neither frees a port nor holds up a start', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  using other = tempRoot()
  const services = { web: { preferred: from, range: [from, to] as const } }
  await using held = await reserve({ root: root.dir, services })
  const hours = 72 * 3_600_000
  for (const jump of [hours, -hours]) {
    await using child = startNode(
      program(`
        const now = Date.now
        Date.now = () => now() + ${jump}
        const { reserve } = await import('unplugin-ports/api')
        const held = await reserve({ root: ${JSON.stringify(other.dir)}, services: ${JSON.stringify(services)} })
        console.log('got', held.services.web.port)
        await held.release()`),
      { cwd: repo },
    )
    expect((await child.ended).code, child.output()).toBe(0)
    expect(child.output(), String(jump)).toContain(`got ${to}`)
  }
  expect(held.services.web.port).toBe(from)
})
