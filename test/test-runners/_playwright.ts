import { type Child, startNode } from '../_utils/children.ts'
import { ensureChromium } from '../_utils/chromium.ts'
import { join } from 'node:path'
import { installCopy, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'

/** A web server that says which checkout it works in, and what it was told. */
export const SERVER = `import { createServer } from 'node:http'
createServer((request, response) => {
  response.setHeader('content-type', 'text/html')
  response.end('<title>' + process.cwd() + '</title><p id="api">' + (process.env.API_PORT ?? '') + '</p>')
}).listen(process.env.PORT, () => console.log('listening'))
`

/** Four tests, more than one worker's work, that ask the server which checkout it is of. */
export const TESTS = `import { expect, test } from '@playwright/test'
import { port, url } from 'unplugin-ports/playwright'
for (const n of [1, 2, 3, 4]) {
  test('is this checkout ' + n, async ({ request, baseURL }, info) => {
    expect(await (await request.get('/')).text()).toContain('<title>' + process.cwd() + '</title>')
    expect(url('dev')).toBe(baseURL)
    console.log('tested', 'worker=' + info.workerIndex, 'port=' + port('dev'))
  })
}
`

/** A config with \`ports(argument)\`. */
export function configOf(argument: string, more = ''): string {
  return `import { defineConfig } from '@playwright/test'
import { ports } from 'unplugin-ports/playwright'

const { webServer, use, servers } = ports(${argument})
export default defineConfig({
  testDir: 'e2e',
  fullyParallel: true,
  workers: 2,
  reporter: 'line',
  webServer,
  use: { ...use, ${more} },
})
`
}

/** Options of \`use\` with which pages open in an installed browser. */
export function browserOptions(): string {
  return `launchOptions: { executablePath: ${JSON.stringify(ensureChromium())}, args: ['--no-sandbox'] }`
}

/** An empty checkout with Playwright and this package installed. */
export function checkout(files: Readonly<Record<string, string>>, type = 'module'): TempRoot {
  const root = tempRoot()
  installCopy(root.dir, { '@playwright/test': '@playwright/test', vite: 'vite' })
  root.write({
    'package.json': JSON.stringify({ name: 'shop', private: true, type }),
    'server.mjs': SERVER,
    'e2e/shop.spec.ts': TESTS,
    ...files,
  })
  return root
}

/** Runs Playwright's tests of a checkout. */
export function startPlaywright(root: TempRoot, env: Record<string, string> = {}): Child {
  const args = [join(repo, 'node_modules/@playwright/test/cli.js'), 'test']
  return startNode(args, { cwd: root.dir, env })
}

/** Ports that the workers have seen, each once, and how many workers there were. */
export function seenIn(output: string): { ports: number[]; workers: number; passed: number } {
  const rows = [...output.matchAll(/tested worker=(\d+) port=(\d+)/g)]
  return {
    ports: [...new Set(rows.map((row) => Number(row[2])))],
    workers: new Set(rows.map((row) => row[1])).size,
    passed: Number(/(\d+) passed/.exec(output)?.[1] ?? 0),
  }
}
