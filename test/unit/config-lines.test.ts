import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findLineInCode } from '../../src/config/code-lines.ts'
import { findKeyLines, JsonSyntaxError } from '../../src/config/json-lines.ts'

describe('JSON', () => {
  test('the line of every key and list entry', () => {
    const text = '{\n  "a": {\n    "b": [1,\n      2]\n  }, "c":\n    null\n}\n'
    expect(Object.fromEntries(findKeyLines(text))).toEqual({
      '["a"]': 2,
      '["a","b"]': 3,
      '["a","b",0]': 3,
      '["a","b",1]': 4,
      '["c"]': 5,
    })
  })

  test.each([
    ['{\n  "a": 1,\n}', 3, 'expected a key in double quotes, found "}".'],
    ["{\n  'a': 1 }", 2, `expected a key in double quotes, found "'a':".`],
    ['{ "a" 1 }', 1, 'expected ":", found "1".'],
    ['{ "a": 1\n  "b": 2 }', 2, 'expected "," or "}", found "\\"b\\":".'],
    ['{\n  // no\n}', 2, 'JSON has no comments.'],
    ['{ "a": [1, 2', 1, 'expected "," or "]", found the end of the file.'],
    ['', 1, 'expected a value, found the end of the file.'],
    ['{} x', 1, 'expected nothing more, found "x".'],
    ['{"a": 01}', 1, 'expected a value, found "01}".'],
    ['{"a": "x\ny"}', 1, 'expected a value, found "\\"x".'],
  ])('%j is told with its line', (text, line, message) => {
    const error = (() => {
      try {
        findKeyLines(text)
      } catch (error) {
        return error
      }
      return undefined
    })()
    expect(error).toBeInstanceOf(JsonSyntaxError)
    expect(error).toMatchObject({ line, message })
  })

  test('agrees with JSON.parse on what is JSON', () => {
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    const accepted = (text: string): boolean => {
      try {
        findKeyLines(text)
        return true
      } catch (error) {
        expect(error).toBeInstanceOf(JsonSyntaxError)
        return false
      }
    }
    const broken = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom('', ',', '"', '}', '1', ' ', '\n'))
      .map(
        ([text, at, put]) =>
          text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1),
      )
    fc.assert(
      fc.property(fc.oneof(fc.json(), broken), (text) => {
        expect(accepted(text)).toBe(isJson(text))
      }),
    )
  })
})

describe('code', () => {
  const text = `import { defineConfig } from 'unplugin-ports/config'
// services: { api: { preferred: 1 } }
const text = 'services: { api: { preferred: 1 } }'

export default defineConfig({
  services: {
    web: { preferred: 1 },
    'api': {
      env: { preferred: 'X' },
      preferred: [
        3000,
        0,
      ],
    },
    "auth-api": { range: '1-2' },
  },
  packages: { 'apps/*': { services: { api: { preferred: 2 },
    db: { strict: 1 } } } },
})
`
  test.each<[(string | number)[], number | undefined]>([
    [['services'], 6],
    [['services', 'web', 'preferred'], 7],
    [['services', 'api', 'preferred'], 10],
    [['services', 'api', 'preferred', 1], 10],
    [['services', 'auth-api', 'range'], 15],
    [['packages', 'apps/*', 'services', 'api', 'preferred'], 17],
    [['packages', 'apps/*', 'services', 'db', 'strict'], 18],
    [['services', 'db'], undefined],
    [['services', 'api', 'port'], undefined],
    [['sevices'], undefined],
    [[], undefined],
  ])('%j stands in line %s', (path, line) => {
    expect(findLineInCode(text, path)).toBe(line)
  })

  test('where it could be one of several places no line is told', () => {
    const two = 'const a = { strict: 1 }\nexport default { strict: 2 }\n'
    expect(findLineInCode(two, ['strict'])).toBeUndefined()
    expect(
      findLineInCode('export default {\n  ...a,\n  services,\n}', ['services']),
    ).toBeUndefined()
  })

  test('any text and any path give an existing line or none', () => {
    const path = fc.array(fc.constantFrom('services', 'api', 'a'), { maxLength: 3 })
    const piece = fc.constantFrom(
      'services',
      'api',
      ':',
      '{',
      '}',
      '[',
      ']',
      '\n',
      "'",
      '`',
      '/*',
      '"a"',
    )
    fc.assert(
      fc.property(fc.array(piece), path, (pieces, keys) => {
        const text = pieces.join(' ')
        const line = findLineInCode(text, keys)
        if (line === undefined) return
        expect(text.split('\n')[line - 1]).toContain(keys.at(-1))
      }),
    )
  })
})
