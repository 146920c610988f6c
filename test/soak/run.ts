// npm run soak [-- --minutes <n>]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { print } from '../bench/_report.ts'
import { type Sample, startApp } from './_app.ts'
import { growth } from './_growth.ts'
import { workOneRound } from './_round.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '15' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes} is no length of time.`)

const state = mkdtempSync(join(tmpdir(), 'ports-soak-'))
process.env.PORTS_STATE_DIR = state
const samples: Sample[] = []
{
  await using app = await startApp()
  const began = performance.now()
  const end = began + minutes * 60_000
  let told = 0
  while (performance.now() < end) {
    await workOneRound(app, samples.length)
    samples.push(await app.tell('sample'))
    if (performance.now() - told < 60_000) continue
    told = performance.now()
    console.log(`${Math.round((told - began) / 60_000)} min`, samples.length, samples.at(-1))
  }
}
rmSync(state, { recursive: true, force: true, maxRetries: 5 })

const TENTHS = 10
const step = Math.max(1, Math.floor(samples.length / TENTHS))
const shown = samples.flatMap((sample, index) =>
  (index + 1) % step === 0 ? [{ name: `round ${index + 1}`, ...sample }] : [],
)
print({
  title: `${samples.length} rounds in ${minutes} minutes, Node ${process.version}`,
  rows: shown,
})
const grown = growth(samples)
for (const line of grown) console.error(`\nIt grows. ${line}`)
process.exitCode = grown.length > 0 ? 1 : 0
