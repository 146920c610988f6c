import type { WatchingHost } from './_watching.ts'

/** Rollup or Rolldown as a program uses it; `input` are more input options. */
export function rollupLike(name: 'rollup' | 'rolldown', input = ''): WatchingHost {
  const head = (ports: string): string => `import { existsSync } from 'node:fs'
import { ${name}, watch } from '${name}'
import ports from 'unplugin-ports/${name}'
const reader = { name: 'reader', buildStart() { said ||= !console.log('env: ' + existsSync('.env.local')) } }
let said = false
const output = { file: 'out.mjs' }
const input = { input: 'main.js', ${input} plugins: [reader, ports(${ports})] }
`
  return {
    name,
    packages: { [name]: name },
    watcher: (ports) => `${head(ports)}
const watcher = watch({ ...input, output })
watcher.on('event', async (event) => {
  if (event.code === 'BUNDLE_END') {
    await event.result.close()
    console.log('built')
  }
  if (event.code === 'ERROR') console.log('failed: ' + event.error.message)
})
process.on('message', async () => {
  await watcher.close()
  console.log('closed')
})
`,
    build: (ports) => `${head(ports)}
const bundle = await ${name}(input)
await bundle.write(output)
await bundle.close()
console.log('built')
process.once('message', () => process.disconnect())
`,
  }
}
