import { basename, join, relative } from 'node:path'
import { parse } from 'yaml'
import { beforeEach, describe, expect, test } from 'vitest'
import { fixedPorts } from '../../src/compose/fixed.ts'
import { renderOverride } from '../../src/compose/override.ts'
import { type ComposeProject, readCompose } from '../../src/compose/project.ts'
import { composeServiceOptions } from '../../src/compose/services.ts'
import { startedPorts } from '../../src/compose/started.ts'
import { programOptions, projectOptions } from '../../src/config/effective-options.ts'
import { tempRoot, type TempRoot } from '../_utils/temp.ts'

let root: TempRoot
beforeEach(() => {
  root = tempRoot()
  return () => root[Symbol.dispose]()
})

function read(
  files: Record<string, string>,
  env: Record<string, string> = {},
  more: object = {},
): ComposeProject {
  root.write(files)
  const project = readCompose({ directory: root.dir, env, ...more })
  if (!project) throw new Error('no compose file was found')
  return project
}
/** `db 5433->5432 DB_PORT`, one for each port of an active service. */
const shown = (project: ComposeProject): string[] =>
  project.services
    .filter(({ active }) => active)
    .flatMap(({ name, ports }) =>
      ports.map(({ hostPorts, containerPort, variable }) =>
        [name, `${hostPorts?.from ?? 'any'}->${containerPort}`, variable].filter(Boolean).join(' '),
      ),
    )
const DB = 'services:\n  db:\n    ports:\n      - "${DB_PORT:-5432}:5432"\n'

test('nothing is found where there is nothing', () => {
  expect(readCompose({ directory: root.dir, env: {} })).toBeUndefined()
})

describe('files', () => {
  test.each(['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'])(
    '%s, with its line',
    (name) => {
      const project = read({ [name]: DB })
      expect(shown(project)).toEqual(['db 5432->5432 DB_PORT'])
      expect(project.services[0]?.ports[0]).toMatchObject({ file: join(root.dir, name), line: 4 })
    },
  )

  test('the override adds, `!override` replaces, `!reset` removes', () => {
    const web = '  web:\n    ports: ["8080:80"]\n  x:\n    ports: ["1234:1234"]\n'
    const override =
      'services:\n  db:\n    ports: ["9000:9000"]\n  web:\n    ports: !override ["8081:80"]\n  x:\n    ports: !reset []\n'
    expect(shown(read({ 'compose.yaml': DB + web, 'compose.override.yaml': override }))).toEqual([
      'db 5432->5432 DB_PORT',
      'db 9000->9000',
      'web 8081->80',
    ])
  })

  test('COMPOSE_FILE of the environment and of .env, and -f, say which', () => {
    const files = {
      'compose.yaml': DB,
      'a.yaml': 'services: { a: { ports: ["1111:1"] } }',
      'b.yaml': 'services: { b: { ports: ["2222:2"] } }',
      '.env': 'COMPOSE_FILE=a.yaml,b.yaml\nCOMPOSE_PATH_SEPARATOR=,\n',
    }
    expect(shown(read(files))).toEqual(['a 1111->1', 'b 2222->2'])
    expect(shown(read({}, { COMPOSE_FILE: 'b.yaml' }))).toEqual(['b 2222->2'])
    expect(shown(read({}, {}, { files: ['compose.yaml'] }))).toEqual(['db 5432->5432 DB_PORT'])
  })

  test('.env says values, and the environment wins', () => {
    expect(shown(read({ 'compose.yaml': DB, '.env': 'DB_PORT=5440' }))).toEqual([
      'db 5440->5432 DB_PORT',
    ])
    expect(shown(read({}, { DB_PORT: '5441' }))).toEqual(['db 5441->5432 DB_PORT'])
    expect(shown(read({ 'dev.env': 'DB_PORT=5442' }, {}, { envFiles: ['dev.env'] }))).toEqual([
      'db 5442->5432 DB_PORT',
    ])
  })

  test('extends and include, other files too, and going in circles', () => {
    const project = read({
      'compose.yaml':
        'include: ["sub/inc.yaml", { path: [more.yaml] }]\nservices:\n  db:\n    extends: { file: base.yaml, service: pg }\n    ports: ["9999:9999"]\n',
      'base.yaml':
        'services:\n  pg:\n    extends: root\n  root:\n    ports: ["${PG:-5432}:5432"]\n',
      'sub/inc.yaml': 'services: { cache: { ports: ["${CACHE:-6379}:6379"] } }',
      'more.yaml': 'include: [compose.yaml]\nservices: { mail: { ports: ["1025:1025"] } }',
    })
    expect(shown(project).toSorted()).toEqual([
      'cache 6379->6379 CACHE',
      'db 5432->5432 PG',
      'db 9999->9999',
      'mail 1025->1025',
    ])
    expect(project.problems).toEqual([])
    const names = project.files.map((file) => relative(root.dir, file))
    expect(new Set(names)).toEqual(
      new Set(['compose.yaml', join('sub', 'inc.yaml'), 'more.yaml', 'base.yaml', '.env']),
    )
  })

  test('profiles', () => {
    const files = {
      'compose.yaml':
        'services: { db: { ports: ["1:1"] }, t: { profiles: [test], ports: ["2:2"] } }',
    }
    expect(shown(read(files))).toEqual(['db 1->1'])
    expect(shown(read(files, { COMPOSE_PROFILES: 'x,test' }))).toEqual(['db 1->1', 't 2->2'])
    expect(shown(read(files, {}, { profiles: ['*'] }))).toEqual(['db 1->1', 't 2->2'])
  })

  test('anchors and merge keys', () => {
    const text =
      'x-base: &base\n  ports: ["${P:-7000}:7000"]\nservices:\n  a:\n    <<: *base\n    image: x\n'
    expect(shown(read({ 'compose.yaml': text }))).toEqual(['a 7000->7000 P'])
  })
})

describe('what is wrong is told with file and line, and the rest counts', () => {
  test.each([
    ['services:\n  db: [\n', /compose\.yaml:\d+ is no YAML: /],
    ['services:\n  db:\n    ports: x\n', /compose\.yaml:3 : "ports" of "db" is no list/],
    [
      'services:\n  db:\n    ports:\n      - "x:80"\n',
      /compose\.yaml:4 : "ports" of "db": "x:80" is no port/,
    ],
    ['services:\n  db:\n    ports:\n      - "${A:80"\n', /compose\.yaml:4 .*begins no variable/],
    ['services:\n  db:\n    extends: nobody\n', /extends "nobody", which .* does not have/],
    ['services:\n  db: *nowhere\n', /compose\.yaml.*(?:nowhere|understood)/],
    ['include: [missing.yaml]\n', /missing\.yaml can't be read \(ENOENT\)/],
  ])('%j', (text, message) => {
    const project = read({ 'compose.yaml': text, 'compose.override.yaml': DB })
    expect(project.problems.map((problem) => problem.code)).toEqual(['PORTS_COMPOSE'])
    expect(project.problems[0]?.message).toMatch(message)
    expect(shown(project)).toContain('db 5432->5432 DB_PORT')
  })

  test('any shape of YAML is survived', () => {
    for (const text of [
      '',
      '1',
      '[]',
      'services: 1',
      'services: [a]',
      'services: { a: }',
      'services: { a: { ports: [null, {}] } }',
    ]) {
      expect(() => read({ 'compose.yaml': text })).not.toThrow()
    }
  })
})

test('variables become services, each once, under names that nobody else has', () => {
  const project = read({
    'compose.yaml': `services:
  db:
    ports: ["127.0.0.1:\${DB_PORT:-5432}:5432"]
  mail:
    ports: ["\${SMTP:-1025}:1025", "\${MAIL_UI:?}:8025", "\${DB_PORT:-1}:1"]
  dev:
    ports: ["\${EDGE}:80"]
  off:
    profiles: [x]
    ports: ["\${OFF:-1}:1"]
`,
  })
  expect(composeServiceOptions(project)).toEqual({
    db: expect.objectContaining({
      preferred: 5432,
      host: '127.0.0.1',
      env: { port: 'DB_PORT', url: [] },
      description: 'db:5432 of compose.yaml',
    }),
    mail: expect.objectContaining({ preferred: 1025, host: true, env: { port: 'SMTP', url: [] } }),
    'mail-8025': expect.objectContaining({ preferred: 8025, env: { port: 'MAIL_UI' } }),
    'compose-dev': expect.not.objectContaining({ preferred: expect.anything() }),
  })
})

describe('containers that are started', () => {
  const files = {
    'compose.yaml': `services:
  queue:
    ports: ["\${QUEUE_UI:-15672}:15672", "\${QUEUE:-5672}:5672"]
  web:
    ports: ["\${WEB:-8080}:80"]
  mail:
    ports: ["\${MAIL_UI:-8025}:8025"]
`,
  }

  test('one command for all ports of a container; one port says what it is', () => {
    const ports = startedPorts(read(files)).map(({ name, sure, options }) => [
      name,
      sure,
      options.command,
    ])
    expect(ports).toEqual([
      ['queue', true, 'docker compose up -t 3 queue'],
      ['queue-5672', true, undefined],
      ['web', false, 'docker compose up -t 3 web'],
      ['mail', false, 'docker compose up -t 3 mail'],
    ])
  })

  test('of the project, those that somebody speaks of too; of a program, none', async () => {
    const api = { command: 'node api.js', dependsOn: ['mail', 'dev'] }
    root.write({
      ...files,
      'package.json': '{}',
      'ports.config.json': JSON.stringify({ compose: true, services: { api } }),
    })
    const project = await projectOptions({ root: root.dir }, {})
    expect(project.options.services.map(({ name }) => name)).toEqual([
      'queue',
      'queue-5672',
      'mail',
      'api',
    ])
    const program = await programOptions({}, root.dir)
    expect(program.options.services).toMatchObject([{ name: 'api', dependsOn: ['dev'] }])
    root.write({
      'ports.config.json': JSON.stringify({
        compose: true,
        services: { api: { dependsOn: ['mail', 'mial'] } },
      }),
    })
    await expect(programOptions({}, root.dir)).rejects.toThrow('"mial" is no service')
  })
})

test('an override puts variables where fixed ports are, and reads back as such', () => {
  const files = {
    'compose.yaml': `services:
  db:
    ports: ["5432:5432", "127.0.0.1:9000-9001:9000-9001", "\${X:-7}:7", "8", "53:53/udp"]
  web:
    ports: ["[::1]:8080:80"]
`,
  }
  const before = read(files)
  const text = renderOverride(
    before,
    fixedPorts(before).filter(({ hostPort }) => hostPort !== 9000),
  )
  expect(parse(text ?? '', { logLevel: 'silent' })).toEqual({
    services: {
      db: {
        ports: [
          '${DB_PORT:-5432}:5432',
          '127.0.0.1:9000-9001:9000-9001',
          '${X:-7}:7',
          '8',
          '${DB_PORT_53:-53}:53/udp',
        ],
      },
      web: { ports: ['[::1]:${WEB_PORT:-8080}:80'] },
    },
  })
  const after = read({ 'compose.override.yaml': text ?? '' })
  expect(after.problems).toEqual([])
  expect(shown(after)).toEqual([
    'db 5432->5432 DB_PORT',
    'db 9000->9000',
    'db 7->7 X',
    'db any->8',
    'db 53->53 DB_PORT_53',
    'web 8080->80 WEB_PORT',
  ])
  expect(after.files.map((file) => basename(file))).toContain('compose.override.yaml')
})
