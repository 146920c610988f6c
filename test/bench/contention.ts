import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freeRange } from '../_utils/sockets.ts'
import { checking, floor, ours } from './_finders.ts'
import type { Result, Row } from './_report.ts'

const PROGRAM = fileURLToPath(new URL('_one-process.ts', import.meta.url))

/** Many processes that want a port at the same moment and bind it 50 to 200 ms later. */
export async function* contention(): AsyncGenerator<Result> {
  for (const count of [20, 50]) {
    const rows: Row[] = []
    for (const { name } of [floor, ours, ...checking]) rows.push(await race(name, count))
    yield { title: `${count} processes at once, each binds 50 to 200 ms later`, rows }
  }
}

async function race(name: string, count: number): Promise<Row> {
  const [from, to] = await freeRange(count + 10)
  const processes = Array.from({ length: count }, () => contender(name, from, to))
  try {
    await Promise.all(processes.map(({ says }) => says('ready')))
    for (const { child } of processes) child.stdin?.write('go\n')
    const ends = await Promise.all(processes.map(({ says }) => says('served', 'failed')))
    const ports = ends.flatMap(([what, port]) => (what === 'served' ? [port] : []))
    return {
      name,
      processes: count,
      'failed binds': count - ports.length,
      'ports served': new Set(ports).size,
    }
  } finally {
    for (const { child } of processes) child.kill('SIGKILL')
    await Promise.all(processes.map(({ child }) => child.exitCode ?? once(child, 'close')))
  }
}

interface Process {
  readonly child: ChildProcess
  /** The words of the first line that begins with one of `what`. */
  says(...what: string[]): Promise<string[]>
}

function contender(name: string, from: number, to: number): Process {
  const args = ['--import', 'tsx', PROGRAM, name, String(from), String(to)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[][] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line.split(' '))
    for (const look of waiting) look()
  })
  return {
    child,
    says: (...what) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(([first = '']) => what.includes(first))
          if (found) resolve(found)
        }
        waiting.add(look)
        child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
        look()
      }),
  }
}
