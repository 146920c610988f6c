// npm run bench [-- <name…>] [-- --json <file>]
import { parseArgs } from 'node:util'
import { choosing } from './choosing.ts'
import { contention } from './contention.ts'
import { devStart } from './dev-start.ts'
import { memory } from './memory.ts'
import { startCost } from './start-cost.ts'
import { print, type Result, save } from './_report.ts'

const SUITES: Readonly<Record<string, () => AsyncGenerator<Result>>> = {
  choosing,
  contention,
  start: startCost,
  dev: devStart,
  memory,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' } },
})
const results: Result[] = []
for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
  const suite = SUITES[name]
  if (!suite) throw new Error(`There is no "${name}"; there are ${Object.keys(SUITES).join(', ')}.`)
  for await (const result of suite()) {
    print(result)
    results.push(result)
  }
}
if (values.json) save(values.json, results)
