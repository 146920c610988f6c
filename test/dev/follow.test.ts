import { rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Child, startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { replaceFile } from '../_utils/replace-file.ts'
import { freeRange, isFree } from '../_utils/sockets.ts'
import { repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** npm and several programs on a small machine, in milliseconds. */
const SLOW_MS = 60_000
const API = join(repo, 'test/fixtures/processes/api.mjs')

function dev(root: TempRoot): Child {
  const PATH = [join(repo, 'test/fixtures/docker'), process.env.PATH].join(delimiter)
  const env = { PATH, COMPOSE_FILE: undefined, COMPOSE_PROFILES: undefined }
  return startNode([cliFile, 'dev'], { cwd: root.dir, env })
}

/** A compose file whose services publish the ports of these variables. */
function composeText(services: Readonly<Record<string, number>>): string {
  const texts = Object.entries(services).map(
    ([name, port]) =>
      `  ${name}:\n    image: x\n    ports: ['\${${name.toUpperCase()}_PORT:-${port}}:5432']\n`,
  )
  return `services:\n${texts.join('')}`
}

async function tells(port: number): Promise<{ pid: number; env: Record<string, string> }> {
  const { text } = await get(`http://localhost:${port}`)
  return JSON.parse(text) as { pid: number; env: Record<string, string> }
}

function countOf(child: Child, text: RegExp): number {
  return [...child.output().matchAll(new RegExp(text, 'g'))].length
}

const PROJECTS = {
  'guessed from the project': { 'package.json': `{ "scripts": { "api": "node ${API}" } }` },
  'with `compose: true` in the config': {
    'package.json': '{ "type": "module" }',
    'ports.config.json': JSON.stringify({
      compose: true,
      services: { api: { command: [process.execPath, API] } },
    }),
  },
}

describe.skipIf(process.platform === 'win32')('edits of compose files', () => {
  test.each(Object.entries(PROJECTS))(
    '%s: what is new is started, what is gone is ended, and the rest goes on',
    async (_kind, files) => {
      const [db] = await freeRange(5)
      const moved = db + 3
      using root = tempRoot()
      root.write({ ...files, 'compose.yaml': composeText({ db }) })
      const edit = (name: string, text: string): void => replaceFile(join(root.dir, name), text)
      await using child = dev(root)
      const [, api] = await child.sees(/^ +api +http:\/\/localhost:(\d+)\//m, SLOW_MS)
      await child.sees(/\[api\] api listens/, SLOW_MS)
      await child.sees(new RegExp(`\\[db\\] docker compose up -t 3 db on ${db}\n`), SLOW_MS)
      const { pid } = await tells(Number(api))

      edit('compose.yaml', composeText({ db, cache: db + 1 }))
      await child.sees(new RegExp(`\\[cache\\] docker compose up -t 3 cache on ${db + 1}\n`))

      edit('compose.yaml', 'services: [\n')
      await child.sees(
        /an edit of compose\.yaml was not followed, everything is as before\. .*is no YAML/,
      )
      expect(await isFree(db + 1)).toBe(false)

      // A file that was not there before.
      edit('compose.yaml', composeText({ db }))
      await child.sees(/\[cache\] Container shop-cache-1 Stopped/)
      edit('compose.override.yaml', composeText({ mail: db + 2 }))
      await child.sees(new RegExp(`\\[mail\\] docker compose up -t 3 mail on ${db + 2}\n`))

      expect(countOf(child, /\[db\] docker compose up/)).toBe(1)
      edit('.env', `DB_PORT=${moved}\n`)
      await child.sees(new RegExp(`\\[db\\] docker compose up -t 3 db on ${moved}\n`))
      await until(() => isFree(db))

      rmSync(join(root.dir, 'compose.override.yaml'))
      await child.sees(/\[mail\] Container shop-mail-1 Stopped/)
      expect(countOf(child, /\[mail\] docker compose up/)).toBe(1)
      expect((await tells(Number(api))).pid).toBe(pid)
    },
  )

  test('of files that another one includes, and that are included by an edit', async () => {
    const [db] = await freeRange(3)
    using root = tempRoot()
    root.write({
      'package.json': '{ "type": "module" }',
      'ports.config.json': JSON.stringify({ compose: 'deploy/compose.yaml' }),
      'deploy/compose.yaml': composeText({ db }),
      'deploy/more.yaml': composeText({ cache: db + 1 }),
    })
    await using child = dev(root)
    await child.sees(/\[db\] docker compose -f deploy\/compose\.yaml up -t 3 db on/, SLOW_MS)
    replaceFile(
      join(root.dir, 'deploy/compose.yaml'),
      `include: [more.yaml]\n${composeText({ db })}`,
    )
    await child.sees(/\[cache\] docker .* cache on/)
    replaceFile(join(root.dir, 'deploy/more.yaml'), composeText({ cache: db + 2 }))
    await child.sees(new RegExp(`\\[cache\\] docker .* cache on ${db + 2}\n`))
    expect(countOf(child, /\[db\] docker/)).toBe(1)
  })
})

test('a config that is written while a guess runs counts from then on', async () => {
  const [port] = await freeRange(2)
  using root = tempRoot()
  root.write({ 'package.json': `{ "scripts": { "api": "node ${API}" } }` })
  await using child = dev(root)
  await child.sees(/\[api\] api listens/, SLOW_MS)
  const command = [process.execPath, API]
  const services = { web: { command, preferred: port, env: { NAME: 'web' } } }
  replaceFile(join(root.dir, 'ports.config.json'), JSON.stringify({ services }))
  await child.sees(new RegExp(`\\[web\\] web listens on ${port}\n`))
  const [, first = ''] = /^ +api +http:\/\/localhost:(\d+)/m.exec(child.output()) ?? []
  await until(() => isFree(Number(first)))
})

test('a service that gets another port is started there, and what depends on it is told', async () => {
  const [port] = await freeRange(4)
  using root = tempRoot()
  const service = (name: string, preferred: number, more: object = {}) => ({
    command: [process.execPath, API],
    preferred,
    env: { NAME: name },
    ...more,
  })
  const config = (db: number): string =>
    JSON.stringify({
      services: {
        web: service('web', port, { dependsOn: 'db' }),
        db: service('db', db),
        docs: service('docs', port + 1),
      },
    })
  root.write({ 'ports.config.json': config(port + 2) })
  await using child = dev(root)
  await child.sees(/\[web\] web listens/)
  await child.sees(/\[docs\] docs listens/)
  const { pid } = await tells(port + 1)
  expect((await tells(port)).env.DB_PORT).toBe(String(port + 2))
  replaceFile(join(root.dir, 'ports.config.json'), config(port + 3))
  await child.sees(new RegExp(`\\[db\\] db listens on ${port + 3}\n`))
  await until(async () => (await tells(port)).env.DB_PORT === String(port + 3))
  await until(() => isFree(port + 2))
  expect((await tells(port + 1)).pid).toBe(pid)
})
