// Finds a port when it is told to, and serves there a moment later: <finder> <from> <to>.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { FINDERS } from './_finders.ts'

const [name, from, to] = process.argv.slice(2)
const finder = FINDERS.find((one) => one.name === name)
if (!finder) throw new Error(`no finder "${name}"`)
console.log('ready')
await once(process.stdin, 'data')
try {
  const found = await finder.one(Number(from), Number(to))
  await setTimeout(50 + Math.random() * 150)
  await found.serve(createServer())
  console.log('served', found.port)
} catch {
  console.log('failed')
}
// Served until everybody is done: a port that is given back could be found again.
await once(process.stdin, 'end')
