import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { isFree } from '../_utils/sockets.ts'
import type { TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort } from '../_utils/vite.ts'
import { INSTALL_DEADLINE_MS, installPackage, TYPESCRIPT_CONFIG } from './_install.ts'

const CONFIGS = {
  'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports({ services: { api: {} } })] }
`,
  'vite.config.cjs': `const ports = require('unplugin-ports/vite')
module.exports = { plugins: [ports({ services: { api: {} } })] }
`,
  'vite.config.ts': TYPESCRIPT_CONFIG,
}

let apps: TempRoot
beforeAll(async () => {
  apps = await installPackage()
}, INSTALL_DEADLINE_MS)
afterAll(() => apps[Symbol.dispose]())

describe.each(Object.entries(CONFIGS))('with %s', (name, config) => {
  test('Vite serves the page on the port in .env.local and leaves nothing behind', async () => {
    const root = name.replaceAll('.', '-')
    apps.write({ [`${root}/${name}`]: config, [`${root}/index.html`]: `<p>${root}</p>` })
    const dir = join(apps.dir, root)
    await using vite = startNode([join(apps.dir, 'node_modules/vite/bin/vite.js')], { cwd: dir })
    const printed = await localPort(vite)
    const { DEV_PORT, API_PORT } = parseEnv(readFileSync(join(dir, '.env.local'), 'utf8'))
    expect(DEV_PORT).toBe(String(printed))
    expect(await (await fetch(`http://localhost:${DEV_PORT}/`)).text()).toContain(`<p>${root}</p>`)

    const end = await vite.end('SIGTERM')
    expect(end.signal === 'SIGTERM' || end.code === 0 || end.code === 143).toBe(true)
    for (const port of [DEV_PORT, API_PORT]) await until(() => isFree(Number(port)))
  })
})

describe('require()', () => {
  test.each([
    ['the plugin itself', `require('unplugin-ports/vite')`],
    ['its default export', `require('unplugin-ports/vite').default`],
    ['its named export', `require('unplugin-ports/vite').vite`],
    ['the one for every bundler', `require('unplugin-ports').unplugin.vite`],
  ])('of %s gives a plugin', async (_, expression) => {
    const script = `console.log(JSON.stringify([${expression}()].flat().map((p) => p.name)))`
    const { stdout, stderr } = await nodeScript(script, 'commonjs')
    expect(JSON.parse(stdout)).toEqual(['unplugin-ports'])
    expect(stderr).toBe('')
  })
})

test('the programmatic entry holds a port and does not keep the process alive', async () => {
  const script = `import { reserve } from 'unplugin-ports/api'
const { services } = await reserve({ services: { web: {} } })
console.log(services.web.state, services.web.url)`
  const { stdout } = await nodeScript(script, 'module')
  expect(stdout).toMatch(/^held http:\/\/localhost:\d+\n$/)
})

test('the entry for config files loads nothing else', async () => {
  const script = `import { defineConfig } from 'unplugin-ports/config'
console.log(defineConfig({ strict: true }).strict)`
  expect((await nodeScript(script, 'module')).stdout).toBe('true\n')
  const text = readFileSync(join(apps.dir, 'node_modules/unplugin-ports/dist/config.mjs'), 'utf8')
  expect(text).not.toMatch(/\bimport\b/)
})

test('the entries for test runners load without the runners', async () => {
  const script = `import { ports } from 'unplugin-ports/playwright'
import setup, { testPorts } from 'unplugin-ports/vitest'
const { use } = ports({ command: 'node api.js', preferred: 4000 })
console.log(use.baseURL, typeof setup, testPorts().name)`
  const { stdout } = await nodeScript(script, 'module')
  expect(stdout).toMatch(/^http:\/\/localhost:\d+ function unplugin-ports:vitest\n$/)
})

test('TypeScript config files are read, and the JSON schema is where editors look for it', async () => {
  apps.write({
    'program/package.json': '{}',
    'program/ports.config.ts': `import { defineConfig } from 'unplugin-ports/config'
export default defineConfig({ services: { web: { description: 'typed' as string } } })`,
  })
  const script = `import { reserve } from 'unplugin-ports/api'
const { services } = await reserve({ root: 'program' })
console.log(services.web.description)`
  expect((await nodeScript(script, 'module')).stdout).toBe('typed\n')
  const schema = `console.log(require('unplugin-ports/schema.json').title)`
  expect((await nodeScript(schema, 'commonjs')).stdout).toContain('ports.config.json')
})

test('no dependency runs a script when it is installed', () => {
  const lock = JSON.parse(readFileSync(join(apps.dir, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>
  }
  const found = closure(lock.packages, 'node_modules/unplugin-ports')
  expect([...found]).toContain('node_modules/unplugin')
  const running = [...found].filter((path) => lock.packages[path]?.hasInstallScript)
  expect(running).toEqual([])
})

interface LockedPackage {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  hasInstallScript?: boolean
}

/** Paths of a package and of everything it needs, found as Node finds them. */
function closure(
  packages: Record<string, LockedPackage>,
  from: string,
  found = new Set<string>(),
): Set<string> {
  found.add(from)
  const { dependencies, optionalDependencies } = packages[from] ?? {}
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    let inside = from
    while (inside && !packages[`${inside}/node_modules/${name}`]) {
      inside = inside.slice(0, Math.max(0, inside.lastIndexOf('/node_modules/')))
    }
    const path = `${inside && `${inside}/`}node_modules/${name}`
    if (packages[path] && !found.has(path)) closure(packages, path, found)
  }
  return found
}

/** Runs a script in the directory where the package is installed. */
function nodeScript(
  script: string,
  type: 'commonjs' | 'module',
): Promise<{ stdout: string; stderr: string }> {
  const args = [`--input-type=${type}`, '--eval', script]
  return promisify(execFile)(process.execPath, args, { cwd: apps.dir, timeout: 30_000 })
}
