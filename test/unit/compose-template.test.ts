import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTemplate, renderTemplate, TemplateError } from '../../src/compose/template.ts'
import { readPublished } from '../../src/compose/published.ts'
import { readComposeCall } from '../../src/compose/command.ts'

const render = (text: string, values: Record<string, string> = {}): string =>
  renderTemplate(parseTemplate(text), values)

describe('variables in compose files', () => {
  test.each([
    ['$V', { V: 'x' }, 'x'],
    ['$V', {}, ''],
    ['${V}b', { V: 'a' }, 'ab'],
    ['${V:-d}', {}, 'd'],
    ['${V:-d}', { V: '' }, 'd'],
    ['${V-d}', { V: '' }, ''],
    ['${V-d}', {}, 'd'],
    ['${V:+r}', { V: 'x' }, 'r'],
    ['${V:+r}', { V: '' }, ''],
    ['${V+r}', { V: '' }, 'r'],
    ['${V:?e}', { V: 'x' }, 'x'],
    ['${V?e}', { V: '' }, ''],
    ['${A:-${B:-c}}', {}, 'c'],
    ['${A:-${B:-c}}', { B: 'b' }, 'b'],
    ['${A:-x$B}y', { B: 'b' }, 'xby'],
    ['$$V ${V:-$$}', {}, '$V $'],
    ['plain } text', {}, 'plain } text'],
  ])('%s with %j is %j', (text, values, expected) => {
    expect(render(text, values)).toBe(expected)
  })

  test.each(['${V:?why}', '${', '${V', '$', '$5', '${5}', '${V:=x}', 'a$'])(
    '%s is told',
    (text) => {
      expect(() => render(text)).toThrow(TemplateError)
    },
  )

  test('the message of a required one is passed on', () => {
    expect(() => render('${DB_PORT:?set it in .env}')).toThrow(
      'DB_PORT has no value: set it in .env',
    )
  })

  test('any text without a dollar is itself, and nothing hangs or crashes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (!text.includes('$')) expect(render(text)).toBe(text)
        try {
          render(text)
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
        }
        expect(render(text.replaceAll('$', '$$$$'))).toBe(text)
      }),
    )
  })
})

describe('published ports', () => {
  const one = { from: 5432, to: 5432 }
  test.each([
    ['3000', { containerPort: 3000 }],
    [3000, { containerPort: 3000 }],
    ['8080:80', { containerPort: 80, hostPorts: { from: 8080, to: 8080 } }],
    ['8080-8082:80-82', { containerPort: 80, hostPorts: { from: 8080, to: 8082 } }],
    ['127.0.0.1:5432:5432', { containerPort: 5432, hostPorts: one, hostIp: '127.0.0.1' }],
    ['0.0.0.0:5432:5432', { containerPort: 5432, hostPorts: one }],
    ['[::1]:5432:5432', { containerPort: 5432, hostPorts: one, hostIp: '::1' }],
    ['127.0.0.1::80', { containerPort: 80, hostIp: '127.0.0.1' }],
    ['6060:6060/udp', { containerPort: 6060, protocol: 'udp' }],
    [
      '${DB_PORT:-5432}:5432',
      { containerPort: 5432, hostPorts: one, variable: 'DB_PORT', byDefault: 5432 },
    ],
    ['$DB_PORT:5432', { containerPort: 5432, variable: 'DB_PORT' }],
    ['${DB_PORT:?needed}:5432', { containerPort: 5432, variable: 'DB_PORT' }],
    [
      '127.0.0.1:${DB_PORT-5432}:5432/tcp',
      { hostIp: '127.0.0.1', variable: 'DB_PORT', byDefault: 5432 },
    ],
    ['${A:-${B:-5432}}:5432', { variable: 'A', byDefault: 5432 }],
    ['${BIND:-127.0.0.1}:${DB_PORT:-5432}:5432', { hostIp: '127.0.0.1', variable: 'DB_PORT' }],
    [
      { target: 80, published: '8080' },
      { containerPort: 80, hostPorts: { from: 8080, to: 8080 } },
    ],
    [
      { target: 80, published: '${WEB:-8080}', host_ip: '127.0.0.1', protocol: 'udp' },
      { containerPort: 80, variable: 'WEB', byDefault: 8080, hostIp: '127.0.0.1', protocol: 'udp' },
    ],
  ])('%j', (entry, expected) => {
    expect(readPublished(entry, {})).toMatchObject(expected)
  })

  test('with something that is no single port are fixed', () => {
    for (const entry of [
      '1${DB_PORT:-5432}:5432',
      '${ON:+5432}:5432',
      '${ALL:-5432:5432}',
      '8080:80',
    ]) {
      expect(readPublished(entry, {})?.variable).toBeUndefined()
    }
    expect(readPublished('${ALL:-5432:5433}', {})).toMatchObject({
      containerPort: 5433,
      hostPorts: one,
    })
  })

  test('what a variable says now is where it is', () => {
    expect(readPublished('${DB_PORT:-5432}:5432', { DB_PORT: '5440' })).toMatchObject({
      hostPorts: { from: 5440, to: 5440 },
      byDefault: 5432,
    })
  })

  test.each(['x:80', '80:x', '99999:80', 'a:b:c:d', true, null])('%j is told', (entry) => {
    expect(() => readPublished(entry, {})).toThrow(TemplateError)
  })

  test('no string makes it fail in another way', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\d:${}A\-/.[\]]{0,20}$/), (entry) => {
        try {
          readPublished(entry, {})
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
        }
      }),
    )
  })
})

test('command lines of Compose', () => {
  const call = (line: string) => readComposeCall(line.split(' '))
  expect(call('docker compose up -d')).toEqual({ action: 'up' })
  expect(call('docker --context x compose -f a.yaml --file=b.yaml --profile all up')).toEqual({
    files: ['a.yaml', 'b.yaml'],
    profiles: ['all'],
    action: 'up',
  })
  expect(call('/usr/bin/docker-compose -p shop --env-file .env.dev down')).toEqual({
    envFiles: ['.env.dev'],
    action: 'down',
  })
  expect(call('podman compose --project-directory .. ps')).toEqual({
    projectDirectory: '..',
    action: 'ps',
  })
  expect(call('docker run -p 80:80 nginx')).toBeUndefined()
  expect(call('node compose up')).toBeUndefined()
})
