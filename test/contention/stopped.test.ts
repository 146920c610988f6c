import { expect, test } from 'vitest'
import { reserve } from '../../src/api.ts'
import { start, startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { startProgram } from '../_utils/program.ts'
import { freePort, freeRange } from '../_utils/sockets.ts'
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
      expect(held.services.web?.port).toBe(from + 1)
    }
    // The same checkout too: its second server moves on instead of waiting for the first.
    {
      await using held = await reserve({ root: mine.dir, services })
      expect(held.services.web?.port).not.toBe(from)
    }
    process.kill(owner.pid, 'SIGCONT')
    {
      await using held = await reserve({ root: other.dir, services })
      expect(held.services.web?.port).not.toBe(from)
    }
    await owner.end()
    await using held = await reserve({ root: mine.dir, services: { web: { preferred: from } } })
    expect(held.services.web?.port).toBe(from)
  },
)

test.runIf(posix).each(['the first start', 'a later start'])(
  'with few file descriptors left or none, a start goes well or says what is short (%s)',
  async (when) => {
    const [from, to] = await freeRange(20)
    using root = tempRoot()
    const text = `
    import { closeSync, openSync } from 'node:fs'
    import { reserve } from 'unplugin-ports/api'
    const options = { root: ${JSON.stringify(root.dir)}, services: { web: { range: [${from}, ${to}] } } }
    const trial = () => reserve(options).then(
      async (held) => { await held.release(); return 'had ' + held.services.web.port },
      (error) => error.code + ': ' + error.message,
    )
    if (${when === 'a later start'}) await trial()
    for (let left = 0; left < 6; left++) {
      const fds = []
      try { for (;;) fds.push(openSync('/dev/null')) } catch {}
      for (const fd of fds.splice(0, left)) closeSync(fd)
      const outcome = await trial()
      for (const fd of fds) closeSync(fd)
      console.log('trial', outcome)
    }
    console.log('after', await trial())`
    const limited = ['-c', 'ulimit -n 200; exec "$@"', 'sh', process.execPath]
    await using child = start('sh', [...limited, ...program(text)], { cwd: repo })
    expect((await child.ended).code, child.output()).toBe(0)
    const lines = child.output().split('\n')
    const trials = lines.filter((line) => line.startsWith('trial '))
    expect(trials).toHaveLength(6)
    for (const line of trials)
      expect(line).toMatch(/^trial (had \d+|PORTS_DENIED: .*too many files open.*ulimit -n)/)
    // Nothing of what failed is kept.
    expect(child.output()).toMatch(new RegExp(`^after had ${from}$`, 'm'))
  },
)

test.runIf(posix)('too few file descriptors for a command are said, in one line', async () => {
  using root = tempRoot()
  const port = String(await freePort())
  const words = ['run', '--port', port, process.execPath, '-e', 'console.log("ran")']
  const outcomes = new Set<string>()
  for (const limit of [20, 22, 24, 26, 28, 31, 34, 256]) {
    const script = `ulimit -n ${limit}; exec "$@"`
    const command = ['-c', script, 'sh', process.execPath, cliFile, ...words]
    await using child = start('sh', command, { cwd: root.dir })
    const { code } = await child.ended
    // Node itself needs a few, more of them in newer versions, before it comes to the command; without, it crashes.
    if (code === null || /EMFILE.* open '[^']*cli\.mjs'/.test(child.output())) continue
    outcomes.add(code === 0 ? 'ran' : 'told')
    expect(child.output(), String(limit)).toMatch(
      code === 0 ? /^ran$/m : /^(PORTS_DENIED|ports): .*too many files .*ulimit -n.*\n$/m,
    )
  }
  expect(outcomes).toEqual(new Set(['ran', 'told']))
})

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
  expect(held.services.web?.port).toBe(from)
})
