// npm run compat [-- <words of a name…>] [-- --keep]
import { parseArgs } from 'node:util'
import { launchBrowser } from '../_utils/browser.ts'
import { ensureChromium } from '../_utils/chromium.ts'
import { repo } from '../_utils/temp.ts'
import { MANAGERS, tryInstall } from './installs.ts'
import { createWorkspace } from './_project.ts'
import { STARTERS } from './_starters.ts'
import { tryStarter } from './starters.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  // Directories stay for a look.
  options: { keep: { type: 'boolean', default: false } },
})

using workspace = await createWorkspace(repo, values.keep)
const browser = await launchBrowser(ensureChromium())
const cases = [
  ...MANAGERS.map((manager) => ({
    name: manager.name,
    attempt: () => tryInstall(manager, workspace),
  })),
  ...STARTERS.map((starter) => ({
    name: starter.name,
    attempt: () => tryStarter(starter, workspace, browser),
  })),
].filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
if (cases.length === 0) throw new Error(`Nothing is called ${positionals.join(' or ')}.`)

const width = Math.max(...cases.map(({ name }) => name.length))
let failed = false
console.log(`Node ${process.version}, ${process.platform} ${process.arch}`)
for (const { name, attempt } of cases) {
  const began = performance.now()
  const [mark, said] = await attempt().then(
    (versions) => ['works', versions] as const,
    (error: unknown) => {
      failed = true
      console.error(String(error))
      return ['FAILS', ''] as const
    },
  )
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(`${name.padEnd(width)}  ${mark}  ${String(seconds).padStart(4)} s  ${said}`)
}
await browser.close()
process.exitCode = failed ? 1 : 0
