import { defineBuildConfig } from 'unbuild'

export default defineBuildConfig({
  entries: ['src/index', 'src/vite', 'src/api'],
  declaration: true,
  clean: true,
  failOnWarn: true,
  externals: ['vite'],
  rollup: {
    inlineDependencies: ['valibot', 'leven'],
    esbuild: { target: 'node20' },
  },
})
