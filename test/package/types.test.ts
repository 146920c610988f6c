import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repo, type TempRoot } from '../_utils/temp.ts'
import { INSTALL_DEADLINE_MS, installPackage, TYPESCRIPT_CONFIG } from './_install.ts'

let apps: TempRoot
beforeAll(async () => {
  apps = await installPackage()
}, INSTALL_DEADLINE_MS)
afterAll(() => apps[Symbol.dispose]())

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
import { defineConfig as ofConfig, type PortsConfig } from 'unplugin-ports/config'
import named, { vite } from 'unplugin-ports/vite'
export const options: Options = defineConfig({ services: { web: 5173 } })
export const plugins = [named(options), vite(options)]
export const file: PortsConfig = ofConfig({ packages: { 'apps/*': { services: { web: 5173 } } } })
export const byMode = ofConfig(async ({ root, mode }) => ({ root, strict: mode === 'test' }))
// @ts-expect-error A port is a number.
ofConfig({ packages: { web: { services: { web: '5173' } } } })
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
    [`${root}/vite.config.ts`]: TYPESCRIPT_CONFIG,
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
