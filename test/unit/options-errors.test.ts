import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PortsOptionError } from '../../src/errors.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import { showPath, showValue } from '../../src/options/show.ts'
import type { Options } from '../../src/types.ts'

/** The message for options that the types would not let through; `undefined` when they pass. */
function problemsOf(options: unknown): string | undefined {
  try {
    resolveOptions(options as Options, { dev: 5173 })
    return undefined
  } catch (error) {
    if (error instanceof PortsOptionError) return error.message
    throw error
  }
}

const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

const NO_RANGE = 'expected [from, to] or "from-to" with 1 <= from <= to <= 65535.'
const NO_PORT = 'expected a whole number from 1 to 65535.'
const ANY_PORT = 'leave "preferred" out to get any free port.'
const NO_NAME = 'expected letters (a-z), digits, "-", "_" and ".".'
const NO_SERVICE = 'expected an object with its options, a port, true or false.'
const NO_VARIABLE = 'expected letters, digits and "_", not beginning with a digit.'
const NO_PATH = `expected one that begins with "/", or a regular expression that begins with "^".`
const NO_HOST =
  'expected a name or an IP address without scheme, port or brackets, or true for all interfaces.'
const TOP_LEVEL_OPTIONS =
  'services, host, exclude, strict, strategy, pools, layout, sticky, onConflict, compose, statusPage, titlePrefix, notice, env, summary, root'
const SERVICE_OPTIONS =
  'preferred, range, pool, strategy, priority, count, contiguous, group, protocol, path, sticky, host, strict, required, env, proxy, health, identity, onConflict, upstreams, balance, weights, separate, command, cwd, dependsOn, restart, profiles, description, metadata'

describe('top level', () => {
  test.each<[unknown, string]>([
    [null, 'options: null is not an object; expected the options of ports().'],
    [[], 'options: [] is not an object; expected the options of ports().'],
    [3000, 'options: 3000 is not an object; expected the options of ports().'],
    [new Map(), 'options: Map(0) {} is not an object; expected the options of ports().'],
    [{ servcies: {} }, 'servcies: unknown option (value: {}). Did you mean "services"?'],
    [{ Host: 'a' }, 'Host: unknown option (value: "a"). Did you mean "host"?'],
    [
      { banana: 1n },
      'banana: unknown option (value: 1n). Known: services, host, exclude, strict, strategy, pools, layout, sticky, onConflict, compose, statusPage, titlePrefix, notice, env, summary, root.',
    ],
    [{ '': 1 }, `options[""]: unknown option (value: 1). Known: ${TOP_LEVEL_OPTIONS}.`],
    [
      { range: [1, 2] },
      'range: unknown option (value: [ 1, 2 ]). It is an option of a service: services.<name>.range.',
    ],
    [
      { port: 1 },
      'port: unknown option (value: 1). It is an option of a service: services.<name>.preferred.',
    ],
    [{ constructor: 1 }, `constructor: unknown option (value: 1). Known: ${TOP_LEVEL_OPTIONS}.`],
    [{ toString: 1 }, `toString: unknown option (value: 1). Known: ${TOP_LEVEL_OPTIONS}.`],
    [{ services: null }, noObject('services', 'null', 'service names with their options')],
    [{ services: ['api'] }, noObject('services', "[ 'api' ]", 'service names with their options')],
    [{ host: 1 }, `host: 1 is no host; ${NO_HOST}`],
    [{ host: '' }, `host: "" is no host; ${NO_HOST}`],
    [{ host: 'http://a' }, `host: "http://a" is no host; ${NO_HOST}`],
    [{ host: 'localhost:3000' }, `host: "localhost:3000" is no host; ${NO_HOST}`],
    [{ host: '[::1]' }, `host: "[::1]" is no host; ${NO_HOST}`],
    [{ strict: 'yes' }, 'strict: "yes" is no boolean; expected true or false.'],
    [{ strict: null }, 'strict: null is no boolean; expected true or false.'],
    [
      { exclude: 3000 },
      'exclude: 3000 is no list; expected ports and ranges such as [3005, "4000-4099"].',
    ],
    [{ exclude: [0] }, `exclude[0]: 0 is no port; ${NO_PORT}`],
    [{ exclude: [1, '3005'] }, 'exclude[1]: "3005" is a string; write the number 3005.'],
    [{ exclude: ['5-4'] }, `exclude[0]: "5-4" is not a range; ${NO_RANGE}`],
    [{ exclude: [[1]] }, `exclude[0]: [ 1 ] is not a range; ${NO_RANGE}`],
    [{ exclude: [null] }, 'exclude[0]: null is neither a port nor a range.'],
    [{ env: 'x' }, noObject('env', '"x"', 'file and prefix, or a boolean')],
    [{ env: { file: '' } }, 'env.file: "" is no text; expected the path of a file.'],
    [{ env: { prefix: 'A-' } }, `env.prefix: "A-" is no variable name; ${NO_VARIABLE}`],
    [{ env: { path: 'x' } }, 'env.path: unknown option (value: "x"). Known: file, prefix.'],
    [{ summary: 'ful' }, 'summary: "ful" is no summary; expected true, false or "full".'],
    [{ root: false }, 'root: false is no text; expected the path of a directory.'],
  ])('%o', (options, message) => {
    expect(problemsOf(options)).toBe(message)
  })
})

describe('service names', () => {
  test.each<[string, string]>([
    ['', `services[""]: "" is no service name; ${NO_NAME}`],
    ['my api', `services["my api"]: "my api" is no service name; ${NO_NAME}`],
    ['größe', `services["größe"]: "größe" is no service name; ${NO_NAME}`],
    [
      '__proto__',
      'services.__proto__: "__proto__" is a name that every JavaScript object has; choose another.',
    ],
    [
      'constructor',
      'services.constructor: "constructor" is a name that every JavaScript object has; choose another.',
    ],
  ])('%j', (name, message) => {
    const services: unknown = JSON.parse(`{ ${JSON.stringify(name)}: { "preferred": 1 } }`)
    expect(problemsOf({ services })).toBe(message)
    expect(Object.hasOwn(Object.prototype, 'preferred')).toBe(false)
  })

  test.each(['api', 'auth-api', 'a.b', 'a_b', 'A1', '1'])('%j is one', (name) => {
    expect(problemsOf({ services: { [name]: true } })).toBeUndefined()
  })
})

describe('a service', () => {
  test.each<[unknown, string]>([
    [null, `services.api: null is no service; ${NO_SERVICE}`],
    [undefined, `services.api: undefined is no service; ${NO_SERVICE}`],
    [[3000], `services.api: [ 3000 ] is no service; ${NO_SERVICE}`],
    ['on', `services.api: "on" is no service; ${NO_SERVICE}`],
    ['3000', 'services.api: "3000" is a string; write the number 3000.'],
    ['1-9', 'services.api: "1-9" is a range, not a port; put it in "range".'],
    [70_000, `services.api: 70000 is no port; ${NO_PORT}`],
    [0, 'services.api: 0 is no port; write true to get any free port.'],
  ])('%o', (service, message) => {
    expect(problemsOf({ services: { api: service } })).toBe(message)
  })
})

describe('an option of a service', () => {
  test.each<[object, string]>([
    [{ prefered: 3000 }, '.prefered: unknown option (value: 3000). Did you mean "preferred"?'],
    [{ port: 3000 }, '.port: unknown option (value: 3000). Did you mean "preferred"?'],
    [{ strictPort: true }, '.strictPort: unknown option (value: true). Did you mean "strict"?'],
    [
      { exclude: [1] },
      '.exclude: unknown option (value: [ 1 ]). It is a top-level option, for all services.',
    ],
    [{ shell: 'x' }, `.shell: unknown option (value: "x"). Known: ${SERVICE_OPTIONS}.`],
    [
      { command: '' },
      '.command: "" is no command; expected a line for the shell, or a list of a program and its arguments.',
    ],
    [{ command: ['a', 1] }, '.command[1]: 1 is no argument; expected a string.'],
    [
      { restart: true },
      '.restart: true is no restart setting; expected "on-failure", "always", false or an object.',
    ],
    [{ env: { LOG: 1 } }, '.env.LOG: 1 is no value of a variable; expected a string.'],
    [{ preferred: 70_000 }, `.preferred: 70000 is no port; ${NO_PORT}`],
    [{ preferred: -1 }, `.preferred: -1 is no port; ${NO_PORT}`],
    [{ preferred: 1.5 }, `.preferred: 1.5 is no port; ${NO_PORT}`],
    [{ preferred: Number.NaN }, `.preferred: NaN is no port; ${NO_PORT}`],
    [{ preferred: 3000n }, `.preferred: 3000n is no port; ${NO_PORT}`],
    [{ preferred: null }, `.preferred: null is no port; ${NO_PORT}`],
    [{ preferred: '' }, `.preferred: "" is no port; ${NO_PORT}`],
    [{ preferred: '70000' }, `.preferred: "70000" is no port; ${NO_PORT}`],
    [{ preferred: '3000' }, '.preferred: "3000" is a string; write the number 3000.'],
    [{ preferred: '1-9' }, '.preferred: "1-9" is a range, not a port; put it in "range".'],
    [{ preferred: 0 }, `.preferred: 0 is no port; ${ANY_PORT}`],
    [{ preferred: [1, 0] }, `.preferred[1]: 0 is no port; ${ANY_PORT}`],
    [{ preferred: [] }, `.preferred: an empty list; ${ANY_PORT}`],
    [{ range: '3000-2000' }, `.range: "3000-2000" is not a range; ${NO_RANGE}`],
    [{ range: [3000] }, `.range: [ 3000 ] is not a range; ${NO_RANGE}`],
    [{ range: [] }, `.range: [] is not a range; ${NO_RANGE}`],
    [{ range: 3000 }, `.range: 3000 is not a range; ${NO_RANGE}`],
    [{ range: null }, `.range: null is not a range; ${NO_RANGE}`],
    [{ host: ['::1'] }, `.host: [ '::1' ] is no host; ${NO_HOST}`],
    [{ required: 1 }, '.required: 1 is no boolean; expected true or false.'],
    [
      { separate: true },
      '.separate: true is for "hmr" alone; every other service has a port of its own anyway.',
    ],
    [{ separate: 'no' }, '.separate: "no" is no boolean; expected true or false.'],
    [{ env: '1A' }, `.env: "1A" is no variable name; ${NO_VARIABLE}`],
    [{ env: ['A', 'B=C'] }, `.env[1]: "B=C" is no variable name; ${NO_VARIABLE}`],
    [{ env: [] }, '.env: an empty list; write false for no variables.'],
    [
      { env: true },
      '.env: true is no variable name; expected names, an object with port, url and target, or false.',
    ],
    [{ env: { url: '' } }, `.env.url: "" is no variable name; ${NO_VARIABLE}`],
    [{ env: { prot: 'A' } }, '.env.prot: unknown option (value: "A"). Did you mean "port"?'],
    [{ env: { ports: 'A' } }, '.env.ports: unknown option (value: "A"). Did you mean "port"?'],
    [{ proxy: 'api' }, `.proxy: "api" is no path; ${NO_PATH}`],
    [{ proxy: ['/a', ''] }, `.proxy[1]: "" is no path; ${NO_PATH}`],
    [{ proxy: true }, `.proxy: true is no path; ${NO_PATH}`],
    [{ proxy: '^(' }, '.proxy: "^(" is no valid regular expression.'],
    [{ proxy: [] }, '.proxy: an empty list; leave "proxy" out to forward nothing.'],
    [{ proxy: {} }, '.proxy: an empty object; leave "proxy" out to forward nothing.'],
    [{ proxy: { api: true } }, `.proxy.api: "api" is no path; ${NO_PATH}`],
    [
      { proxy: { '/a': 'http://b' } },
      `.proxy["/a"]: "http://b" is no proxy setting; expected true or an object with the bundler's proxy options.`,
    ],
    [
      { description: 'a\nb' },
      '.description: "a\\nb" is no line of text; expected a string without line breaks.',
    ],
    [{ metadata: [1] }, '.metadata: [ 1 ] is no metadata; expected an object that JSON can say.'],
    [
      { metadata: { run: problemsOf } },
      '.metadata: { run: [Function: problemsOf] } is no metadata; expected an object that JSON can say.',
    ],
    [
      { metadata: cycle },
      '.metadata: <ref *1> { self: [Circular *1] } is no metadata; expected an object that JSON can say.',
    ],
  ])('%o', (service, message) => {
    expect(problemsOf({ services: { api: service } })).toBe(`services.api${message}`)
  })

  test('the dev server is not proxied to', () => {
    expect(problemsOf({ services: { dev: { proxy: '/' } } })).toBe(
      'services.dev.proxy: the dev server cannot forward to itself; set it on the other service.',
    )
  })

  test('hmr may be separate', () => {
    expect(problemsOf({ services: { hmr: { separate: true } } })).toBeUndefined()
  })

  test.each([['::1'], ['fe80::1%eth0'], ['0.0.0.0'], ['my-box.local'], [true], [false]])(
    '%j is a host',
    (host) => {
      expect(problemsOf({ host, services: { api: { host } } })).toBeUndefined()
    },
  )
})

test('every problem has its line, in the order written', () => {
  const options = {
    summary: 1,
    services: {
      api: { prefered: 3000, range: '3000-2000', preferred: [70_000, '3000'] },
      'auth-api': { env: { port: '!' }, x: 1 },
      '': {},
    },
    nope: undefined,
  }
  expect(problemsOf(options)?.split('\n').map(pathOf)).toEqual([
    'summary',
    'services.api.prefered',
    'services.api.range',
    'services.api.preferred[0]',
    'services.api.preferred[1]',
    'services["auth-api"].env.port',
    'services["auth-api"].x',
    'services[""]',
    'nope',
  ])
})

test('the error is a TypeError with a code', () => {
  expect(() => resolveOptions({ services: { api: -1 } })).toThrow(
    expect.objectContaining({ code: 'PORTS_INVALID_OPTION', constructor: PortsOptionError }),
  )
  expect(PortsOptionError.prototype).toBeInstanceOf(TypeError)
})

describe('what two services cannot share', () => {
  test.each<[string, unknown, string[]]>([
    [
      'the stem of their names',
      { services: { authApi: {}, 'auth-api': {} } },
      [
        'services["auth-api"].env: "AUTH_API_PORT" is published by services.authApi already; choose another name for one of them in "env".',
        'services["auth-api"].env: "AUTH_API_URL" is published by services.authApi already; choose another name for one of them in "env".',
      ],
    ],
    [
      'a variable of a built-in service',
      { services: { api: { env: 'DEV_PORT' } } },
      [
        'services.api.env: "DEV_PORT" is published by services.dev already; choose another name for one of them in "env".',
      ],
    ],
    [
      'a variable that only the prefix makes equal',
      { env: { prefix: 'VITE_' }, services: { web: { env: 'VITE_API_PORT' }, api: {} } },
      [
        'services.api.env: "VITE_API_PORT" is published by services.web already; choose another name for one of them in "env".',
      ],
    ],
    [
      'port and URL of one service',
      { services: { api: { env: { port: 'API', url: 'API' } } } },
      [
        'services.api.env: "API" is the name of both its port and its url; choose another for one of them.',
      ],
    ],
    [
      'a proxied path',
      { services: { a: { proxy: '/api' }, 'b-c': { proxy: ['/x', '/api'] } } },
      ['services["b-c"].proxy: "/api" is forwarded to services.a already.'],
    ],
  ])('%s', (_, options, lines) => {
    expect(problemsOf(options)?.split('\n')).toEqual(lines)
  })

  test.each<[string, unknown]>([
    ['a service without variables', { services: { authApi: {}, 'auth-api': { env: false } } }],
    ['a service turned off', { services: { authApi: {}, 'auth-api': false } }],
    ['PORT, which is only read', { services: { dev: {}, preview: {} } }],
    [
      'the prefixed name of the same port',
      { env: { prefix: 'VITE_' }, services: { api: { env: ['API_PORT', 'VITE_API_PORT'] } } },
    ],
    ['a prefix when no file is written', { env: false, services: { hmr: {}, api: {} } }],
  ])('%s is fine', (_, options) => {
    expect(problemsOf(options)).toBeUndefined()
  })
})

describe('values in messages', () => {
  const long = 'x'.repeat(200)
  const hostile = {
    get constructor() {
      throw new Error('read')
    },
    get [Symbol.toStringTag]() {
      throw new Error('read')
    },
  }

  test.each<[unknown, string]>([
    ['a "b"\n', String.raw`"a \"b\"\n"`],
    [long, `"${'x'.repeat(60)}…"`],
    [undefined, 'undefined'],
    [10n, '10n'],
    [Symbol('s'), 'Symbol(s)'],
    [-0, '-0'],
    [problemsOf, '[Function: problemsOf]'],
    [{ a: { b: { c: 1 } } }, '{ a: { b: [Object] } }'],
    [{ toJSON: 1, inspect: null }, '{ toJSON: 1, inspect: null }'],
  ])('%o', (value, shown) => {
    expect(showValue(value)).toBe(shown)
  })

  test('a getter is not run', () => {
    const value = {
      get port(): number {
        throw new Error('read')
      },
    }
    expect(showValue(value)).toBe('{ port: [Getter] }')
  })

  test('are one short line whatever they are', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.constantFrom(hostile, cycle, new Error(long))),
        (value) => {
          const shown = showValue(value)
          expect(shown.length).toBeLessThanOrEqual(64)
          expect(shown).not.toMatch(/[\r\n]/)
        },
      ),
    )
  })

  test('paths read as JavaScript does', () => {
    expect(showPath([])).toBe('options')
    expect(showPath(['services', 'a-b', 'preferred', 1])).toBe('services["a-b"].preferred[1]')
    expect(showPath(['a b'])).toBe('options["a b"]')
  })
})

describe('arbitrary input', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
  })
  const serviceKey = fc.constantFrom('port', 'url', ...SERVICE_OPTIONS.split(', '))
  const service = fc.oneof(anything, fc.dictionary(serviceKey, anything))
  const name = fc.oneof(fc.string(), fc.constantFrom('dev', 'hmr', '__proto__', 'toString', 'api'))
  const topKey = fc.constantFrom(...TOP_LEVEL_OPTIONS.split(', '))
  const nearMiss = fc
    .tuple(fc.dictionary(topKey, anything), fc.option(fc.dictionary(name, service)))
    .map(([options, services]) => (services ? { ...options, services } : options))

  test('gives options or a PortsOptionError', () => {
    fc.assert(
      fc.property(fc.oneof(anything, nearMiss), (options) => {
        // Anything but a PortsOptionError is thrown on.
        const message = problemsOf(options)
        const form = /^(?:\S.*: .+[.?]|and \d+ more\.)$/s
        for (const line of message?.split('\n') ?? []) expect(line).toMatch(form)
      }),
      { numRuns: 1000 },
    )
  })
})

function noObject(path: string, shown: string, expected: string): string {
  return `${path}: ${shown} is not an object; expected ${expected}.`
}

/** The part of a line before the colon. */
function pathOf(line: string): string {
  return line.slice(0, line.indexOf(': '))
}
