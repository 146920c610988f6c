import { isAbsolute } from 'node:path'
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'
import { mutate, randomOf } from './mutate.ts'
import { PLANTED, TARGETS, type Target } from './targets.ts'

/** Inputs that are tried between two looks at the counters, which cost more than they do. */
const BATCH = 40
/** Processor time that nothing of this size may take, in milliseconds. */
const SLOW_MS = 3000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    'at-least': { type: 'string' },
  },
})
const wanted = [...TARGETS, PLANTED].filter(({ name }) =>
  values.only === undefined ? name !== PLANTED.name : name === values.only,
)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const msEach = ((values.seconds ? Number(values.seconds) : 60) * 1000) / wanted.length
const runsEach = values.runs === undefined ? Infinity : Number(values.runs)

let failed = wanted.length === 0
if (failed) console.error(`there is no target ${JSON.stringify(values.only)}`)
for (const target of wanted) {
  const found = await fuzz(target)
  const percent = (share: number): string => `${Math.floor(share * 100)} %`
  const atLeast = Number(values['at-least'] ?? target.atLeast)
  const enough = found.share >= atLeast
  failed ||= !enough || found.failure !== undefined
  console.log(
    `${target.name.padEnd(16)} ${percent(found.share).padStart(5)} of its blocks (at least ${percent(atLeast)})  ${found.runs} runs, ${found.corpus} kept`,
  )
  if (found.failure) console.log(found.failure)
}
if (failed) console.log(`failed; again with --seed ${seed}`)
process.exitCode = failed ? 1 : 0

interface Found {
  readonly share: number
  readonly runs: number
  readonly corpus: number
  readonly failure?: string
}

/** Keeps every input that reaches a block which no other has reached, and goes on from there. */
async function fuzz(target: Target): Promise<Found> {
  const random = randomOf(seed)
  const files = target.files.map((file) => new URL(`../../${file}`, import.meta.url).href)
  using coverage = await Coverage.start((url) => files.some((file) => sameFile(file, url)))
  const run = await target.load()
  await coverage.take()
  const corpus: string[] = []
  let runs = 0
  const found = (failure?: string): Found => ({
    share: coverage.share,
    runs,
    corpus: corpus.length,
    ...(failure !== undefined && { failure }),
  })
  const end = performance.now() + msEach
  for (let fresh: readonly string[] = target.seeds; ;) {
    for (const input of fresh) {
      const failure = attempt(run, input)
      if (failure) return found(`${failure}\n  with ${JSON.stringify(input)}`)
    }
    runs += fresh.length
    const blocks = new Set(await coverage.take())
    for (const input of blocks.size > 0 ? fresh : []) {
      attempt(run, input)
      if (await coverage.takeFrom(blocks)) corpus.push(input)
      if (blocks.size === 0) break
    }
    if (runs >= runsEach || performance.now() > end) return found()
    const pool = corpus.length > 0 ? corpus : target.seeds
    fresh = Array.from({ length: BATCH }, () =>
      mutate(pool[recent(pool.length, random)] ?? '', pool, target.words, random),
    )
  }
}

/** The newest ones have led somewhere of late. */
function recent(length: number, random: () => number): number {
  const share = random() < 0.5 ? random() : 1 - random() ** 3 / 4
  return Math.min(length - 1, Math.floor(share * length))
}

function attempt(run: (input: string) => void, input: string): string | undefined {
  const before = process.cpuUsage()
  try {
    run(input)
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const { user } = process.cpuUsage(before)
  return user / 1000 > SLOW_MS ? `it took ${Math.round(user / 1000)} ms` : undefined
}

/** Loaders may add a query, or leave the scheme out. */
function sameFile(file: string, url: string): boolean {
  const plain = url.replace(/\?.*$/, '')
  return plain === file || (isAbsolute(plain) && file.endsWith(plain))
}
