import { existsSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Child, startNode } from '../_utils/children.ts'
import { cliFile, runCli } from '../_utils/cli.ts'
import { git, initRepo } from '../_utils/git.ts'
import { get } from '../_utils/http.ts'
import { freeRange, isFree } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** npm and several programs on a small machine, in milliseconds. */
const SLOW_MS = 60_000
const DOCKER = join(repo, 'test/fixtures/docker')
// The file would count instead of the variables' defaults.
const env = { COMPOSE_FILE: undefined, COMPOSE_PROFILES: undefined, DB_PORT: undefined }

function dev(cwd: string): Child {
  const PATH = [DOCKER, process.env.PATH].join(delimiter)
  return startNode([cliFile, 'dev'], { cwd, env: { ...env, PATH } })
}

async function portsOf(child: Child): Promise<number[]> {
  const ports: number[] = []
  for (const service of ['api', 'db', 'cache']) {
    const row = new RegExp(`^ +${service} +\\D*(\\d{2,})`, 'm')
    const [, port] = await child.sees(
      service === 'api' ? /^ +api +http:\/\/localhost:(\d+)/m : row,
      SLOW_MS,
    )
    ports.push(Number(port))
  }
  return ports
}

describe.skipIf(process.platform === 'win32')('a project with a compose file', () => {
  test('comes up in two worktrees, each with its own containers, and again on the same ports', async () => {
    using main = tempRoot('compose')
    using place = tempRoot()
    const [db] = await freeRange(4)
    // The usual ports are whose they are: this test's are its own.
    main.write({ '.env': `DB_PORT=${db}\nCACHE_PORT=${db + 1}\n`, '.gitignore': '.env.local\n' })
    initRepo(main.dir)
    const linked = join(place.dir, 'agent')
    git(main.dir, 'worktree', 'add', '-q', '-b', 'agent', linked)

    const seen: number[][] = []
    for (let round = 0; round < 2; round++) {
      await using first = dev(main.dir)
      const own = await portsOf(first)
      await using second = dev(linked)
      const others = await portsOf(second)
      // The API's usual port is anybody's meanwhile.
      seen.push([...own.slice(1), ...others.slice(1)])
      for (const [child, dir, [api]] of [
        [first, main.dir, own],
        [second, linked, others],
      ] as const) {
        await child.sees(/\[api\] the API is up/, SLOW_MS)
        const answer = async () => (await get(`http://localhost:${api}/`)).text
        const both = { db: `db of ${dir}`, cache: `cache of ${dir}` }
        await until(async () => (await answer()) === JSON.stringify(both), SLOW_MS)
      }
      expect(new Set(seen.at(-1)).size).toBe(4)
      for (const child of [first, second]) {
        expect((await child.end('SIGINT')).code).toBe(130)
        expect(child.output()).toMatch(/\[db\] Container shop-db-1 Stopped/)
      }
      for (const port of seen.at(-1) ?? []) expect(await isFree(port)).toBe(true)
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]?.slice(0, 2)).toEqual([db, db + 1])
    expect(existsSync(join(main.dir, 'ports.config.mjs'))).toBe(false)
  })

  test('without Docker the rest comes up, and what is missing is said', async () => {
    using root = tempRoot('compose')
    using bin = tempRoot()
    root.write({ 'package.json': '{ "type": "module" }' })
    // Wherever Node is, docker may be beside it.
    symlinkSync(process.execPath, join(bin.dir, 'node'))
    const PATH = bin.dir
    await using child = startNode([cliFile, 'dev'], { cwd: root.dir, env: { ...env, PATH } })
    await child.sees(/\[api\] the API is up/, SLOW_MS)
    await child.sees(/"db" can't be started: .*Docker is needed for it/, SLOW_MS)
  })
})

test('what speaks HTTP in a container may be the app: it is offered, and not started unasked', async () => {
  using root = tempRoot()
  root.write({
    'compose.yaml': `services:\n  web:\n    image: shop\n    ports: ['\${WEB_PORT:-8080}:80']\n`,
  })
  const { code, stderr } = await runCli(['dev'], { cwd: root.dir, env })
  expect(code).toBe(1)
  expect(stderr).toContain(
    `web: { command: 'docker compose up -t 3 web', preferred: 8080, host: true, protocol: 'tcp', env: { port: 'WEB_PORT' } }`,
  )
})
