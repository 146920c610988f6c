import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { freePort } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'
import type { Result, Row } from './_report.ts'
import { compare, type Figures } from './_rounds.ts'

/** What a process of its own takes, from start to end, that finds one port. */
export async function* startCost(): AsyncGenerator<Result> {
  const port = await freePort()
  const find: Readonly<Record<string, string>> = {
    'listen and close': `import { createServer } from 'node:net'
      const server = createServer()
      server.listen(${port}, () => server.close())`,
    'unplugin-ports': `import { reserve } from 'unplugin-ports/api'
      const found = await reserve({ range: [${port}, ${port + 10}] })
      await found.release()`,
    'get-port': `import getPort from 'get-port'
      await getPort({ port: ${port} })`,
    'get-port-please': `import { getPort } from 'get-port-please'
      await getPort({ port: ${port}, verbose: false })`,
    'detect-port': `import { detect } from 'detect-port'
      await detect(${port})`,
    portfinder: `import portfinder from 'portfinder'
      await portfinder.getPortPromise({ port: ${port} })`,
  }
  const contenders = Object.entries(find).map(([name, code]) => ({
    name,
    run: () => node(['--input-type=module', '-e', code]),
  }))
  yield {
    title: 'A whole process: import, and the first port',
    rows: rows(await compare(contenders, { rounds: 8, iterations: 3 })),
  }

  const cli = join(repo, 'dist/cli.mjs')
  const commands = [
    { name: 'node -e 0', run: () => node(['-e', '0']) },
    { name: 'ports --version', run: () => node([cli, '--version']) },
    { name: 'ports check', run: () => node([cli, 'check', String(port)]) },
  ]
  yield {
    title: 'The command, beside Node itself',
    rows: rows(await compare(commands, { rounds: 10, iterations: 4 })),
  }
}

function rows(figures: readonly Figures[]): Row[] {
  return figures.map(({ name, median, p99, ratio }) => ({
    name,
    'median ms': median,
    'p99 ms': p99,
    'to the floor': ratio,
  }))
}

async function node(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: repo, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`)
}
