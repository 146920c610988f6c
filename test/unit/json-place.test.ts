import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { findJsonError } from '../../src/utils/json-place.ts'

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test.each([
  ['', 1, 1],
  ['{"a": 1,}', 1, 9],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
  ['[1, 2', 1, 6],
  ['[1 2]', 1, 4],
  ['{"a" 1}', 1, 6],
  ['{1: 2}', 1, 2],
  ['[1]]', 1, 4],
  ['[}', 1, 2],
  ['nul', 1, 1],
  ['01', 1, 1],
  ['"a\nb"', 1, 1],
  ['// comment\n{}', 1, 1],
])('%j stops being JSON at %i:%i', (text, line, column) => {
  expect(findJsonError(text)).toEqual({ line, column })
})

test('agrees with JSON.parse on everything', () => {
  const tokens = '{ } [ ] , : "a" "\\u00e9" "\\x" 1 - 0.5 1e3 00 true null nul \\'.split(' ')
  const pieces = fc.constantFrom(...tokens, ' ', '\n')
  const text = fc.oneof(
    fc.json(),
    fc.string(),
    fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
    // One character less, more or other.
    fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 1 })).map(([json, at, other]) => {
      const place = at % (json.length + 1)
      return json.slice(0, place) + other + json.slice(place + 1)
    }),
  )
  fc.assert(
    fc.property(text, (text) => {
      expect(findJsonError(text) === undefined).toBe(parses(text))
    }),
    { numRuns: 2000 },
  )
})
