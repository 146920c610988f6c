import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { defineBuildConfig } from 'unbuild'

/** Becomes part of `dist`; anything else that would be inlined fails the build. */
const INLINED = ['valibot', 'leven']

export default defineBuildConfig({
  // With their extension: without it, declarations are made by a compiler of its own for each entry.
  entries: [
    'src/index.ts',
    'src/vite.ts',
    'src/webpack.ts',
    'src/rspack.ts',
    'src/rsbuild.ts',
    'src/farm.ts',
    'src/esbuild.ts',
    'src/rollup.ts',
    'src/rolldown.ts',
    'src/bun.ts',
    'src/unloader.ts',
    'src/api.ts',
    'src/config.ts',
    'src/playwright.ts',
    'src/vitest.ts',
    'src/vitest-setup.ts',
    'src/test-server.ts',
    'src/answer-worker.ts',
    'src/cli.ts',
  ],
  declaration: 'node16',
  clean: true,
  failOnWarn: true,
  externals: [
    'vite',
    'webpack',
    '@rspack/core',
    '@rsbuild/core',
    '@farmfe/core',
    'esbuild',
    'rollup',
    'rolldown',
    'vitest',
  ],
  rollup: {
    inlineDependencies: INLINED,
    esbuild: { target: 'node20' },
  },
  hooks: {
    'build:done': async ({ options }) => {
      const { rootDir, outDir } = options
      // `--require` costs a Node process the least, and takes CommonJS in one file.
      await build({
        entryPoints: [join(rootDir, 'src/preload.ts')],
        outfile: join(resolve(rootDir, outDir), 'preload.cjs'),
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'cjs',
      })
      // Part of the package as files: the page is opened seldom, and loads nothing from elsewhere.
      await build({
        entryPoints: [
          join(rootDir, 'src/status/page/page.ts'),
          join(rootDir, 'src/status/page/page.css'),
        ],
        outdir: join(resolve(rootDir, outDir), 'status'),
        bundle: true,
        minify: true,
        target: ['es2022', 'chrome111', 'safari16.4', 'firefox113'],
        format: 'esm',
      })
      const texts = INLINED.map((name) => licenseOf(join(rootDir, 'node_modules', name)))
      const head = '# Licences of packages that are part of these files\n\n'
      writeFileSync(
        join(resolve(rootDir, outDir), 'THIRD-PARTY-LICENSES.md'),
        head + texts.join('\n'),
      )
    },
  },
})

function licenseOf(dir: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(dir, 'package.json'), 'utf8'),
  ) as Record<string, string>
  const file = readdirSync(dir).find((entry) => /^licen[cs]e/i.test(entry))
  if (!file) throw new Error(`${name} has no licence file`)
  const text = readFileSync(join(dir, file), 'utf8').trim()
  return `## ${name} ${version} (${license})\n\n${text}\n`
}
