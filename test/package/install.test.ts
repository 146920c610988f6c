import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { isFree } from '../_utils/sockets.ts'
import { repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort } from '../_utils/vite.ts'
import { npm, pack, sameVersion } from './_pack.ts'

const CONFIGS = {
  'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports({ services: { api: {} } })] }
`,
  'vite.config.cjs': `const ports = require('unplugin-ports/vite')
module.exports = { plugins: [ports({ services: { api: {} } })] }
`,
  'vite.config.ts': `import { defineConfig } from 'vite'
import ports from 'unplugin-ports/vite'
export default defineConfig({ plugins: [ports({ services: { api: {} } })] })
`,
}

let apps: TempRoot
beforeAll(async () => {
  using tarball = await pack()
  apps = tempRoot()
  apps.write({ 'package.json': '{ "private": true, "type": "module" }' })
  const packages = [tarball.file, sameVersion('vite'), sameVersion('@types/node')]
  await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], apps.dir)
}, 180_000)
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

test.each([
  ['bundler', 'ESNext'],
  ['NodeNext', 'NodeNext'],
])('the types hold with moduleResolution %s, declaration files included', async (...names) => {
  const [moduleResolution, module] = names
  // Unplugin's declarations name bundlers that are not installed.
  const others = /node_modules\/(?!unplugin-ports\/)/
  const said = (await checkTypes(moduleResolution, module)).split('\n')
  expect(said.filter((line) => line && !others.test(line))).toEqual([])
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

const CLIENT = `import { type ServiceAddress, services } from '~ports'
declare module '~ports' {
  interface Services { api: ServiceAddress }
}
export const port: number = services.api.port
export const maybe: string | undefined = services['other']?.url
// @ts-expect-error Only services that are declared are sure to be there.
export const wrong: number = services['other'].port
`
const TOOL = `import { allocations, PortsError, reserve, whoHolds } from 'unplugin-ports/api'
import { defineConfig, type Options } from 'unplugin-ports'
import named, { vite } from 'unplugin-ports/vite'
export const options: Options = defineConfig({ services: { web: 5173 } })
export const plugins = [named(options), vite(options)]
// @ts-expect-error A port is a number.
defineConfig({ services: { web: { preferred: '5173' } } })
export async function main(): Promise<number | undefined> {
  await using ports = await reserve(options)
  const holder = await whoHolds(ports.services['web']?.port ?? 0)
  if (allocations().length === 0) throw new PortsError('PORTS_NOT_HELD', 'none')
  return holder?.pid
}
`
const COMMON = `import ports = require('unplugin-ports/vite')
import { vite } from 'unplugin-ports/vite'
export const plugins = [ports({ services: { web: 5173 } }), vite()]
`

/** What the TypeScript compiler says of a small project that uses every entry. */
async function checkTypes(moduleResolution: string, module: string): Promise<string> {
  const root = `types-${moduleResolution}`
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'DOM', 'ESNext.Disposable'],
    types: ['node', 'unplugin-ports/client'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    module,
    moduleResolution,
  }
  apps.write({
    [`${root}/tsconfig.json`]: JSON.stringify({ compilerOptions, include: ['.'] }),
    [`${root}/vite.config.ts`]: CONFIGS['vite.config.ts'],
    [`${root}/client.ts`]: CLIENT,
    [`${root}/tool.ts`]: TOOL,
    // With "bundler" there is no CommonJS output for it to become.
    ...(module === 'NodeNext' && { [`${root}/common.cts`]: COMMON }),
  })
  const tsc = join(repo, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--pretty', 'false', '-p', join(apps.dir, root)]
  try {
    return (await promisify(execFile)(process.execPath, args)).stdout
  } catch (error) {
    const { stdout } = error as { stdout?: string }
    if (!stdout) throw error
    return stdout
  }
}
