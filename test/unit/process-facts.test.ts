import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { processFacts } from '../../src/net/owners/process-facts.ts'
import type { RunTool } from '../../src/net/owners/run-tool.ts'
import { startNode } from '../_utils/children.ts'

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/recorded/owners/${name}`, import.meta.url), 'utf8')

/** A system's tool that was recorded, and the command lines it was called with. */
function tool(name: string): { run: RunTool; calls: string[] } {
  const calls: string[] = []
  const run: RunTool = async (file, args) => {
    calls.push([file, ...args].join(' '))
    return recorded(name)
  }
  return { run, calls }
}

test('macOS: ps tells', async () => {
  const { run, calls } = tool('darwin-ps.txt')
  const facts = await processFacts(4121, { platform: 'darwin', run })
  expect(facts?.command).toContain('node')
  expect(facts?.startedAt).toMatch(/^2026-.*Z$/)
  expect(calls).toEqual(['/bin/ps -ww -o pid= -o lstart= -o command= -p 4121'])
  expect(await processFacts(1, { platform: 'darwin', run })).toBeUndefined()
})

test('Windows: PowerShell tells, by its path', async () => {
  const { run, calls } = tool('windows-process-single.json')
  const { ProcessId } = JSON.parse(
    recorded('windows-process-single.json').replace(/^\uFEFF/, ''),
  ) as {
    ProcessId: number
  }
  const facts = await processFacts(ProcessId, { platform: 'win32', run, systemRoot: 'C:\\Windows' })
  expect(facts?.command).toBeTruthy()
  expect(calls[0]).toMatch(
    /^C:\\Windows\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe -NoProfile/,
  )
  expect(calls[0]).toContain(`ProcessId=${ProcessId}`)
})

test('a tool that fails tells nothing, and neither does an unknown system', async () => {
  const run: RunTool = async () => undefined
  expect(await processFacts(1, { platform: 'darwin', run })).toBeUndefined()
  expect(await processFacts(1, { platform: 'win32', run })).toBeUndefined()
  expect(await processFacts(1, { platform: 'aix', run })).toBeUndefined()
})

test.runIf(process.platform === 'linux')('a living process, and a dead one', async () => {
  await using child = startNode(['-e', 'setInterval(() => {}, 1000)'])
  const facts = await processFacts(child.pid)
  expect(facts).toMatchObject({ cwd: process.cwd() })
  expect(Math.abs(Date.parse(facts?.startedAt ?? '') - Date.now())).toBeLessThan(30_000)
  await child.end()
  expect(await processFacts(child.pid)).toBeUndefined()
})
