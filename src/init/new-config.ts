import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { INIT_BUNDLERS, type InitBundler } from './bundler-files.ts'
import type { Manifest } from './manifest.ts'

/** A first config file for a project that has none. */
export interface NewConfig {
  readonly bundler: InitBundler
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/**
 * The config of a project that starts Vite or Rsbuild, which need none, without one.
 *
 * @returns `undefined` when it starts neither.
 */
export function newConfig(dir: string, manifest: Manifest): NewConfig | undefined {
  const bundler = INIT_BUNDLERS.find(
    (candidate) => ZERO_CONFIG[candidate.dependency] && isStarted(dir, candidate, manifest),
  )
  if (!bundler) return undefined
  const isTyped = existsSync(join(dir, 'tsconfig.json'))
  const extension = manifest.isModule ? (isTyped ? 'ts' : 'js') : isTyped ? 'mts' : 'mjs'
  const path = join(dir, `${bundler.files[0]}.${extension}`)
  const text = `import { defineConfig } from '${bundler.dependency}'
import ports from '${bundler.entry}'

export default defineConfig({
  plugins: [ports()],
})
`
  return { bundler, path, text }
}

const ZERO_CONFIG: Record<string, boolean> = { vite: true, '@rsbuild/core': true }

/** Other tools depend on Vite as well. */
function isStarted(
  dir: string,
  { dependency, dev }: InitBundler,
  { dependencies, scripts }: Manifest,
): boolean {
  if (!dependencies.has(dependency)) return false
  const [program = ''] = dev.split(' ')
  const command = new RegExp(`(?:^|[\\s;&|])${program}(?:\\s+(?:dev|serve|-.*))?(?:$|[;&|])`)
  const inScripts = Object.values(scripts).some((line) => command.test(line))
  return inScripts || (program === 'vite' && existsSync(join(dir, 'index.html')))
}
