import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { freeRange } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'
import type { Result } from './_report.ts'

const run = promisify(execFile)
const SERVICES = 10

const PLAIN = `
  const { createServer } = await import('node:net')
  const imported = used()
  const servers = await Promise.all(PORTS.map((port) => new Promise((resolve) => {
    const server = createServer()
    server.listen(port, () => resolve(server))
  })))
  tell(imported, used())
  for (const server of servers) server.close()`
const OURS = `
  const { createPorts } = await import('unplugin-ports/api')
  const imported = used()
  const services = Object.fromEntries(PORTS.map((port, index) => ['s' + index, { preferred: port }]))
  const ports = createPorts({ services })
  await ports.allocateAll()
  tell(imported, used())
  await ports.close()`

/** What ten services keep in memory, beside ten servers that just listen. */
export async function* memory(): AsyncGenerator<Result> {
  const rows = []
  for (const [name, code] of [
    ['ten plain servers', PLAIN],
    ['ten services of unplugin-ports', OURS],
  ] as const) {
    const [from, to] = await freeRange(SERVICES)
    const ports = JSON.stringify(Array.from({ length: to - from + 1 }, (_, index) => from + index))
    const { stdout } = await run(
      process.execPath,
      ['--expose-gc', '--input-type=module', '-e', `${PRELUDE}\nconst PORTS = ${ports}\n${code}`],
      { cwd: repo },
    )
    const { imported, held } = JSON.parse(stdout) as { imported: number; held: number }
    rows.push({ name, 'import, MB': imported / 1e6, 'services, MB': held / 1e6 })
  }
  yield { title: 'Memory after a collection', rows }
}

const PRELUDE = `
  const used = () => {
    for (let i = 0; i < 4; i++) gc()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }
  const before = used()
  const tell = (imported, after) =>
    console.log(JSON.stringify({ imported: imported - before, held: after - imported }))`
