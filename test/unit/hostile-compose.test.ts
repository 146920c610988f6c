import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ComposeProject, readCompose } from '../../src/compose/project.ts'
import { parseTemplate, TemplateError } from '../../src/compose/template.ts'
import { tempRoot, type TempRoot } from '../_utils/temp.ts'

function read(files: Record<string, string>, env: Record<string, string> = {}): ComposeProject {
  using root = tempRoot()
  return readIn(root, files, env)
}

function readIn(root: TempRoot, files: Record<string, string>, env = {}): ComposeProject {
  root.write(files)
  const project = readCompose({ directory: root.dir, env })
  if (!project) throw new Error('no compose file was found')
  return project
}

const told = (project: ComposeProject): string =>
  project.problems.map(({ message }) => message).join('\n')

describe('files made to take for ever are read in moments', () => {
  const lines = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => line(index)).join('\n')

  test('thousands of services, and as many keys', () => {
    const project = read({
      'compose.yaml': `services:\n${lines(8000, (i) => `  s${i}:\n    ports: ["\${P${i}:-80}:80"]`)}\n`,
    })
    expect(project.services).toHaveLength(8000)
    expect(project.services.at(-1)?.ports[0]).toMatchObject({ variable: 'P7999', line: 16_001 })
  })

  test('services that extend each other in a circle', () => {
    const circle = lines(
      600,
      (i) => `  s${i}: {extends: {service: s${(i + 1) % 600}}, ports: ["${i + 1}:1"]}`,
    )
    expect(read({ 'compose.yaml': `services:\n${circle}\n` }).services).toHaveLength(600)
  })

  test('files that include each other', () => {
    const names = Array.from({ length: 12 }, (_, index) => `part${index}.yaml`)
    const include = `include: [compose.yaml, ${names.join(', ')}]\n`
    const part = (index: number): string =>
      `${include}services: {s${index}: {ports: ["${index + 1}:1"]}}\n`
    const files = Object.fromEntries(names.map((name, index) => [name, part(index)]))
    const project = read({ ...files, 'compose.yaml': include })
    expect(project.services.map(({ name }) => name).toSorted()).toHaveLength(12)
  })

  test('more files than any project has', () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`p${index}.yaml`, 'services: {}\n']),
    )
    const include = `include: [${Object.keys(files).join(', ')}]\n`
    const project = read({ ...files, 'compose.yaml': include })
    expect(told(project)).toContain('is one of more than 200 files')
    expect(project.files.length).toBeLessThanOrEqual(201)
    expect(project.problems.length).toBeLessThanOrEqual(50)
  })

  const bomb = lines(9, (i) => `k${i}: &k${i} [${i ? `*k${i - 1},`.repeat(9) : 'x'}]`)
  const wrong: [what: string, text: string, message: RegExp][] = [
    ['aliases of aliases', `${bomb}\nservices:\n  web: {ports: *k8}\n`, /understood/],
    ['aliases', `x: &x 1\n${lines(2000, (i) => `a${i}: *x`)}\n`, /too many aliases/],
    [
      'merges',
      lines(20, (i) => `k${i}: &k${i}\n  <<: [${i ? `*k${i - 1}, *k${i - 1}` : '{}'}]`),
      /understood/,
    ],
    ['errors', `a: "${'\\x'.repeat(50_000)}"`, /is no YAML/],
    ['lists', `a: ${'['.repeat(50_000)}`, /is no YAML|understood/],
    ['lists, closed', `a: ${'['.repeat(3000)}${']'.repeat(3000)}`, /is no YAML|understood/],
    [
      'one key twice',
      'services: {a: {}}\nservices: {b: {}}\n',
      /the key "services" is there twice/,
    ],
    ['a huge file', `#${'x'.repeat(600_000)}`, /it is larger than 512 KiB/],
    [
      'a word',
      `services: {web: {ports: ["${'${A:-'.repeat(20_000)}1${'}'.repeat(20_000)}:1"]}}`,
      /no var/,
    ],
  ]
  test.each(wrong)('%s', (_, text, message) => {
    const project = read({ 'compose.yaml': text })
    expect(told(project)).toMatch(message)
    expect(told(project).length).toBeLessThan(1000)
  })

  test.skipIf(process.platform === 'win32')('a pipe', () => {
    using root = tempRoot()
    execFileSync('/usr/bin/mkfifo', [join(root.dir, 'pipe.yaml')])
    const project = readIn(root, { 'compose.yaml': 'include: [pipe.yaml]\n' })
    expect(told(project)).toContain('it is not a regular file')
  })
})

test('names that every object has are names like any other', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty']
  const ports = names.map((name, index) => `"\${${name}:-${index + 1}}:80"`).join(', ')
  const project = read({ 'compose.yaml': `services: {__proto__: {ports: [${ports}]}}\n` })
  expect(told(project)).toBe('')
  expect(project.services.map(({ name }) => name)).toEqual(['__proto__'])
  expect(
    project.services[0]?.ports.map(({ variable, byDefault }) => [variable, byDefault]),
  ).toEqual(names.map((name, index) => [name, index + 1]))
  const set = read({
    'compose.yaml': 'services: {a: {ports: ["${__proto__:-1}:80", "${constructor}:81"]}}\n',
    '.env': '__proto__=7\nconstructor=8\n',
  })
  expect(set.services[0]?.ports.map(({ hostPorts }) => hostPorts?.from)).toEqual([7, 8])
  expect(({} as Record<string, unknown>).ports).toBeUndefined()
})

test('property: whatever stands in the files, the answer is a project and its problems', () => {
  using root = tempRoot()
  const piece = fc.constantFrom(
    'services:',
    'web:',
    'ports:',
    'include:',
    'extends:',
    'profiles:',
    '\n',
    '\n  ',
    '\n    ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '*a',
    '&a ',
    '<<: ',
    '!reset ',
    '!override ',
    '"',
    "'",
    ', ',
    ': ',
    '${P:-80}',
    '80:80',
    '${',
    '$$',
    '${A:-${B}}',
    '::1',
    '[::1]:',
    '/udp',
    '99999',
    '|\n',
    '# x',
    'compose.yaml',
    'null',
    '~',
    '\t',
    '\u0000',
    '\uFEFF',
    '__proto__',
    '1e9',
    '0x50',
    '-',
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )
  fc.assert(
    fc.property(text, (content) => {
      const project = readIn(root, { 'compose.yaml': content }, { A: '1', P: 'x:y' })
      for (const { ports } of project.services) {
        for (const { containerPort, hostPorts } of ports) {
          expect(typeof containerPort).toBe('number')
          if (hostPorts) expect(hostPorts.to).toBeLessThanOrEqual(65_535)
        }
      }
      expect(told(project)).not.toMatch(/TypeError|RangeError|is not a function/)
    }),
    { numRuns: 60 },
  )
})

test('property: a template is read, or refused in one line', () => {
  const piece = fc.constantFrom('$', '{', '}', ':-', '-', ':?', '+', 'A', '1', '$$', '${A:-', ' ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 300 }), (pieces) => {
      try {
        parseTemplate(pieces.join(''))
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError)
        expect((error as Error).message.length).toBeLessThan(200)
      }
    }),
  )
})
